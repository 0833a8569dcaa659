"""What programs can ask for: refer, segment, propagate, save, pairs and export, as endpoints of the Gradio API.

Plain data in and out; masks as COCO run lengths on the frames of the video, every index the video's. A program has
the rights of the person whose token it sends, and those are the rights of the page.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import gradio as gr

from annotations.records import NULL_KINDS, ObjectEdit, PairEdit, PairLine
from annotations.store import Store
from app import gpu, work
from app.desk import CATEGORY_LENGTH
from app.exports import Exports, Zipped
from app.keeping import tidy
from app.library import Library
from app.limits import Rate, caller
from app.people import SIGN_IN, acting, author, person_of
from app.studio import in_words
from app.tabs.selection import selection
from core import media, registry
from core.errors import MediaError, PromptError, RefavsError
from core.expressions import normalise
from core.masks import Mask
from core.media import Clip
from core.segment.protocol import Click, Prompts
from core.systems.densify import densify
from core.systems.protocol import Referral, Step

FRAMES = 3000  # of one call
CLICKS = 200
OBJECTS = 50
PAGE = 100  # pairs of one answer
QUEUES = ("api", "api-quick")
PAUSE = 0.5  # seconds between two words about running work
Answer = dict[str, Any]


class Api:
    """One for the server. Every error is a sentence."""

    def __init__(self, *, store: Store, library: Library, exports: Exports, sign_in: bool = False) -> None:
        """sign_in: who has not signed in may look and ask, but not save."""
        self._store, self._library, self._exports = store, library, exports
        self._sign_in = sign_in
        self._rate = Rate()

    def refer(
        self,
        video: str | dict,
        expression: str = "",
        system: str = "cue",
        every_frame: bool = True,
        http: gr.Request | None = None,
    ) -> Iterator[Answer]:
        """Find what a sentence means in a video; without a sentence, everything that sounds.

        video: an uploaded file, the key an earlier answer gave ("video"), or "sample:band.mp4". every_frame: carry
        the answer to every frame; else only the frames that the system looked at are answered. Answers how far it is
        ({done: false, progress, words}), last {done: true, video, frames, size, expression, system, null, answer,
        steps: [{kind, words}], objects: [{category, score, masks: {frame: {size, counts}}}]}.
        """
        with self._asked(http):
            text = _sentence(expression)
            clip, key = self._clip(video)
            asked = registry.system(system)
            _few_enough(len(clip), every_frame)
            found: Referral | None = None
            for item in asked.refer(clip, text or None):
                if isinstance(item, Referral):
                    found = item
                elif isinstance(item, Step) and item.words:
                    yield _going(work.LOOKING * item.progress, item.words)
            if found is None:
                raise RefavsError(f"The system {system} ended without an answer; try another one.")
            masks: list[dict[int, Mask]] = [dict(each.track.masks) for each in found.objects]
            if every_frame and masks:
                told = time.monotonic()
                for count, frame in enumerate(densify(clip, found, gpu.segmenter()), 1):
                    for number, answer in frame.items():
                        masks[number][answer.index] = answer.mask
                    if time.monotonic() - told >= PAUSE:
                        told = time.monotonic()
                        share = work.LOOKING + (1 - work.LOOKING) * count / len(clip)
                        yield _going(share, f"{count} of {len(clip)} frames")
            yield {
                "done": True,
                **_about(clip, key),
                "expression": text,
                "system": system,
                "null": not found.objects,
                "answer": next((s.words for s in reversed(found.steps) if s.kind == "answer"), ""),
                "steps": [{"kind": step.kind, "words": step.words} for step in found.steps if step.words],
                "objects": [
                    {
                        "category": each.category,
                        "score": round(max(each.score.values(), default=0.0), 4),
                        "masks": _coco(own),
                    }
                    for each, own in zip(found.objects, masks, strict=True)
                ],
            }

    def segment(
        self,
        video: str | dict,
        frame: int,
        clicks: list[list[float]] | None = None,
        box: list[float] | None = None,
        segmenter: str = "auto",
        http: gr.Request | None = None,
    ) -> Answer:
        """Cut out one object on one frame, from clicks or a box.

        clicks: [x, y] on the object or [x, y, 0] off it; box: [x0, y0, x1, y1]; pixels of the upright picture.
        Answers {video, frames, size, frame, mask: {size, counts}, area, box, score, segmenter}.
        """
        with self._asked(http):
            clip, key = self._clip(video)
            if not isinstance(frame, int) or frame not in clip.indices:
                raise RefavsError(
                    f"The video has frames {clip.first} to {clip.last}; there is no frame {frame}."
                )
            tool = gpu.segmenter(segmenter)
            found = tool.segment(clip, frame, _prompts(clicks, box))
            return {
                **_about(clip, key),
                "frame": frame,
                "mask": found.mask.to_coco(),
                "area": found.mask.area,
                "box": found.mask.box and list(found.mask.box),
                "score": round(found.score, 4),
                "segmenter": tool.name,
            }

    def propagate(
        self,
        video: str | dict,
        masks: dict,
        first: int = 0,
        last: int | None = None,
        segmenter: str = "auto",
        http: gr.Request | None = None,
    ) -> Iterator[Answer]:
        """Carry one object from the frames where it is known to frames first to last (None = the last of the video).

        masks: {frame: {size, counts}}, as `segment` answers them. Those frames stay as they are. Answers how far it is
        ({done: false, progress, words}), last {done: true, video, frames, size, masks, scores: {frame: 0 to 1}}.
        """
        with self._asked(http):
            clip, key = self._clip(video)
            last = clip.last if last is None else last
            if not (
                isinstance(first, int) and isinstance(last, int) and clip.first <= first <= last <= clip.last
            ):
                raise RefavsError(
                    f"Expected frames from {clip.first} to {clip.last}, the first before the last; got {first} to {last}."
                )
            _few_enough(last - first + 1, True)
            seeds = _masks(masks, clip)
            if not seeds:
                raise PromptError("There is no mask to carry; give one frame of the object at least.")
            found, scores = {i: mask for i, mask in seeds.items() if first <= i <= last}, {}
            start = min(max(min(seeds), first), last)
            told = time.monotonic()
            for order in (range(start, last + 1), range(start - 1, first - 1, -1)):
                answers = (
                    gpu.segmenter(segmenter).propagate(clip, {1: dict(seeds)}, list(order))
                    if order
                    else iter(())
                )
                for answer in (frame[1] for frame in answers):
                    found.setdefault(answer.index, answer.mask)
                    scores[answer.index] = round(answer.score, 4)
                    if time.monotonic() - told >= PAUSE:
                        told = time.monotonic()
                        total = last - first + 1
                        yield _going(len(scores) / total, f"{len(scores)} of {total} frames")
            told_scores = {str(i): scores.get(i, 1.0) for i in sorted(found)}
            yield {"done": True, **_about(clip, key), "masks": _coco(found), "scores": told_scores}

    def save(
        self,
        video: str | dict,
        expression: str,
        objects: list[dict] | None = None,
        null_kind: str | None = None,
        http: gr.Request | None = None,
    ) -> Answer:
        """Save a sentence with the objects it means as a draft of the person who asks; no object = nothing fits.

        objects: [{category, masks: {frame: {size, counts}}}], as `refer` answers them. null_kind, of a sentence that
        nothing fits: silent, off-screen or absent. Answers {pair, status, author, video}. Somebody looks at it in the
        page, and submits it there.
        """
        with self._asked(http) as person:
            if self._sign_in and person is None:
                raise RefavsError(SIGN_IN)
            text = tidy(_sentence(expression))
            if not text:
                raise RefavsError("There is no sentence; say what the objects are meant by.")
            if null_kind is not None and null_kind not in NULL_KINDS:
                raise RefavsError(
                    f"Nothing fits because of one of {', '.join(NULL_KINDS)}; got {null_kind!r}."
                )
            clip, key = self._clip(video)
            edits = [_edit(each, clip) for each in _objects(objects)]
            pair = uuid4()
            with acting(person):
                who = author()
                stored = self._store.add_video(clip.video)
                place = self._store.add_clip(stored.id, clip.first, clip.last).id
                wanted = PairEdit(
                    pair, text, tuple(each.id for each in edits), null_kind=None if edits else null_kind
                )
                session = self._store.start_session(who).id
                self._store.save_work(session, place, edits, [wanted], act="save pair")
            return {"pair": str(pair), "status": "draft", "author": who, "video": key}

    def pairs(
        self,
        status: str | None = None,
        annotator: str | None = None,
        text: str | None = None,
        since: str | None = None,
        after: str | None = None,
        masks: bool = False,
        http: gr.Request | None = None,
    ) -> Answer:
        """List saved pairs, newest first, 100 at a time.

        status: draft, submitted, accepted, returned or cannot-describe. text: a part of the sentence. since: a moment,
        as 2026-01-31T12:00. after: "next" of the answer before. masks: with every object's masks, 10 at a time. Answers
        {pairs: [{pair, video, expression, status, annotator, at, null_kind, objects: [{category, masks}]}], next}.
        """
        with self._asked(http):
            which = selection({"status": status, "annotator": annotator, "text": text, "since": since})
            line = self._store.pair(_uuid(after)) if after else None
            if after and line is None:
                raise RefavsError("The pair to go on from is not there any more; begin with the first page.")
            most = PAGE // 10 if masks else PAGE
            lines = self._store.pairs(which, limit=most, after=line)
            return {
                "pairs": [self._told(each, masks) for each in lines],
                "next": str(lines[-1].pair.id) if len(lines) == most else None,
            }

    def export(
        self,
        format: str = "refavs",
        status: str | None = None,
        annotator: str | None = None,
        text: str | None = None,
        since: str | None = None,
        http: gr.Request | None = None,
    ) -> Answer:
        """Write saved pairs as a dataset, zipped; which ones, as in `pairs`.

        format: refavs, refavs-full, coco, davis, huggingface, mevis, youtube-vos or avss. Answers {link: to fetch from
        this server within 6 hours, name, size in bytes, pairs, rows, refused: [{pair, expression, reason}], notes}.
        """
        with self._asked(http):
            which = selection({"status": status, "annotator": annotator, "text": text, "since": since})
            *_, done = self._exports.zipped(format, which)
            assert isinstance(done, Zipped)
            report = done.report
            return {
                "link": done.link,
                "name": done.name,
                "size": done.size,
                "pairs": report.written,
                "rows": report.rows,
                "refused": [
                    {"pair": str(r.pair), "expression": r.expression, "reason": r.reason}
                    for r in report.refused
                ],
                "notes": list(report.notes),
            }

    # What they share

    def _asked(self, http: gr.Request | None) -> "_Asking":
        return _Asking(self._rate, http)

    def _clip(self, video: Any) -> tuple[Clip, str]:
        """The whole of a video: uploaded with this call, or known by its key."""
        if isinstance(video, dict):
            path = str(video.get("path") or "")
            source = self._library.take(path, str(video.get("orig_name") or Path(path).name or "video"))
        elif isinstance(video, str) and Path(video).is_absolute():
            source = self._library.take(video, Path(video).name)
        else:
            try:
                source = self._library.source(str(video))
            except MediaError:
                raise MediaError(
                    f"There is no video {str(video)[:80]!r} here; upload it with the call, or name one by the key that an "
                    "earlier answer gave, or by sample:FILE."
                ) from None
        return media.open(source.path).clip(), source.key

    def _told(self, line: PairLine, masks: bool) -> Answer:
        pair, video = line.pair, line.clip.video
        objects: list[Answer] = []
        if pair.objects:
            known = (
                {each.id: each for each in self._store.load_clip_work(line.clip.id).objects} if masks else {}
            )
            objects = [
                {"id": str(id), "category": known[id].category, "masks": _coco(known[id].track.masks)}
                if id in known
                else {"id": str(id)}
                for id in pair.objects
            ]
        return {
            "pair": str(pair.id),
            "video": video.sha256,
            "first": line.clip.first,
            "last": line.clip.last,
            "expression": pair.expression,
            "status": pair.status,
            "annotator": pair.annotator,
            "at": pair.at.isoformat(),
            "null_kind": pair.null_kind,
            "objects": objects,
        }


class _Asking:
    """A call of a person (None = has not signed in): within the rate, and every error in words."""

    def __init__(self, rate: Rate, http: gr.Request | None) -> None:
        self._rate, self._http = rate, http

    def __enter__(self) -> str | None:
        person = person_of(self._http) if self._http else None
        try:
            self._rate.take(person or caller(self._http))
        except RefavsError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return person

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception):
            raise gr.Error(in_words(error), print_exception=False) from error


def endpoints(api: Api) -> None:
    """Inside the page's Blocks. They have queues of their own, so that no script makes a page wait."""
    for long in (api.refer, api.propagate, api.export):
        gr.api(long, concurrency_id=QUEUES[0], concurrency_limit=1)
    for quick in (api.segment, api.save, api.pairs):
        gr.api(quick, concurrency_id=QUEUES[1], concurrency_limit=2)


