"""Long work on a desk: propagate, refer. Generators: each item is news; cancel keeps the done."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.desk import Desk, Job
from core import registry
from core.errors import PromptError
from core.masks import FrameMask, Mask
from core.segment.protocol import ObjectId, Prompts

PAUSE = 0.25  # seconds between two looks of the page at running work

Seeds = dict[ObjectId, dict[int, Mask | Prompts]]


def propagate(desk: Desk, thing: ObjectId, index: int, direction: str, call: str | None) -> Iterator[None]:
    """Carry an object from frame `index` "forward", "backward", or over the whole clip ("both").

    Seeds are the frames that the annotator touched, and frame `index`. They stay as they are.
    """
    clip = desk.clip
    cells = desk.cells(thing)
    seeds: dict[int, Mask | Prompts] = {i: cell.mask for i, cell in cells.items() if cell.touched}
    if index in cells:
        seeds[index] = cells[index].mask
    if not seeds:
        raise PromptError("There is no mask on this frame to carry on; click the object here first.")
    start = index if index in seeds else min(seeds, key=lambda i: abs(i - index))
    forward = [] if direction == "backward" else list(range(start + 1, clip.last + 1))
    backward = [] if direction == "forward" else list(range(start - 1, clip.first - 1, -1))
    total = len(forward) + len(backward)
    job = desk.start("propagation")
    done = 0
    try:
        segmenter = registry.segmenter()
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
