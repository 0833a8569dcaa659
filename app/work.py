"""Long work on a desk: propagate, refer, export. Generators: each item is news; cancel keeps the done."""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

from annotations.edit import MAX_EXPRESSION
from annotations.records import PairFilter
from app import gpu
from app.desk import Desk, Job
from app.exports import Exports, Zipped
from app.things import Cell, Trial
from core import registry
from core.errors import PromptError
from core.evaluation.sounds import parse_audio, replaced
from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.protocol import ObjectId, Prompts
from core.systems.densify import densify
from core.systems.protocol import Found, Referral, Step, System

SYSTEM = "cue"
LONGEST = MAX_EXPRESSION  # characters of a sentence
LOOKING = 0.6  # share of a referral's time until the answer; the rest carries it to every frame
DOING = {
    "look": "Looking …",
    "listen": "Listening …",
    "read": "Reading the sentence …",
    "match": "Matching …",
    "answer": "Choosing …",
    "reflect": "Checking …",
}
EXPORTING = {"writing": "Writing the dataset …", "packing": "Packing it …"}
PAUSE = 0.25  # seconds between two looks of the page at running work

Seeds = dict[ObjectId, dict[int, Mask | Prompts]]


def propagate(desk: Desk, thing: ObjectId, index: int, direction: str, call: str | None) -> Iterator[None]:
    """Carry an object from frame `index` "forward", "backward", or over the whole clip ("both").

    "here": from the nearest frame that the annotator touched up to frame `index`. Seeds are the frames that the annotator touched, and frame `index`. They stay as they are.
    """
    clip = desk.clip
    desk.check_own(thing)
    cells = desk.cells(thing)
    seeds: dict[int, Mask | Prompts] = {i: cell.mask for i, cell in cells.items() if cell.touched}
    if index in cells and direction != "here":
        seeds[index] = cells[index].mask
    if not seeds:
        raise PromptError("There is no mask on this frame to carry on; click the object here first.")
    start = index if index in seeds else min(seeds, key=lambda i: abs(i - index))
    if direction == "here":
        start = min((i for i in seeds if i != index), key=lambda i: abs(i - index), default=index)
        if start == index:
            raise PromptError("No other frame was touched to carry a mask from; click the object on one.")
    last, first = (index, index) if direction == "here" else (clip.last, clip.first)
    forward = [] if direction == "backward" else list(range(start + 1, last + 1))
    backward = [] if direction == "forward" else list(range(start - 1, first - 1, -1))
    total = len(forward) + len(backward)
    job = desk.start("propagation")
    key = next(each.key for each in desk.things if each.id == thing)
    span = [start, *forward[-1:], *backward[-1:]]
    desk.effort.ask(key, start, "propagate", {"first": min(span), "last": max(span)})
    done = 0
    try:
        segmenter = gpu.segmenter()
        for order in (forward, backward):
            answers = segmenter.propagate(clip, {thing: seeds}, order) if order else iter(())
            for count in _written(desk, job, answers, "propagated"):
                words = f"{done + count} of {total} frames"
                _tell(desk, job, call, (done + count) / max(total, 1), words)
                yield
            done += len(order)
    finally:  # also when the page is gone: the frames that are done stay
        _end(desk, job, call)
    yield


def refer(
    desk: Desk,
    expression: str,
    call: str | None,
    *,
    sound: str = "normal",
    system: str = SYSTEM,
    chosen: str = SYSTEM,
) -> Iterator[None]:
    """Ask a system for what the expression means ("" = everything that sounds), show its steps, then carry its
    answer to every frame.

    sound: what the system hears, as core.evaluation.sounds.parse_audio reads it: "normal", "mute", "noise:DB".
    chosen: the system whose answer is work; one to another sound, or of another system, is only looked at.
    """
    text = expression.strip()
    if len(text) > LONGEST:
        raise PromptError(f"The sentence has {len(text)} characters; at most {LONGEST} are read. Shorten it.")
    heard = replaced(desk.clip, parse_audio(sound), desk.name, (), desk.source)
    trial = None if (system, sound) == (chosen, "normal") else Trial(system, sound)
    answering = registry.system(system)
    job = desk.start("referral", trial)
    try:
        desk.forget_trials(but=text)
        if not trial:
            desk.say_reasons([], None)
        answer = yield from _answer(desk, heard, job, answering, text, call)
        if answer is None:
            return
        found = ((found.category or "", _cells(found)) for found in answer.objects)
        if trial:
            desk.say_trial(trial, {"expression": text, **_verdict(answer)})
            made = desk.answer(job, found)
        else:
            desk.expression = text
            told = {**_verdict(answer), "system": system, "expression": text}
            desk.say_reasons([_step(step) for step in answer.steps if step.words], told)
            made = desk.answer(job, found)
            _number_objects(desk, made)
        yield
        if made:
            total = len(desk.clip)
            answers = densify(desk.clip, answer, gpu.segmenter())
            named = ({made[k]: mask for k, mask in frame.items()} for frame in answers)
            for count in _written(desk, job, named, "system"):
                share = LOOKING + (1 - LOOKING) * count / total
                _tell(desk, job, call, share, f"Following it: {count} of {total} frames")
                yield
    finally:
        _end(desk, job, call)
    yield