def numbers(page: gr.Blocks) -> frozenset[int]:
    """Gradio's numbers of the endpoints."""
    return frozenset(number for number, fn in page.fns.items() if fn.concurrency_id in QUEUES)


def waiting(page: gr.Blocks) -> int:
    """How many calls of programs have not begun."""
    queues = page._queue.event_queue_per_concurrency_id
    return sum(len(queues[name].queue) for name in QUEUES if name in queues)


def _sentence(text: Any) -> str:
    if not isinstance(text, str):
        raise RefavsError(f"A sentence is text; got {type(text).__name__}.")
    if len(text) > work.LONGEST:
        raise RefavsError(
            f"The sentence has {len(text)} characters; at most {work.LONGEST} are read. Shorten it."
        )
    return (normalise(text) or "") if text.strip() else ""


def _few_enough(frames: int, wanted: bool) -> None:
    if wanted and frames > FRAMES:
        raise RefavsError(
            f"At most {FRAMES} frames are answered in one call, these are {frames}; ask for fewer, or use the command "
            "line: refavs refer, refavs segment --propagate."
        )


def _about(clip: Clip, key: str) -> Answer:
    return {"video": key, "frames": len(clip), "size": list(clip.size)}


def _going(progress: float, words: str) -> Answer:
    return {"done": False, "progress": round(progress, 3), "words": words}


