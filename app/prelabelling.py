"""Prelabelling: systems answer many sentences on many clips, and what they answer is stored as drafts.

Workers look and answer; this process alone writes, so a worker needs no way to the database.
"""

import csv
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, cast
from uuid import UUID

from annotations.edit import MAX_EXPRESSION
from annotations.prelabels import Asked, annotator, clip_hash
from annotations.records import ObjectEdit, StoreError, UnreachableError
from annotations.store import Store
from core import bulk
from core.errors import RefavsError
from core.expressions import normalise
from core.masks import Track
from core.media import Clip, Video, afar

Value = TypeVar("Value")

WAITS = (1, 2, 4, 8, 16)  # seconds before a save that did not reach the database is tried again


@dataclass(frozen=True)
class Order:
    """Who answers. version: hash of the weights. done: ids of what the store has.

    every_frame: carry what was answered to the frames between.
    """

    system: str
    weights: Path | None
    version: str
    done: frozenset[UUID]
    every_frame: bool = False


@dataclass(frozen=True)
class Wanted:
    """A clip and what is asked of it: sentences, or (None,) for everything that sounds."""

    source: str
    sentences: tuple[str | None, ...]


@dataclass(frozen=True)
class Answer:
    """objects: what the system found, () = nothing. error: why there is no answer. known: the store has it."""

    asked: Asked
    objects: tuple[ObjectEdit, ...] = ()
    error: str | None = None
    known: bool = False


@dataclass(frozen=True)
class Answered:
    """Of one clip. video: without its file being open; it travels between processes."""

    video: Video
    first: int
    last: int
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Failure:
    clip: str
    sentence: str | None
    reason: str


@dataclass(frozen=True)
class Progress:
    """clips, clips_total: done and in all. stored, known, failed: answers stored now, before, and failed."""

    clips: int
    clips_total: int
    stored: int
    known: int
    failed: int
    seconds: float


def read_sentences(path: Path) -> list[tuple[str | None, str]]:
    """(clip, sentence) of a file; clip None = every clip.

    .txt: a sentence a line, for every clip. .csv with the columns clip and expression, .jsonl with these keys:
    for that clip, or for every clip where none is named. Raises RefavsError naming the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RefavsError(f"The sentences in {path} cannot be read ({error}); name a UTF-8 file.") from None
    rows = list(_rows(path, text))
    found = []
    for number, clip, sentence in rows:
        try:
            kept = normalise(sentence)
            if kept and len(kept) > MAX_EXPRESSION:
                raise RefavsError(
                    f"A sentence has at most {MAX_EXPRESSION} characters; this has {len(kept)}."
                )
        except RefavsError as error:
            raise RefavsError(f"{path}, line {number}: {error}") from None
        if kept is None:
            raise RefavsError(
                f"{path}, line {number}: there is no sentence; write one, or leave the line out."
            )
        found.append((clip.strip() or None, kept))
    if not found:
        raise RefavsError(f"{path} holds no sentence.")
    return found


def _rows(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    """(line, clip or "", sentence)."""
    kind = path.suffix.lower()
    if kind == ".txt":
        yield from ((n, "", line) for n, line in enumerate(text.splitlines(), 1) if line.strip())
    elif kind == ".jsonl":
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                yield number, str(row.get("clip") or ""), row["expression"]
            except (ValueError, KeyError, AttributeError):
                raise RefavsError(
                    f'{path}, line {number}: expected {{"clip": "a.mp4", "expression": "The dog."}}; '
                    f"got {line[:60]!r}."
                ) from None
    elif kind == ".csv":
        table = csv.DictReader(text.splitlines())
        if "expression" not in (table.fieldnames or ()):
            raise RefavsError(f"{path}: expected the columns clip,expression; got {table.fieldnames}.")
        yield from ((table.line_num, row.get("clip") or "", row["expression"] or "") for row in table)
    else:
        raise RefavsError(f"Sentences come from a .txt, .csv or .jsonl file; got {path.name!r}.")


def plan(sources: Sequence[str], sentences: Sequence[tuple[str | None, str]] | None) -> list[Wanted]:
    """What is asked of which clip; sentences None = of every clip, everything that sounds.

    A sentence names its clip by the end of its path: `a.mp4`, `a`, `set/a.mp4`. RefavsError: a name that fits
    no clip, or several.
    """
    clips = list(dict.fromkeys(sources))
    if sentences is None:
        return [Wanted(clip, (None,)) for clip in clips]
    asked: dict[str, dict[str | None, None]] = {clip: {} for clip in clips}
    ends = _ends(clips)
    for name, sentence in sentences:
        if name is None:
            owners = clips
        else:
            owners = [name] if name in asked else ends.get(name.replace("\\", "/").removeprefix("./"), [])
            if len(owners) != 1:
                many = f"{len(owners)} of the clips, such as {owners[0]!r}" if owners else "none of the clips"
                raise RefavsError(
                    f"A sentence names the clip {name!r}, which is {many}; name one by its path."
                )
        for owner in owners:
            asked[owner][sentence] = None
    return [Wanted(clip, tuple(own)) for clip, own in asked.items() if own]


def _ends(clips: Sequence[str]) -> dict[str, list[str]]:
    """Every end of a clip's path, with and without its suffix -> the clips that end so."""
    found: dict[str, list[str]] = {}
    for clip in clips:
        parts = PurePosixPath(clip.partition("://")[2] or clip.replace("\\", "/")).parts
        for k in range(len(parts)):
            end = PurePosixPath(*parts[k:])
            for name in {str(end), str(end.with_suffix(""))} if end.name else ():
                found.setdefault(name, []).append(clip)
    return found


