"""Pairs of the store in layouts that hold every frame of a clip, and such folders into the store.

A layout (one file each) says where things lie; choosing, media, counts and ids are the same for all.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid5

import numpy as np
from PIL import Image

from annotations.edit import MAX_EXPRESSION, clean
from annotations.exchange.gather import Gathered, Ready, Report, Seal, media_key, pair_of, source_of
from annotations.exchange.manifest import Manifest, read_manifest, stored_source
from annotations.exchange.refavs_import import ANNOTATOR, NAMESPACE
from annotations.exchange.refavs_import import Report as Imported
from annotations.records import ClipInfo, ObjectEdit, ObjectWork, PairEdit, PairFilter, PairWork
from annotations.store import Store
from core import media
from core.datasets.defects import Defect
from core.datasets.refavs import safe_name
from core.datasets.wav import write_wav
from core.datasets.whole import staged_folder
from core.errors import DatasetError, RefavsError
from core.masks import Mask, overlap

RATE = 48000
QUALITY = 95


@dataclass(frozen=True, eq=False)
class Outgoing:
    """A clip that is written. frames: their names, "00000" on; indices: of the video, in the same order.

    things: objects by their number in the layout, from 1. said: expressions, with the numbers they refer to.
    """

    name: str
    size: tuple[int, int]
    frames: tuple[str, ...]
    indices: tuple[int, ...]
    things: Mapping[int, ObjectWork]
    said: Sequence[tuple[PairWork, tuple[int, ...]]]

    def masks(self, number: int) -> list[Mask]:
        """One for every frame."""
        return [self.things[number].track.masks[i] for i in self.indices]


@dataclass(frozen=True, eq=False)
class Incoming:
    """A clip that was read. folder: of its frames; frames: their names, in order.

    masks: by object key, then by position in `frames`; an empty mask says absent. said: (id, text, keys).
    splits: by id, where the layout tells them.
    """

    name: str
    folder: Path
    frames: tuple[str, ...]
    masks: Mapping[str, Mapping[int, Mask]]
    categories: Mapping[str, str] = field(default_factory=dict)
    said: Sequence[tuple[str, str, tuple[str, ...]]] = ()
    splits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """Names in the layout. expressions: ids, in the order of `said`. objects: key by number."""

    expressions: list[str]
    objects: dict[int, str]


class Plain:
    """What most layouts do alike. digits: of a frame's name; channels: of the sound; silence: a clip without
    sound gets a file of it.
    """

    digits = 5
    channels = 1
    silence = False

    def audio(self, name: str) -> str:
        """Path of a clip's sound, below the root."""
        return f"audio/{name}.wav"


class Layout(Protocol):
    """null, plural, overlapping: what it can hold. digits, channels, silence, audio: see `Plain`."""

    name: str
    null: bool
    plural: bool
    overlapping: bool
    digits: int
    channels: int
    silence: bool

    def audio(self, name: str) -> str: ...

    def frames(self, name: str) -> str:
        """Folder of a clip's frames, below the root."""
        ...

    def add(self, root: Path, clip: Outgoing) -> Written:
        """Write what lies beside a clip's frames."""
        ...

    def finish(self, root: Path) -> None:
        """Write what is one file for all clips."""
        ...

    def read(self, root: Path) -> Iterator[Incoming]:
        """The clips of a folder. Raises DatasetError when it is not of this layout."""
        ...


