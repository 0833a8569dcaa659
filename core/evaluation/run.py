"""Score a system on a dataset: check first, one item at a time, every score on disk as soon as it is
there.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

from core import bulk
from core.datasets.defects import Defect
from core.errors import DatasetError, RefavsError
from core.evaluation.answers import ask
from core.evaluation.sounds import Audio, Donor, replaced
from core.evaluation.tasks import Item, Record, Scores, Task, by_cue
from core.systems.protocol import System

FORM = 2  # of the kept scores; counts up when a score changes its meaning


class BrokenSamples(DatasetError):
    """Files of the dataset are missing or broken. defects: all of them, with their paths."""

    def __init__(self, message: str, defects: Sequence[Defect]) -> None:
        super().__init__(message)
        self.defects = tuple(defects)


@dataclass(frozen=True)
class Evaluation:
    """scores: the protocols. rows, clips: how many were scored; left_out: broken ones that were passed over.

    hard: some answer had no logits, so its masks count as +10 and -10. seconds: of asking and scoring, all
    sittings. records: what was kept of each row's score.
    """

    scores: Scores
    by_cue: dict[str, Any]
    rows: int
    clips: int
    left_out: int
    hard: bool
    seconds: float
    records: tuple[Record, ...] = field(repr=False)


@dataclass(frozen=True)
class Progress:
    """done of total rows (times sounds) are scored; kept: how many of them an earlier sitting had. seconds:
    this sitting so far.
    """

    done: int
    total: int
    kept: int
    seconds: float


def fingerprint(task: Task, split: str | None, system: str, weights: Path | None, *audios: Audio) -> str:
    """Equal when two evaluations ask the same of the same; scores are kept under it."""
    parts = [str(FORM), task.layout, str(task.root.resolve()), str(split), system, *(a.words for a in audios)]
    tables = sorted(path for path in task.root.iterdir() if path.suffix in (".csv", ".json"))
    parts += [sha256(path.read_bytes()).hexdigest() for path in tables]
    for path in sorted(weights.rglob("*")) if weights else []:
        if path.is_file():
            stat = path.stat()
            parts.append(f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}")
    return sha256("\n".join(parts).encode()).hexdigest()


def evaluate(
    task: Task,
    system: System,
    *,
    split: str | None,
    audio: Audio,
    weights: Path | None,
    partial: Path,
    skip_broken: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    left_out: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Ask `system` for every row of `split` and score it. `partial`: file that keeps the scores until all
    are there.

    Every file is checked before the first question. Raises BrokenSamples with all defects (unless
    `skip_broken`), and RefavsError when a row cannot be read or answered; what was scored until then stays
    in `partial`.
    """
    (only,) = evaluate_each(
        task,
        system,
        split=split,
        audios=(audio,),
        weights=weights,
        partial=partial,
        skip_broken=skip_broken,
        progress=progress,
        left_out=left_out,
    )
    return only


def evaluate_each(
    task: Task,
    system: System,
    *,
    split: str | None,
    audios: Sequence[Audio],
    weights: Path | None,
    partial: Path,
    skip_broken: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    left_out: Callable[[str], None] = lambda _: None,
    workers: int | None = None,
    ray: str | None = None,
) -> list[Evaluation]:
    """As `evaluate`, once with each of the sounds, on the same rows. A clip is asked about with one sound
    after the other, so what a system remembers of its picture is worked out once.

    workers, ray: see `core.bulk.run`; a worker takes all rows of a clip at once, and makes its own system of
    the same name and weights.
    """
    items = list(task.items(split))
    if not items:
        raise DatasetError(f"{task.root} has no row to score{f' in split {split}' if split else ''}.")
    broken = _checked(task, items, skip_broken)
    for item in items:
        if item.key in broken:
            left_out(f"{item.key}: {broken[item.key]}")
    whole = [item for item in items if item.key not in broken]
    alone = ray is None and (workers or 1) == 1
    asked = _Asked(system if alone else None, system.name, weights, tuple(_donors(whole)))
    records = _kept(partial, fingerprint(task, split, system.name, weights, *audios))
    found, begin, total = len(records), perf_counter(), len(whole) * len(audios)
    passed: set[str] = set()

    def questions() -> Iterator[list[Question]]:
        for group in ([item] for item in whole) if alone else _by_clip(whole):
            for some in [[audio] for audio in audios] if alone else [audios]:
                pairs = [(item, audio) for item in group for audio in some]
                missing = [
                    (i, a) for i, a in pairs if (i.key, a.words) not in records and i.key not in passed
                ]
                if missing:
                    yield missing

    with partial.open("a", encoding="utf-8") as file:
        for ended in bulk.run(_records, asked, questions(), workers=workers, ray=ray):
            for key, record in ended.value or [(item.key, str(ended.error)) for item, _ in ended.item]:
                if not isinstance(record, str):
                    file.write(json.dumps(record) + "\n")
                    file.flush()
                    records[key, record["audio"]] = record
                elif not skip_broken:
                    raise RefavsError(
                        f"{key}: {record} {len(records)} of {total} rows are scored and kept; "
                        "the same command goes on from there (--skip-broken passes over such rows)."
                    )
                elif key not in passed:
                    passed.add(key)
                    left_out(f"{key}: {record}")
            done = min(len(records) + len(passed) * len(audios), total)
            progress(Progress(done, total, found, perf_counter() - begin))
    if found == total:
        progress(Progress(total, total, found, perf_counter() - begin))
    scored = [item for item in whole if item.key not in passed]
    if not scored:
        raise DatasetError(f"Every one of the {len(items)} rows was left out, so there is no result.")
    results = [
        _evaluation(task, scored, [records[item.key, audio.words] for item in scored], len(items))
        for audio in audios
    ]
    partial.unlink(missing_ok=True)
    return results


