"""What the nano segmenter looks at while it learns: square views of pictures, with an object to find."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.segment.nano.window import warp
from core.training.clicks import next_click, random_clicks
from core.training.pictures import IGNORE, TWO_IN_ONE, Item, Pictures, held_out

ONE_OF_MANY = frozenset({"coco_person"})  # stills in which other things are left unlabelled
SHARE = {"coco_multi": 0.40, "coco_person": 0.14, "ccp": 0.12}  # of the samples; sequences get the rest
EVERY = -1


@dataclass
class View:
    """picture: uint8 [S, S, 3]. target: uint8 [S, S] of 0, 1 and 255 (not judged). The rest is what is asked.

    previous: bool [S, S]. memory: another view of the object (picture, bool mask) that is remembered.
    """

    picture: np.ndarray
    target: np.ndarray
    clicks: list[tuple[float, float, bool]]
    box: tuple[float, float, float, float] | None = None
    previous: np.ndarray | None = None
    memory: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True)
class _Source:
    pictures: Pictures
    item: Item


class Views:
    """Draws views from datasets; every view depends on the generator alone, so training resumes exactly."""

    def __init__(self, datasets: Sequence[Pictures]) -> None:
        self._groups: dict[str, list[_Source]] = {}
        self._sequences: dict[str, list[_Source]] = {}
        for pictures in datasets:
            for item in pictures.items:
                if held_out(item):
                    continue
                source = _Source(pictures, item)
                if item.sequence:
                    self._sequences.setdefault(item.sequence, []).append(source)
                elif item.objects:
                    self._groups.setdefault(item.group, []).append(source)
        self._single = [name for name in self._sequences if name not in TWO_IN_ONE]

    def draw(self, rng: np.random.Generator, size: int) -> View:
        """A view of size x size with prompts of a random kind."""
        while True:
            carried = rng.random() < 0.22
            view = self._carried(rng, size) if carried else self._clicked(rng, size)
            if view is not None:
                return view

    def _clicked(self, rng: np.random.Generator, size: int) -> View | None:
        source = self._pick(rng, single=True)
        if source is None:
            return None
        number, *box = _object(rng, source.item)
        matrix = _matrix(rng, box, source.item, size)
        picture, target = _cut(source, number, matrix, size)
        if rng.random() < 0.25:
            target = self._paste(rng, picture, target, size)
        if (target == 1).sum() < size * size * 0.002:
            return None
        view = View(_coloured(rng, picture), target, [])
        kind = rng.random()
        if kind < 0.12:
            view.box = _loose_box(rng, target)
        elif kind < 0.30:
            view.clicks = random_clicks(target, rng, int(rng.integers(1, 7)))
        else:
            click = next_click(np.zeros(target.shape, bool), target, rng)
            view.clicks = [click] if click else []
        return view

    def all_things(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """A view in which every thing is asked for: uint8 [S, S, 3], and [S, S] of 0, 1 and 255 (not judged)."""
        while True:
            source = self._pick(rng, single=True)
            if source is not None and source.item.group not in ONE_OF_MANY:
                break
        item = source.item
        box = _object(rng, item)[1:] if rng.random() < 0.3 else (0, 0, item.width, item.height)
        picture, target = _cut(source, EVERY, _matrix(rng, box, item, size), size)
        return _coloured(rng, picture), target

    def _carried(self, rng: np.random.Generator, size: int) -> View | None:
        """The mask of another moment is given; the object has moved, changed, or gone."""
        source = self._pick(rng, single=False)
        if source is None or not source.item.objects:
            return None
        item = source.item
        number, *box = _object(rng, item)
        matrix = _matrix(rng, box, item, size)
        picture, target = _cut(source, number, matrix, size)
        if item.sequence:
            frames = self._sequences[item.sequence]
            here = next(i for i, s in enumerate(frames) if s.item.position == item.position)
            before = frames[int(np.clip(here + rng.integers(1, 6) * rng.choice((-1, 1)), 0, len(frames) - 1))]
            far = frames[int(np.clip(here + rng.integers(1, 40) * rng.choice((-1, 1)), 0, len(frames) - 1))]
            old = _cut(before, 1, matrix, size)[1] == 1
            if rng.random() < 0.5:
                old = _shaken(rng, old)
            drift = _drift(rng, size)
            memory = _cut(far, 1, drift @ np.vstack([matrix, (0, 0, 1)]), size)
        else:
            old = _shaken(rng, target == 1)
            memory = _cut(source, number, _matrix(rng, box, item, size), size)
        if rng.random() < 0.06:  # gone: another picture, nothing to find
            other = self._pick(rng, single=False)
            if other is None or other.item.sequence == item.sequence != "":
                return None
            picture = _cut(
                other, 0, _matrix(rng, (0, 0, other.item.width, other.item.height, 0), other.item, size), size
            )[0]
            target = np.zeros_like(target)
        elif (target == 1).sum() < size * size * 0.002:
            return None
        remembered = (memory[1] == 1).any() and rng.random() < 0.8
        forgotten = remembered and rng.random() < 0.2
        return View(
            _coloured(rng, picture),
            target,
            [],
            previous=None if forgotten else old,
            memory=(memory[0], memory[1] == 1) if remembered else None,
        )

    def _pick(self, rng: np.random.Generator, *, single: bool) -> _Source | None:
        names = [name for name in SHARE if name in self._groups]
        others = [name for name in self._groups if name not in SHARE]
        weights = [SHARE[name] for name in names] + [0.3] * len(others)
        sequences = self._single if single else list(self._sequences)
        if sequences:
            share = 0.34 if single else 1.2
            names, weights = [*names, *others, "sequences"], [*weights, share]
        else:
            names = [*names, *others]
        chosen = names[int(rng.choice(len(names), p=np.array(weights) / sum(weights)))]
        if chosen == "sequences":
            frames = self._sequences[sequences[int(rng.integers(len(sequences)))]]
        else:
            frames = self._groups[chosen]
        source = frames[int(rng.integers(len(frames)))]
        return source if source.item.objects else None

    def _paste(
        self, rng: np.random.Generator, picture: np.ndarray, target: np.ndarray, size: int
    ) -> np.ndarray:
        """Put an object of another picture in front; find it, or what it half hides. Changes `picture`."""
        source = self._pick(rng, single=True)
        if source is None:
            return target
        number, *box = _object(rng, source.item)
        matrix = _matrix(rng, box, source.item, size, wide=3.5)
        matrix[:, 2] += rng.uniform(-0.3, 0.3, 2) * size
        pasted, mask = _cut(source, number, matrix, size)
        front = mask == 1
        if front.sum() < size * size * 0.005:
            return target
        soft = cv2.GaussianBlur(front.astype(np.float32), (3, 3), 0)[..., None]
        picture[:] = (soft * pasted + (1 - soft) * picture).astype(np.uint8)
        if rng.random() < 0.6:
            return front.astype(np.uint8)
        return np.where(front, 0, target).astype(np.uint8)


def _object(rng: np.random.Generator, item: Item) -> tuple[int, int, int, int, int, int]:
    """One of the picture's objects, large ones a little more often."""
    weight = np.array([o[5] for o in item.objects], float) ** 0.35
    return item.objects[int(rng.choice(len(weight), p=weight / weight.sum()))]


