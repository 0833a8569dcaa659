"""A store of any size, filled fast, to be measured."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from annotations.edit import rle_id
from annotations.records import STATUSES
from annotations.schema import Base, WorkSession
from annotations.store import Store
from core.masks import Mask

SIZE = (240, 320)
FRAMES = 300
SHAPES = 2000  # different masks; others repeat them
CLIPS_AT_ONCE = 200
NAMES = ("Ann", "Bob", "Cem", "Dua")
THINGS = ("dog", "man", "guitar", "car", "woman", "tabla", "cello", "cat")


@dataclass(frozen=True)
class Filled:
    """session: of one of the annotators. shapes: masks of the videos' size."""

    session: UUID
    clips: tuple[UUID, ...]
    shapes: tuple[Mask, ...]


def fill(store: Store, pairs: int, *, pairs_a_clip: int, masks_a_pair: int) -> Filled:
    """Fill an empty store: clips of `pairs_a_clip` pairs, one object each, masks on evenly spread frames."""
    chance = random.Random(1)
    sessions = {}
    for name in NAMES:
        session = store.start_session(name).id
        with store.database.reading() as db:
            sessions[session] = db.get_one(WorkSession, session).annotator_id
    shapes = tuple(_shape(chance) for _ in range(SHAPES))
    ids = [rle_id(shape) for shape in shapes]
    tables = Base.metadata.tables
    with store.database.writing() as db:
        rows = [
            {"id": id, "height": SIZE[0], "width": SIZE[1], "counts": shape.counts}
            for id, shape in dict(zip(ids, shapes, strict=True)).items()
        ]
        db.connection().execute(tables["rle"].insert(), rows)
    clips: list[UUID] = []
    frames = [k * FRAMES // masks_a_pair for k in range(masks_a_pair)]
    count = -(-pairs // pairs_a_clip)
    seq = 0
    for start in range(0, count, CLIPS_AT_ONCE):
        rows_of: dict[str, list[dict[str, Any]]] = {name: [] for name in ORDER}
        for n in range(start, min(start + CLIPS_AT_ONCE, count)):
            clip = uuid4()
            clips.append(clip)
            many = min(pairs_a_clip, pairs - n * pairs_a_clip)
            for name, row in _clip(clip, n, many, seq, frames, ids, sessions, chance):
                rows_of[name].append(row)
            seq += many
        with store.database.writing() as db:
            for name in ORDER:
                db.connection().execute(tables[name].insert(), rows_of[name])
    store.database.analyze()
    return Filled(next(iter(sessions)), tuple(clips), shapes)


ORDER = (
    "video",
    "clip",
    "change",
    "object",
    "object_version",
    "mask_version",
    "mask_head",
    "expression",
    "pair",
    "pair_version",
    "pair_object",
)


def _clip(
    clip: UUID,
    n: int,
    pairs: int,
    seq: int,
    frames: list[int],
    rles: list[bytes],
    sessions: dict[UUID, UUID],
    chance: random.Random,
) -> Iterator[tuple[str, dict[str, Any]]]:
    now = datetime.now(UTC)
    video = uuid4()
    yield (
        "video",
        {
            "id": video,
            "sha256": f"{n:064x}",
            "path": f"/videos/{n}.mp4",
            "frame_count": FRAMES,
            "pts_hash": "0" * 64,
            "height": SIZE[0],
            "width": SIZE[1],
            "rotation": 0,
            "decoder": "none",
            "has_audio": True,
            "source": None,
            "licence": None,
            "added": now,
        },
    )
    place = {"id": clip, "video_id": video, "first": 0, "last": FRAMES - 1, "label": "", "seconds": None}
    yield "clip", place | {"added": now, "head": seq + pairs}
    parent = None
    for fid in range(pairs):
        seq += 1
        thing, said, pair = uuid4(), uuid4(), uuid4()
        name = chance.choice(THINGS)
        who = chance.choice([*sessions])
        change = {"id": uuid4(), "seq": seq, "act": "save pair", "session_id": who}
        change |= {"clip_id": clip, "at": now, "parent": parent, "undoes": None, "rows": len(frames) + 2}
        yield "change", change
        parent = seq
        yield "object", {"id": thing, "clip_id": clip, "fid": fid, "head": seq}
        version = {"change": seq, "deleted": False, "replaces": None}
        yield "object_version", version | {"object_id": thing, "category": name}
        for frame in frames:
            at = {"object_id": thing, "frame": frame, "change": seq}
            yield "mask_head", at
            mask = {"rle_id": chance.choice(rles), "source": "system", "score": 1.0, "replaces": None}
            yield "mask_version", at | mask
        text = f"The {name} number {seq} making the loudest sound."
        yield "expression", {"id": said, "text": text, "folded": text.casefold(), "change": seq}
        values = {"expression_id": said, "status": chance.choice(STATUSES[:4]), "deleted": False}
        row = {"id": pair, "clip_id": clip, "created": seq, "head": seq, "session_id": who}
        yield "pair", values | row | {"annotator_id": sessions[who]}
        yield "pair_version", version | values | {"pair_id": pair, "split": None, "label": None}
        yield "pair_object", {"pair_id": pair, "change": seq, "object_id": thing, "position": 0}


def _shape(chance: random.Random) -> Mask:
    """An ellipse somewhere."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    cy, cx = chance.uniform(60, 180), chance.uniform(80, 240)
    ry, rx = chance.uniform(10, 60), chance.uniform(10, 80)
    return Mask.encode(((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1)
