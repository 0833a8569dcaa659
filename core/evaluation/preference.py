"""The preference report: does a system listen, or does it guess from the picture what might sound?

The clips of a dataset are asked about with their own sound, with silence, with noise and with another clip's sound;
the truth stays as it is, as in the segmentation preference test of SegPref (ECCV 2024). A score that falls may also come
from a mask that collapsed, so beside it stands what AVSBench-Robust counts: how much is marked where nothing sounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import RefavsError
from core.evaluation.run import Evaluation
from core.evaluation.sounds import Audio, parse_audio
from core.evaluation.tasks import AvssTask, AvsTask, Task
from core.metrics.result import percent
from core.metrics.sample import Sample
from core.metrics.semantic import ClassSums

SOUNDS = ("normal", "mute", "noise:10", "noise:40", "offscreen")
NOTHING = ("mute", "noise:10", "noise:40")  # with these nothing in the clip sounds, whatever it shows
LISTENS, GUESSES = 80.0, 20.0  # percent of what was marked that goes away: from here on, and up to here
WHETHER = "hears whether something sounds, not what"
PARTLY = "listens in part"


@dataclass(frozen=True)
class Heard:
    """How a system answers with one sound.

    marked: % of the pixels that it marks, mean over clips (with a false sound: the false-positive rate). blank: % of
    clips where it marks nothing at all. quiet: % of what it marks with the clips' own sound that goes away;
    None where it marked nothing then. drop: fall of each score in % of its value with the clips' own sound.
    """

    sound: str
    protocol: dict[str, Any]
    marked: float
    blank: float
    quiet: float | None
    drop: dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Preference:
    """heard: one each for SOUNDS, the clips' own first. blank_miou: P1 mIoU (%) of an answer that marks nothing, the
    lowest to which silence can bring a system that listens; None for classes.

    verdict: "listens", WHETHER, "listens in part", "guesses" or "marks nothing". words: why, for people.
    """

    heard: tuple[Heard, ...]
    blank_miou: float | None
    verdict: str
    words: str

    def to_json(self) -> dict[str, Any]:
        """{verdict, words, blank_miou, sounds: {name: {marked or false_positive_rate, blank, quiet, drop, protocol}}}"""
        return {
            "verdict": self.verdict,
            "words": self.words,
            "blank_miou": self.blank_miou,
            "sounds": {one.sound: _told(one) for one in self.heard},
        }


def audios() -> tuple[Audio, ...]:
    """The sounds of the report, in its order."""
    return tuple(parse_audio(words) for words in SOUNDS)


def check(task: Task) -> None:
    """Raises RefavsError for a dataset of sentences: many of them are true without any sound."""
    if not isinstance(task, AvsTask | AvssTask):
        raise RefavsError(
            "The preference report asks for everything that sounds: expected s4:DIR, ms3:DIR or avss:DIR, got "
            f"{task.layout}:{task.root}. For sentences use refavs evaluate with --audio."
        )


def preference(task: Task, results: Sequence[Evaluation]) -> Preference:
    """From one Evaluation of the same rows for each of SOUNDS, in this order."""
    check(task)
    shares = [_marked(task, one) for one in results]
    own = float(shares[0].mean())
    normal = results[0].scores.protocol
    heard = tuple(
        Heard(
            sound=sound,
            protocol=one.scores.protocol,
            marked=percent(share.mean()),
            blank=percent((share == 0).mean()),
            quiet=percent(1 - share.mean() / own) if own else None,
            drop={
                name: _drop(normal[name], values)
                for name, values in one.scores.protocol.items()
                if name in ("p1", "p2")
            },
        )
        for sound, one, share in zip(SOUNDS, results, shares, strict=True)
    )
    verdict, words = _verdict({one.sound: one.quiet for one in heard})
    return Preference(heard, _blank_miou(task, results[0]), verdict, words)


def table(report: Preference) -> str:
    """Text: a line a sound, then the verdict."""
    p1 = report.heard[0].protocol["p1"]
    p2 = report.heard[0].protocol["p2"]
    names = [("P1 mIoU", "p1", "miou"), ("P1 F", "p1", "f"), ("P2 J", "p2", "j"), ("P2 F", "p2", "f")]
    head = ["sound", *(f"{name} (drop)" for name, _, _ in names), "marked", "blank clips", "goes away"]
    rows = [head]
    for one in report.heard:
        cells = [one.sound]
        for _, protocol, key in names:
            drop = one.drop[protocol][key]
            fallen = "" if drop is None or one is report.heard[0] else f" ({drop:.1f})"
            cells.append(f"{one.protocol[protocol][key]:.2f}{fallen}")
        quiet = "" if one.quiet is None or one is report.heard[0] else f"{one.quiet:.1f}"
        rows.append([*cells, f"{one.marked:.2f}", f"{one.blank:.1f}", quiet])
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    blank = f"; an answer that marks nothing has P1 mIoU {report.blank_miou:.2f}" if report.blank_miou else ""
    for name, (low, high) in (
        (name, p1["intervals"][key]) for name, _, key in names[:2] if "intervals" in p1
    ):
        lines.append(f"95 % interval of {name} with the clips' own sound: {low:.2f} to {high:.2f}")
    lines += [
        "",
        f"P1: {p1['protocol']}; P2: {p2['protocol']}. All in percent{blank}.",
        "drop: fall of a score in percent of its value with the clips' own sound. marked: share of the pixels; with",
        "mute, noise and another clip's sound (offscreen) it is the false-positive rate.",
        "",
        f"Does it listen, or does it guess? {report.words}",
    ]
    return "\n".join(lines)


def _told(one: Heard) -> dict[str, Any]:
    share = "marked" if one.sound == SOUNDS[0] else "false_positive_rate"
    told = {share: one.marked, "blank": one.blank, "quiet": one.quiet, "drop": one.drop}
    return {**told, "protocol": one.protocol}


def _marked(task: Task, result: Evaluation) -> np.ndarray:
    """float64 [clips]: share of the labelled frames' pixels at > 0.5; of classes, those that name one of the 70."""
    if isinstance(task, AvssTask):
        sums = [ClassSums.from_json(record) for record in result.records]
        return np.array([one.answered[1:].sum() / one.answered.sum() for one in sums])
    samples = [Sample.from_json(record) for record in result.records]
    return np.array([one.on / one.pixels for one in samples])