def _matrix(
    rng: np.random.Generator, box: Sequence[int], item: Item, size: int, wide: float = 2.4
) -> np.ndarray:
    """Affine map [2, 3] from picture to view: near the object or the whole picture, turned, mirrored."""
    x0, y0, x1, y1 = box[:4]
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    longest = max(x1 - x0, y1 - y0)
    if rng.random() < 0.65:
        side = min(max(longest * rng.uniform(1.1, wide), 40.0), 1.1 * max(item.width, item.height))
        centre += rng.uniform(-0.3, 0.3, 2) * max(side - longest, 0.1 * longest)
    else:
        side = max(max(item.width, item.height) * rng.uniform(0.55, 1.05), longest * 0.8)
        middle = np.array([item.width / 2, item.height / 2])
        centre = centre + (middle - centre) * rng.uniform(0.2, 1.0)
    scale = size / side
    angle = np.deg2rad(rng.normal(0, 6))
    stretch = np.exp(rng.normal(0, 0.08))
    mirror = -1 if rng.random() < 0.5 else 1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * stretch * mirror, scale / stretch])
    return np.hstack([linear, (size / 2 - linear @ centre)[:, None]])


def _drift(rng: np.random.Generator, size: int) -> np.ndarray:
    """A small shift and zoom inside the view, [2, 3]."""
    zoom = np.exp(rng.normal(0, 0.1))
    shift = rng.normal(0, 0.06, 2) * size + (1 - zoom) * size / 2
    return np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])


