"""Labelled videos: does the answer lie where a person drew a box, and is null said where nothing fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import RefavsError
from core.masks import Mask, box_iou, centre
from core.masks.geometry import Box
from core.metrics.bootstrap import interval
from core.metrics.result import Result, percent

HIT = 0.5  # least IoU of the mask's bounding box and a labelled one


@dataclass(frozen=True)
class BoxSample:
    """One row. hits: (box, centre) of each labelled frame. right: null was said where nothing fits."""

    key: str
    clip: str
    null: bool
    hits: tuple[tuple[bool, bool], ...]
    right: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "clip": self.clip,
            "null": self.null,
            "hits": [list(hit) for hit in self.hits],
            "right": self.right,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "BoxSample":
        hits = tuple((bool(box), bool(middle)) for box, middle in data["hits"])
        return cls(data["key"], data["clip"], bool(data["null"]), hits, bool(data["right"]))


def box_hits(mask: Mask, boxes: Sequence[Box]) -> tuple[bool, bool]:
    """(box hit, centre hit) of one frame: IoU >= 0.5 of the mask's bounding box with any of `boxes`, and the
    mask's centre inside any of them. boxes: fractions of width and height. An empty mask hits nothing."""
    box, middle = mask.box, centre(mask)
    if box is None or middle is None:
        return False, False
    height, width = mask.size
    around = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
    x, y = middle[0] / width, middle[1] / height
    return (
        any(box_iou(around, labelled) >= HIT for labelled in boxes),
        any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes),
    )


def boxes(samples: Sequence[BoxSample]) -> Result:
    """box_hit, centre_hit: share of labelled frames; null_right: share of null rows answered null."""
    if not samples:
        raise RefavsError(
            "No row was scored, so there is no result; labels.json may be empty or all left out."
        )
    drawn = [sample for sample in samples if sample.hits]
    nulls = [sample for sample in samples if sample.null]
    frames = sum(len(sample.hits) for sample in drawn)
    values: dict[str, float | None] = {}
    ends: dict[str, tuple[float, float]] = {}

    def add(name: str, rows: Sequence[BoxSample], right: list[int], of: list[int]) -> None:
        values[name] = percent(sum(right) / sum(of)) if rows else None
        clips = [row.clip for row in rows]
        ours = interval(clips, np.array(right, dtype=float)[:, None], np.array(of)) if rows else None
        if ours:
            ends[name] = (percent(ours[0]), percent(ours[1]))

    for place, name in enumerate(("box_hit", "centre_hit")):
        hits = [sum(hit[place] for hit in row.hits) for row in drawn]
        add(name, drawn, hits, [len(row.hits) for row in drawn])
    add("null_right", nulls, [int(row.right) for row in nulls], [1] * len(nulls))
    counts = {"boxes": frames, "nulls": len(nulls)}
    return Result("boxes drawn by eye", values, len(samples), frames, ends, counts)