def _coco(masks: Any) -> dict[str, Any]:
    return {str(index): masks[index].to_coco() for index in sorted(masks)}


def _masks(given: Any, clip: Clip) -> dict[int, Mask]:
    if not isinstance(given, dict) or len(given) > FRAMES:
        raise RefavsError(f'Masks are {{frame: {{"size": [H, W], "counts": text}}}}, {FRAMES} at most.')
    masks = {}
    for name, rle in given.items():
        if not (isinstance(name, str | int) and str(name).isdecimal() and int(name) in clip.indices):
            raise RefavsError(
                f"The video has frames {clip.first} to {clip.last}; there is no frame {name!r}."
            )
        mask = Mask.from_coco(rle)
        if mask.size != tuple(clip.size):
            raise RefavsError(
                f"A mask of this video has size {list(clip.size)}; that of frame {name} {list(mask.size)}."
            )
        masks[int(name)] = mask
    return masks


def _objects(given: Any) -> list[dict[str, Any]]:
    found = [] if given is None else given
    if (
        not isinstance(found, list)
        or len(found) > OBJECTS
        or not all(isinstance(each, dict) for each in found)
    ):
        raise RefavsError(f'Objects are a list of {{"category": name, "masks": ...}}, {OBJECTS} at most.')
    return found