def _cut(source: _Source, number: int, matrix: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The view's pixels and target: object `number`, 0 = none, EVERY = all; outside the picture is grey and none."""
    picture = warp(source.pictures.pixels(source.item), matrix, (size, size))
    numbers = cv2.warpAffine(source.pictures.mask(source.item), matrix, (size, size), flags=cv2.INTER_NEAREST)
    chosen = numbers > 0 if number == EVERY else (numbers == number) & (numbers > 0)
    target = chosen.astype(np.uint8)
    target[numbers == IGNORE] = IGNORE
    return picture, target


def _shaken(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """The mask moved, scaled, turned, thinned or thickened, as a tracker's last answer might be."""
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return mask
    centre = (float(xs.mean()), float(ys.mean()))
    extent = float(max(np.ptp(xs), np.ptp(ys))) + 1
    turned = cv2.getRotationMatrix2D(centre, float(rng.normal(0, 5)), float(np.exp(rng.normal(0, 0.07))))
    matrix = np.asarray(turned, np.float64)
    matrix[:, 2] += rng.normal(0, 0.05, 2) * extent
    moved = cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST)
    width = int(rng.integers(1, 6))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    moved = cv2.dilate(moved, kernel) if rng.random() < 0.5 else cv2.erode(moved, kernel)
    if rng.random() < 0.3:  # a piece lost or a piece too much
        spot = int(rng.integers(len(xs)))
        cv2.circle(
            moved,
            (int(xs[spot]), int(ys[spot])),
            int(extent * rng.uniform(0.05, 0.25)) + 1,
            int(rng.integers(2)),
            -1,
        )
    return moved.astype(bool)


def _loose_box(rng: np.random.Generator, target: np.ndarray) -> tuple[float, float, float, float]:
    ys, xs = np.nonzero(target == 1)
    box = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], float)
    spread = np.array([np.ptp(xs), np.ptp(ys), np.ptp(xs), np.ptp(ys)]) + 1
    x0, y0, x1, y1 = np.clip(box + rng.normal(0, 0.04, 4) * spread, 0, target.shape[0])
    return float(x0), float(y0), float(max(x1, x0 + 1)), float(max(y1, y0 + 1))


def _coloured(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Brightness, contrast and tint changed a little; sometimes grey or soft."""
    gain = np.exp(rng.normal(0, 0.18)) * np.exp(rng.normal(0, 0.06, 3))
    levels = np.arange(256)[:, None]
    table = np.clip((levels - 115) * gain + 115 + rng.normal(0, 14), 0, 255).astype(np.uint8)
    picture = cv2.LUT(picture, table[None].reshape(1, 256, 3))
    if rng.random() < 0.05:
        picture = np.repeat(picture.mean(2, keepdims=True).astype(np.uint8), 3, axis=2)
    if rng.random() < 0.08:
        picture = cv2.GaussianBlur(picture, (3, 3), 0)
    return picture