def export(
    store: Store,
    root: Path | str,
    layout: Layout,
    which: PairFilter | None = None,
    shares: Mapping[str, float] | None = None,
    seal: Seal | None = None,
) -> Report:
    """Write the chosen pairs to the folder `root`, all of it or nothing; counts in = counts out.

    shares: see `splits.assign`; the manifest tells each expression's split. seal: see `gather.Seal`.

    Every frame of a clip is there once, with the mask of every object that an expression refers to; sounds
    are in `audio`, times and sources in manifest.json. Raises RefavsError.
    """
    gathered = Gathered(store, which or PairFilter(), null=layout.null, plural=layout.plural, shares=shares)
    sources: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    categories: dict[str, dict[str, str | None]] = {}
    counts: Counter[str] = Counter()
    with staged_folder(root) as staged:
        folder = staged.folder
        for clips in gathered.by_video():
            for ready in clips:
                clip = _outgoing(ready, layout, gathered)
                if not clip.said:
                    continue
                if clip.name in sources:
                    gathered.refuse(ready.pairs, f"another clip has the name {clip.name}")
                    continue
                places = [layout.frames(clip.name), layout.audio(clip.name)]
                write = partial(_write_media, folder, layout, clip, ready)
                staged.once(clip.name, media_key(ready.clip, clip.frames), places, write)
                written = layout.add(folder, clip)
                for (pair, _), id in zip(clip.said, written.expressions, strict=True):
                    rows[f"{clip.name}/{id}"] = pair_of(pair)
                    gathered.written.add(pair.id)
                sources[clip.name] = source_of(
                    ready.clip, ready.video, ready.clip.first, ready.clip.last, clip.indices
                )
                categories[clip.name] = {written.objects[n]: o.category for n, o in clip.things.items()}
                counts.update(clips=1, frames=len(clip.frames), objects=len(clip.things))
                counts.update(masks=len(clip.frames) * len(clip.things), expressions=len(clip.said))
        gathered.check(Path(root), len(rows))
        staged.drop_rest()
        layout.finish(folder)
        _check(folder, layout, counts)
        manifest = {
            "format": layout.name,
            "counts": dict(counts),
            **gathered.manifest(sources, rows),
            "categories": categories,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
        report = gathered.report(Path(root), rows=len(rows), windows=len(sources))
        if seal:
            seal(report, folder)
    return report


def _outgoing(ready: Ready, layout: Layout, gathered: Gathered) -> Outgoing:
    """Number the objects; leave out what this layout, or any, cannot hold."""
    indices = tuple(range(ready.clip.first, ready.clip.last + 1))
    by_id = {thing.id: thing for thing in ready.work.objects}
    wanted = {id for pair in ready.pairs for id in pair.objects}
    wrong: dict[UUID, str] = {}
    things: dict[int, ObjectWork] = {}
    for thing in sorted((by_id[id] for id in wanted), key=lambda thing: (thing.fid, str(thing.id))):
        if missing := [i for i in indices if i not in thing.track.masks]:
            some = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
            wrong[thing.id] = f"its object has no mask on frames {some}; propagate it"
        elif not layout.overlapping and (other := _overlapped(thing, things, indices)):
            wrong[thing.id] = f"it overlaps {other}, and this layout holds one object a pixel"
        else:
            things[len(things) + 1] = thing
    numbers = {thing.id: n for n, thing in things.items()}
    said = []
    for pair in ready.pairs:
        if bad := [wrong[id] for id in pair.objects if id in wrong]:
            gathered.refuse([pair], bad[0])
        else:
            said.append((pair, tuple(numbers[id] for id in pair.objects)))
    used = {n for _, of in said for n in of}
    return Outgoing(
        name=_name(ready.clip),
        size=ready.video.size,
        frames=tuple(str(k).zfill(layout.digits) for k in range(len(indices))),
        indices=indices,
        things={n: thing for n, thing in things.items() if n in used},
        said=said,
    )


def _overlapped(thing: ObjectWork, others: Mapping[int, ObjectWork], indices: Sequence[int]) -> str | None:
    for number, other in others.items():
        for i in indices:
            if overlap(thing.track.masks[i], other.track.masks[i]):
                return f"object {number} on frame {i}"
    return None


def _name(clip: ClipInfo) -> str:
    source = clip.video.source
    name = clip.label or (source if source and safe_name(source) else clip.video.sha256[:11])
    return f"{name.replace(' ', '-')}_{clip.first}_{clip.last}"


def _write_media(root: Path, layout: Layout, clip: Outgoing, ready: Ready) -> None:
    folder = root / layout.frames(clip.name)
    folder.mkdir(parents=True)
    span = ready.video.clip(ready.clip.first, ready.clip.last)
    for name, frame in zip(clip.frames, span.frames(), strict=True):
        Image.fromarray(frame).save(folder / f"{name}.jpg", quality=QUALITY)
    sound = span.audio(RATE)
    if sound is None and layout.silence:
        sound = np.zeros(round(span.duration * RATE), np.float32)
    if sound is not None:
        path = root / layout.audio(clip.name)
        path.parent.mkdir(exist_ok=True)
        heard = np.repeat(np.clip(sound, -1, 1)[:, None], layout.channels, axis=1)
        write_wav(path, heard, RATE)


def _check(root: Path, layout: Layout, counts: Counter[str]) -> None:
    """Counts in = counts out, read back from the disk."""
    found: Counter[str] = Counter()
    for clip in layout.read(root):
        there = sum((clip.folder / f"{name}.jpg").is_file() for name in clip.frames)
        found.update(clips=1, frames=there, objects=len(clip.masks), expressions=len(clip.said))
        found.update(masks=sum(len(masks) for masks in clip.masks.values()))
    for what, given in counts.items():
        if found[what] != given:
            raise DatasetError(f"{given} {what} were given, {found[what]} arrived; none is kept.")


def import_folder(store: Store, root: Path | str, layout: Layout) -> Imported:
    """Take such a folder into the store; what is there already stays as it stands.

    A clip whose source the manifest names and the store has puts its masks on that video's frames; every
    other one becomes a video of the folder's frames, a second each. Raises RefavsError when nothing fits.
    """
    root = Path(root).absolute()
    manifest = read_manifest(root / "manifest.json")
    defects = list(manifest.defects)
    count: Counter[str] = Counter()
    session: UUID | None = None
    for clip in layout.read(root):
        count["rows"] += len(clip.said)
        try:
            if not clip.folder.resolve().is_relative_to(root.resolve()):
                raise DatasetError(f"its frames are outside the dataset, in {clip.folder}.")
            place, indices = _place(store, clip, manifest, defects)
            objects, pairs = _edits(store, clip, place, indices, manifest, defects)
        except RefavsError as error:
            count["skipped"] += len(clip.said)
            what = f"{len(clip.said)} expression(s) left out: {error}"
            defects.append(Defect("skipped", clip.name, what))
            continue
        count.update(known=len(clip.said) - len(pairs), read=1)
        if objects or pairs:
            session = session or store.start_session(ANNOTATOR).id
            store.save_work(session, place.id, objects, pairs, act="import")
            count.update(imported=len(pairs), clips=1)
    if not count["read"]:
        first = next((d.what for d in defects if d.kind == "skipped"), "it has no clip")
        raise DatasetError(f"Nothing of {root} can be imported: {first}")
    return Imported(
        count["rows"], count["imported"], count["known"], count["skipped"], count["clips"], tuple(defects)
    )


def _place(
    store: Store, clip: Incoming, manifest: Manifest, defects: list[Defect]
) -> tuple[ClipInfo, tuple[int, ...]]:
    """The clip in the store, and the video's index of each frame."""
    source = manifest.sources.get(clip.name)
    if source and len(source.indices) == len(clip.frames):
        stored = stored_source(store, clip.name, source)
        if isinstance(stored, Defect):
            defects.append(stored)
        elif stored:
            return store.add_clip(stored.id, source.first, source.last), source.indices
    video = media.open(clip.folder)
    if len(video.pts) != len(clip.frames):
        raise DatasetError(f"{clip.folder} has {len(video.pts)} frames, its masks are of {len(clip.frames)}.")
    info = store.add_video(video)
    return store.add_clip(info.id, 0, len(clip.frames) - 1), tuple(range(len(clip.frames)))


def _edits(
    store: Store,
    clip: Incoming,
    place: ClipInfo,
    indices: Sequence[int],
    manifest: Manifest,
    defects: list[Defect],
) -> tuple[list[ObjectEdit], list[PairEdit]]:
    """What is new. Ids follow from the content, so that the same folder taken twice is there once."""
    work = store.load_clip_work(place.id)
    there = {pair.id for pair in work.pairs}
    categories = dict(clip.categories) | manifest.categories.get(clip.name, {})
    ids = {}
    objects = {}
    for key, masks in clip.masks.items():
        for k, mask in masks.items():
            if mask.size != place.video.size:
                raise DatasetError(
                    f"object {key}, frame {clip.frames[k]}: the mask is not of the frame's size."
                )
        content = " ".join(f"{k}:{mask.counts}" for k, mask in sorted(masks.items()))
        ids[key] = uuid5(NAMESPACE, f"{place.id} {content}")
        by_frame = {indices[k]: mask for k, mask in masks.items()}
        objects[key] = ObjectEdit(ids[key], categories.get(key), by_frame, "imported")
    pairs = []
    for id, text, keys in clip.said:
        if absent := set(keys) - ids.keys():
            raise DatasetError(f"expression {id} refers to object {absent.pop()}, which has no masks.")
        made = manifest.pairs.get(f"{clip.name}/{id}")
        name = uuid5(NAMESPACE, f"{place.id} {text} {[ids[key] for key in keys]}")
        if name in there or (made and store.pair(made.pair)):
            continue
        status = manifest.status(f"{clip.name}/{id}")
        text = clean(text, "expression", MAX_EXPRESSION)
        told = manifest.told(f"{clip.name}/{id}", null=not keys)
        told["split"] = clip.splits.get(id)
        pairs.append(PairEdit(name, text, tuple(ids[key] for key in keys), status, **told))
    needed = {id for pair in pairs for id in pair.objects}
    spoken = {key for _, _, keys in clip.said for key in keys}
    known = {thing.id for thing in work.objects}
    new = [o for key, o in objects.items() if o.id in needed or (key not in spoken and o.id not in known)]
    return new, pairs