def _blank_miou(task: Task, result: Evaluation) -> float | None:
    """The benchmark lets a frame without target count 1 when nothing is marked on it, any other 0."""
    if isinstance(task, AvssTask):
        return None
    samples = [Sample.from_json(record) for record in result.records]
    return percent(sum(1 - one.filled / one.frames for one in samples) / len(samples))


def _drop(normal: dict[str, Any], values: dict[str, Any]) -> dict[str, float | None]:
    """(normal - other) / normal in %; a larger fall speaks for listening. None where normal is 0."""
    scores = [name for name in ("miou", "f", "j") if name in normal]
    return {n: 100 * (normal[n] - values[n]) / normal[n] if normal[n] else None for n in scores}


def _verdict(quiet: dict[str, float | None]) -> tuple[str, str]:
    away = [share for sound in (*NOTHING, "offscreen") if (share := quiet[sound]) is not None]
    if not away:
        return "marks nothing", "It marks nothing even with the clips' own sound, so this cannot be said."
    mute, loud, soft, other = away
    verdict = PARTLY
    if min(away) >= LISTENS:
        verdict = "listens"
    elif max(away) <= GUESSES:
        verdict = "guesses"
    elif min(mute, loud, soft) >= LISTENS and other <= GUESSES:
        verdict = WHETHER
    more = " (below 0: it marks more)" if min(away) < 0 else ""
    return verdict, (
        f"It {verdict}. Of what it marks {mute:.0f} % goes away without sound, {loud:.0f} % and {soft:.0f} % in noise "
        f"of -10 and -40 dBFS, {other:.0f} % with another clip's sound{more}."
    )