def _edit(given: dict[str, Any], clip: Clip) -> ObjectEdit:
    masks = _masks(given.get("masks"), clip)
    category = given.get("category")
    if not any(not mask.is_empty for mask in masks.values()):
        raise RefavsError(f"The object {category or ''!r} has no pixels on any frame; leave it out.")
    name = " ".join(str(category).split())[:CATEGORY_LENGTH] if category else None
    return ObjectEdit(uuid4(), name, masks, "system")


def _prompts(clicks: Any, box: Any) -> Prompts:
    try:
        asked = tuple(Click(float(c[0]), float(c[1]), len(c) < 3 or bool(c[2])) for c in clicks or ())
        corners = None if box is None else tuple(map(float, box))
    except (TypeError, ValueError, IndexError, KeyError):
        raise PromptError(
            "Clicks are [[x, y], [x, y, 0] ...] and a box is [x0, y0, x1, y1], in pixels."
        ) from None
    if len(asked) > CLICKS or (corners is not None and len(corners) != 4):
        raise PromptError(f"A box has four numbers, and at most {CLICKS} clicks are read.")
    if not asked and corners is None:
        raise PromptError("Nothing was asked; give clicks or a box.")
    return Prompts(asked, corners)  # type: ignore[arg-type]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RefavsError(f"Expected the id of a pair, such as {UUID(int=0)}; got {text!r}.") from None
