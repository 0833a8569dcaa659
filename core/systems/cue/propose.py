"""Propose: on one frame, the regions that may be a thing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.media import Clip
from core.media.audio import Block
from core.segment.protocol import Click, Prompts, Segmenter
from core.segment.slot import compute_slot
from core.systems.cue import figure, regions
from core.systems.cue.candidate import Sight
from core.systems.cue.colours import cells

MOST_KEYS = 4
SAME = 0.55  # IoU above which two masks show one thing
SMALLEST, LARGEST = 0.004, 0.8  # share of the picture
CLICKS = 3
LEVELS = (0.4, 0.6, 0.8)  # of the figure map at which its islands are taken as things of their own
GROUP = 0.5  # worth of what covers several islands
BONUS = {"figure": 0.3, "segmenter": 0.1, "region": 0.0}  # worth for who proposes it


@dataclass(frozen=True, eq=False)
class Proposal:
    """mask: bool [h, w] on looked-at frame `key`. worth: how much it looks like a thing. source: who says so."""

    key: int
    mask: np.ndarray
    worth: float
    source: str


def keys(sight: Sight) -> list[int]:
    """Frames on which proposals are made: up to three spread over each shot, at most four in all."""
    spans = []
    for shot in np.unique(sight.shot):
        own = np.flatnonzero(sight.shot == shot)
        parts = max(1, min(3, round(len(own) / 7)))
        spans += [(len(own) / parts, int(part[len(part) // 2])) for part in np.array_split(own, parts)]
    return sorted(k for _, k in sorted(spans, reverse=True)[:MOST_KEYS])


def propose(sight: Sight, key: int, clip: Clip | None, segmenter: Segmenter | None) -> list[Proposal]:
    """Best first, all different. clip: as `small_clip` gives it; without it or a segmenter, nobody clicks."""
    picture, score, moving = sight.pictures[key], sight.figure[key], sight.moving[key]
    colour = cells(picture)
    found: list[Proposal] = []

    islands = list(pieces(score > LEVELS[1]))

    def add(source: str, mask: np.ndarray) -> None:
        if SMALLEST < mask.mean() < LARGEST:
            worth = regions.worth(mask, score, moving, colour, BONUS[source])
            worth *= GROUP if several(mask, islands) else 1
            found.append(Proposal(key, mask, worth, source))

    with compute_slot():
        for piece in pieces(figure.cut_out(picture, score)):
            add("figure", piece)
        for level in LEVELS:
            for piece in pieces(score > level):
                add("figure", piece)
        for mask in regions.merge_tree(picture, score):
            add("region", mask)
    if segmenter is not None and clip is not None:
        for mask in clicked(sight, key, clip, segmenter, np.maximum(score, moving)):
            add("segmenter", mask)
    return thinned(sorted(found, key=lambda p: -p.worth))


def several(mask: np.ndarray, islands: Sequence[np.ndarray]) -> bool:
    """The mask holds most of two islands or more, none of them a crumb beside another."""
    inside = sorted(int(island.sum()) for island in islands if (island & mask).sum() > 0.6 * island.sum())
    return len(inside) > 1 and inside[-2] > 0.15 * inside[-1]


def thinned(found: list[Proposal]) -> list[Proposal]:
    """Without those that show again what a better one shows."""
    if not found:
        return []
    flat = np.array([p.mask[::2, ::2].ravel() for p in found], np.float32)
    shared, size = flat @ flat.T, flat.sum(axis=1)
    alike = shared / np.maximum(size[:, None] + size - shared, 1)
    kept: list[int] = []
    for i in range(len(found)):
        if not kept or alike[i, kept].max() < SAME:
            kept.append(i)
    return [found[i] for i in kept]


def pieces(mask: np.ndarray) -> Iterator[np.ndarray]:
    """The connected parts of a mask, without crumbs."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for part in range(1, count):
        if stats[part, cv2.CC_STAT_AREA] >= SMALLEST * mask.size:
            yield labels == part


class Held:
    """Kept pictures as the source of a video, so that a segmenter need not decode them again."""

    def __init__(self, pictures: dict[int, np.ndarray]):
        self.pictures = pictures

    def frame(self, index: int) -> np.ndarray:
        return self.pictures[index]

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        return (self.pictures[i] for i in indices)

    def sound(self, start: float, end: float, rate: int, layout: str | None = None) -> Iterator[Block]:
        return iter(())


def small_clip(clip: Clip, indices: Sequence[int], fine: Sequence[np.ndarray]) -> Clip:
    """The clip at 512 px (`fine`), of which only the looked-at frames `indices` can be asked for."""
    pictures = dict(zip(indices, fine, strict=True))
    size = (fine[0].shape[0], fine[0].shape[1])
    sha256 = f"{clip.video.sha256}@{max(size)}"  # segmenters keep what they saw by this name
    return replace(clip.video, size=size, sha256=sha256, source=Held(pictures)).clip(clip.first, clip.last)


def clicked(
    sight: Sight, key: int, clip: Clip, segmenter: Segmenter, score: np.ndarray
) -> Iterator[np.ndarray]:
    """The segmenter's answer to a click on each of the places that stand out or move most."""
    h, w = score.shape
    left = cv2.GaussianBlur(score, (0, 0), 0.03 * max(h, w))
    height, width = clip.size
    for _ in range(CLICKS):
        y, x = (int(v) for v in np.unravel_index(int(left.argmax()), left.shape))
        if left[y, x] < 0.35:
            return
        click = Click((x + 0.5) * width / w, (y + 0.5) * height / h)
        mask = segmenter.segment(clip, sight.indices[key], Prompts((click,))).mask.decode()
        small = cv2.resize(mask.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA) > 0.5
        left[small] = 0
        cv2.circle(left, (x, y), round(0.1 * max(h, w)), 0.0, -1)
        yield small


def iou(a: np.ndarray, b: np.ndarray) -> float:
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 0.0