def answer(order: Order, wanted: Wanted) -> Answered:
    """In a worker: ask the system everything that the store has no answer to."""
    from core import media

    clip = media.open(afar.local(wanted.source)).clip()
    own = clip_hash(clip)
    answers = []
    for sentence in wanted.sentences:
        asked = Asked(own, sentence, order.system, order.version)
        if asked.change in order.done:
            answers.append(Answer(asked, known=True))
            continue
        try:
            answers.append(Answer(asked, tuple(_ask(order, clip, asked))))
        except RefavsError as error:
            answers.append(Answer(asked, error=str(error)))
    video = replace(clip.video, facts=None, table=None, source=cast(Any, None))
    return Answered(video, clip.first, clip.last, tuple(answers))


def _ask(order: Order, clip: Clip, asked: Asked) -> Iterator[ObjectEdit]:
    """What the system found; an object without a pixel is none."""
    from core import registry
    from core.evaluation.answers import ask
    from core.systems.densify import densify

    referral = ask(registry.system(order.system, order.weights), clip, asked.expression)
    found = [(each.track, dict(each.score)) for each in referral.objects]
    if order.every_frame:
        frames = [dict(frame) for frame in densify(clip, referral, registry.segmenter())]
        found = [
            (
                Track(clip.size, {f[k].index: f[k].mask for f in frames}),
                {f[k].index: f[k].score for f in frames},
            )
            for k in range(len(referral.objects))
        ]
    seen: set[UUID] = set()
    for of, (track, scores) in zip(referral.objects, found, strict=True):
        id = asked.object(track, of.category)
        if track.present and id not in seen:
            seen.add(id)
            yield ObjectEdit(id, of.category, track.masks, "system", scores)


class Prelabelling:
    """One run: iterate over it, and it answers and stores; then `failures` says what did not go."""

    def __init__(
        self, store: Store, system: str, weights: Path | None, version: str, *, every_frame: bool = False
    ) -> None:
        self.store = store
        self.annotator = annotator(system, version)
        done = frozenset(store.prelabels(self.annotator))
        self.order = Order(system, weights, version, done, every_frame)
        self.failures: list[Failure] = []
        self.kept: list[Path] = []  # where clips from afar lie
        self._session: UUID | None = None
        self._counts = {"stored": 0, "known": 0}

    def run(self, wanted: Sequence[Wanted], **workers: Any) -> Iterator[Progress]:
        """Answer and store; tells after every clip. workers: options of `core.bulk.run`.

        Raises StoreError when the database does not take a save, also later; what is stored stays.
        """
        begin = time.monotonic()
        try:
            for clips, ended in enumerate(bulk.run(answer, self.order, wanted, **workers), 1):
                if ended.error is not None:
                    self.failures.append(Failure(ended.item.source, None, ended.error))
                else:
                    self._store(ended.item, ended.result())
                seconds = time.monotonic() - begin
                yield Progress(clips, len(wanted), **self._counts, failed=len(self.failures), seconds=seconds)
        finally:
            if self._session is not None:
                with suppress(StoreError):  # what went wrong is told already
                    self.store.finish_session(self._session)

    def _store(self, wanted: Wanted, answered: Answered) -> None:
        self._counts["known"] += sum(each.known for each in answered.answers)
        self.failures += [
            Failure(wanted.source, each.asked.expression, each.error)
            for each in answered.answers
            if each.error is not None
        ]
        if afar.is_afar(wanted.source):
            self.kept.append(answered.video.path)
        if all(each.error is not None for each in answered.answers):
            return
        video = _patiently(lambda: self.store.add_video(answered.video))
        clip = _patiently(lambda: self.store.add_clip(video.id, answered.first, answered.last))
        for each in answered.answers:
            if each.known or each.error is not None:
                continue
            session = self._session = self._session or self.store.start_session(self.annotator).id
            try:
                _patiently(partial(self.store.save_prelabel, session, clip.id, each.asked, each.objects))
            except StoreError as error:
                if error.__cause__ is not None:  # the database's trouble, not the answer's
                    raise
                self.failures.append(Failure(wanted.source, each.asked.expression, str(error)))
            else:
                self._counts["stored"] += 1


def _patiently(save: Callable[[], Value]) -> Value:
    """Saves can be repeated, so one that did not reach the database is tried again for a minute."""
    for wait in WAITS:
        try:
            return save()
        except UnreachableError:
            time.sleep(wait)
    return save()


def summary(run: Prelabelling, progress: Progress | None) -> Mapping[str, Any]:
    """JSON-ready: what was done."""
    return {
        "system": run.order.system,
        "version": run.order.version,
        "annotator": run.annotator,
        "clips": progress.clips if progress else 0,
        "stored": progress.stored if progress else 0,
        "stored_before": progress.known if progress else 0,
        "failed": [
            {"clip": each.clip, "expression": each.sentence, "reason": each.reason} for each in run.failures
        ],
        "seconds": round(progress.seconds, 2) if progress else 0.0,
    }