def _evaluation(task: Task, items: Sequence[Item], records: Sequence[Record], total: int) -> Evaluation:
    scores = tuple(record["score"] for record in records)
    return Evaluation(
        scores=task.scores(scores),
        by_cue=by_cue(task, scores, {item.key: item.expression for item in items}),
        rows=len(items),
        clips=len({item.clip_name for item in items}),
        left_out=total - len(items),
        hard=any(record["hard"] for record in records),
        seconds=sum(record["seconds"] for record in records),
        records=scores,
    )


def _donors(items: Sequence[Item]) -> list[Donor]:
    """Every clip that sounds as it was filmed, with all that is named in it."""
    by_clip: dict[str, list[Item]] = {}
    for item in items:
        if item.sounds:
            by_clip.setdefault(item.clip_name, []).append(item)
    return [
        Donor(name, tuple(sorted({c for item in group for c in item.categories})), group[0].clip)
        for name, group in by_clip.items()
    ]


Question = tuple[Item, Audio]


@dataclass(frozen=True)
class _Asked:
    """Who is asked. system: None = each worker makes its own, by its name and weights."""

    system: System | None
    name: str
    weights: Path | None
    donors: tuple[Donor, ...]


def _records(asked: _Asked, questions: Sequence[Question]) -> list[tuple[str, Record | str]]:
    """(row, its score or why there is none); a row that fails is not asked about with the other sounds."""
    from core import registry

    system = asked.system or registry.system(asked.name, asked.weights)
    answers: list[tuple[str, Record | str]] = []
    failed: set[str] = set()
    for item, audio in questions:
        if item.key in failed:
            continue
        try:
            answers.append((item.key, _record(system, item, audio, asked.donors)))
        except RefavsError as error:
            failed.add(item.key)
            answers.append((item.key, str(error)))
    return answers


def _by_clip(items: Sequence[Item]) -> Iterator[list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.clip_name, []).append(item)
    yield from groups.values()


def _record(system: System, item: Item, audio: Audio, donors: Sequence[Donor]) -> dict[str, Any]:
    begin = perf_counter()
    clip = replaced(item.clip(), audio, item.clip_name, donors, item.key)
    referral = ask(system, clip, item.expression)
    score = item.measure(clip, referral)
    seconds = round(perf_counter() - begin, 4)
    told = {"key": item.key, "audio": audio.words, "seconds": seconds}
    return {**told, "hard": referral.logits is None, "score": score}


def _checked(task: Task, items: Sequence[Item], skip_broken: bool) -> dict[str, str]:
    """Key -> what is wrong, for every item whose files cannot be scored."""
    found: dict[str, str] = {}
    defects: dict[Defect, None] = {}
    for item in items:
        for defect in item.defects():
            found.setdefault(item.key, f"{defect.where} {defect.what}")
            defects.setdefault(defect)
    if found and not skip_broken:
        raise BrokenSamples(
            f"{len(found)} of {len(items)} rows of {task.root} cannot be scored ({len(defects)} defects, "
            "listed above); mend them, or leave them out with --skip-broken.",
            list(defects),
        )
    return found


def _kept(partial: Path, mark: str) -> dict[tuple[str, str], Record]:
    """(row, sound) -> its score of an earlier sitting of the same evaluation; anything else in the file is dropped."""
    records: dict[tuple[str, str], Record] = {}
    lines = partial.read_text(encoding="utf-8").splitlines() if partial.is_file() else []
    if lines and lines[0] == mark:
        for line in lines[1:]:
            try:
                record = json.loads(line)
            except ValueError:
                break  # the last line, cut when the sitting ended
            records[record["key"], record["audio"]] = record
    text = "".join(json.dumps(record) + "\n" for record in records.values())
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(f"{mark}\n{text}", encoding="utf-8")
    except OSError as error:
        raise RefavsError(f"Scores are kept in {partial}; it cannot be written ({error.strerror}).") from None
    return records