def _answer(
    desk: Desk, clip: Clip, job: Job, system: System, text: str, call: str | None
) -> Generator[None, None, Referral | None]:
    """The system's referral; None when it was cancelled before."""
    steps: list[dict[str, Any]] = []
    items = system.refer(clip, text or None)
    try:
        _tell(desk, job, call, 0.0, "Looking and listening …")
        yield
        for item in items:
            if job.stopped.is_set():
                return None
            if isinstance(item, Referral):
                return item
            if isinstance(item, Step):
                if item.words:
                    steps.append(_step(item))
                    if not job.trial:
                        desk.say_reasons(steps, None)
                _tell(desk, job, call, LOOKING * item.progress, DOING[item.kind])
                yield
        return None
    finally:
        _close(items)


def _step(step: Step) -> dict[str, Any]:
    """A step for the page, with what it speaks of.

    times: seconds of the clip; spans: [start, end] in seconds; candidates: [{id, box, present}], the box in
    shares of the picture and seconds at which it was seen; speaks_of: ids of candidates.
    """
    evidence = step.evidence
    times = () if step.kind == "look" else evidence.get("times", ())  # it looks everywhere
    matches: Mapping[str, Any] = evidence.get("matches", {})
    best = max(matches, key=lambda i: matches[i].get("goes", 0.0), default=None) if times else None
    speaks_of = [
        *evidence.get("objects", ()),
        *([int(best)] if best is not None else []),
        *(check["object"] for check in evidence.get("checks", ())),
        *(refused["candidate"] for refused in evidence.get("refused", ())),
        *(one["id"] for one in evidence.get("candidates", ())),
    ]
    return {
        "kind": step.kind,
        "words": step.words,
        "times": [float(time) for time in times],
        "spans": [[event["start"], event["end"]] for event in evidence.get("events", ())],
        "candidates": [
            {name: one[name] for name in ("id", "box", "present")} for one in evidence.get("candidates", ())
        ],
        "speaks_of": list(dict.fromkeys(speaks_of)),
    }


def _number_objects(desk: Desk, made: list[ObjectId]) -> None:
    """Say which candidate of the steps is which object of the desk."""
    chosen: list[int] = next((s["speaks_of"] for s in reversed(desk.reasons) if s["kind"] == "answer"), [])
    if desk.verdict and len(chosen) == len(made):
        pairs = [list(pair) for pair in zip(chosen, made, strict=True)]
        desk.say_reasons(desk.reasons, {**desk.verdict, "numbers": pairs})


def _verdict(answer: Referral) -> dict[str, Any]:
    """`numbers`, once the objects are on the desk: [candidate in the steps, object] for each that was found.

    `ranked`: see `_ranked`.
    """
    last = next((step.words for step in reversed(answer.steps) if step.kind == "answer"), None)
    words = last or ("Found." if answer.objects else "Nothing fits.")
    return {"found": bool(answer.objects), "words": words, "ranked": _ranked(answer)}


def export(desk: Desk, exports: Exports, call: str | None) -> Iterator[None]:
    """Everything that is saved, as one Ref-AVS folder; the last message has the link, and what could not be written
    with the reasons.
    """
    for now in exports.zipped("refavs", PairFilter()):
        if not isinstance(now, Zipped):
            desk.feed.say("export", words=EXPORTING[now])
            yield
            continue
        report = now.report
        desk.feed.say(
            "export",
            call=call,
            done=True,
            link=now.link,
            name=now.name,
            size=now.size,
            pairs=report.pairs,
            written=report.written,
            rows=report.rows,
            refused=[{"expression": r.expression or "", "reason": r.reason} for r in report.refused],
            notes=list(report.notes),
        )
        yield


def _ranked(answer: Referral) -> list[list[Any]]:
    """[candidate in the steps or None = nothing, score 0 to 1], what the system chose first; [] = it does not say.

    What it refused with a reason is left out.
    """
    told = {step.kind: step.evidence for step in answer.steps}
    scores = told.get("answer", {}).get("scores", ())
    if len(scores) != 1:
        return []
    refused = {each["candidate"] for each in told.get("reflect", {}).get("refused", ())}
    chosen = [id for id in told["answer"]["objects"] if str(id) in scores[0]]
    rest = sorted(((int(id), score) for id, score in scores[0].items()), key=lambda one: -one[1])
    first = [[id, scores[0][str(id)]] for id in chosen] or [[None, 1.0]]
    return first + [[id, score] for id, score in rest if id not in chosen and id not in refused]


def _cells(found: Found) -> dict[int, Cell]:
    return {
        index: Cell(mask, "system", found.score.get(index, 1.0)) for index, mask in found.track.masks.items()
    }


def _written(
    desk: Desk, job: Job, answers: Iterator[Mapping[ObjectId, FrameMask]] | Any, source: str
) -> Iterator[int]:
    """Write answers as they come; the number of frames so far, every PAUSE seconds and at the end."""
    count, last = 0, time.monotonic()
    waiting: list[tuple[ObjectId, FrameMask]] = []
    try:
        for frame in answers:
            if job.stopped.is_set():
                break
            waiting += frame.items()
            count += 1
            if time.monotonic() - last >= PAUSE:
                desk.write(job, waiting, source)
                waiting, last = [], time.monotonic()
                yield count
    finally:
        desk.write(job, waiting, source)
        _close(answers)
    yield count


def _tell(desk: Desk, job: Job, call: str | None, progress: float, words: str) -> None:
    desk.feed.say("job", name=job.name, call=call, progress=round(progress, 3), words=words, done=False)


def _end(desk: Desk, job: Job, call: str | None) -> None:
    desk.finish(job)
    kept = job.stopped.is_set() and not job.undone
    notice = "Cancelled. What was done is kept; Undo takes it away." if kept else None
    desk.feed.say("job", name=job.name, call=call, done=True, notice=notice)


def _close(answers: Iterable[Any]) -> None:
    close = getattr(answers, "close", None)
    if close:
        close()
