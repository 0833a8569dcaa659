"""A cast of real things: cut out of photographs by their masks, with sounds of their category.

    DIR/stills/manifest.csv                    set,name,w,h,n_instances,labels ("1:dog 2:chair ...")
    DIR/stills/{set}/img/{name}.jpg, mask/{name}.png     mask value = instance number, 255 = ignore
    DIR/sounds/{any}/{class}/*.ogg|wav|flac    a sound's class begins with a category: dog-bark

Every tenth picture of a set and the last quarter of a class's sounds, in the order of their names, are
held out: the test splits are made of those alone, training of the others alone. Categories that training
never shows (cast.UNSEEN) come from all pictures.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np

from core.datasets.world.cast import DRAWN, UNSEEN, Cast, Kind
from core.datasets.world.drawn.kit import Motion, Part, Pen, Pose, Puppet, State
from core.datasets.world.drawn.looks import Look
from core.datasets.world.recordings import load
from core.datasets.world.stage import MARGIN, Stage
from core.errors import DatasetError

SOUNDS = (".ogg", ".wav", ".flac", ".mp3")
# category -> (family, height against a person, sound classes beside those that begin with its name)
CATEGORIES: dict[str, tuple[str, float, tuple[str, ...]]] = {
    "person": ("person", 1.0, ("baby-cry",)), "dog": ("animal", 0.62, ()), "cat": ("animal", 0.5, ()),
    "bird": ("animal", 0.45, ("rooster",)), "sheep": ("animal", 0.62, ()), "cow": ("animal", 0.8, ()),
    "horse": ("animal", 0.95, ()), "elephant": ("animal", 1.05, ()), "bear": ("animal", 0.75, ()),
    "car": ("vehicle", 0.62, ()), "truck": ("vehicle", 0.85, ()), "bus": ("vehicle", 0.9, ()),
    "motorcycle": ("vehicle", 0.7, ()), "train": ("vehicle", 0.85, ()),
    "airplane": ("vehicle", 0.6, ("helicopter",)), "boat": ("vehicle", 0.6, ()),
    "clock": ("device", 0.55, ()), "keyboard": ("device", 0.3, ()),
    "hair-dryer": ("device", 0.45, ()), "chair": ("static", 0.65, ()), "couch": ("static", 0.6, ()),
    "potted-plant": ("static", 0.6, ()), "teddy-bear": ("static", 0.5, ()), "suitcase": ("static", 0.5, ()),
}  # fmt: skip
ALIASES = {"hair_drier": "hair-dryer"}
# where no recording is at hand, the drawn cast's voice of a like thing
LIKE = {"bus": "truck"}
SMALLEST = 0.02  # share of the photograph


@dataclass(frozen=True, slots=True)
class CutOut:
    """One instance of a photograph."""

    image: Path
    mask: Path
    value: int


def folder_cast(source: Path, held: bool) -> Cast:
    """The cast of a folder. Raises DatasetError when nothing in it can be used."""
    return _folder_cast(source.absolute(), held)


@lru_cache(maxsize=4)
def _folder_cast(source: Path, held: bool) -> Cast:
    found, plain = _pictures(source, held)
    if not found:
        raise DatasetError(
            f"{source} holds no thing to cut out: expected stills/manifest.csv with sets img/ and mask/, in "
            f"them a whole {', '.join(list(CATEGORIES)[:5])} ... of at least {SMALLEST:.0%} of its picture."
        )
    kinds = []
    for category, cuts in sorted(found.items()):
        family, height, also = CATEGORIES[category]
        voices = _voices(source, category, also, held)
        moves = "drives" if family == "vehicle" else "stays"
        draw = partial(_draw, tuple(cuts), height)
        kinds.append(Kind(category, family, draw, (), voices, 1.0, moves))
    if not any(kind.voices for kind in kinds):
        raise DatasetError(
            f"Nothing in {source} has a sound; add sounds/{{set}}/{{category}}-.../ with recordings."
        )
    stages = {f"photo {path.stem}": partial(_photo, path) for path in plain}
    return Cast(kinds, stages or DRAWN.stages)


def _pictures(source: Path, held: bool) -> tuple[dict[str, list[CutOut]], list[Path]]:
    """(cut-outs by category, photographs that show nothing of the cast: backgrounds)."""
    table = source / "stills" / "manifest.csv"
    if not table.is_file():
        raise DatasetError(f"Expected a cast folder with stills/manifest.csv; there is no {table}.")
    with table.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda r: (r.get("set") or "", r.get("name") or ""))
    places: dict[str, int] = defaultdict(int)
    found: dict[str, list[CutOut]] = defaultdict(list)
    plain: list[Path] = []
    for row in rows:
        name, kind = row.get("name") or "", row.get("set") or ""
        folder = source / "stills" / kind
        tenth = places[kind] % 10 == 0
        places[kind] += 1
        if not (folder / "mask").is_dir():
            continue
        pairs = [p.split(":", 1) for p in (row.get("labels") or "").split() if p.split(":", 1)[0].isdigit()]
        labels = {int(a): ALIASES.get(b, b.replace("_", "-")) for a, b in pairs}
        image, mask = folder / "img" / f"{name}.jpg", folder / "mask" / f"{name}.png"
        if not image.is_file() or not mask.is_file() or not labels:
            continue
        if tenth == held and kind == "coco_multi" and not any(c in CATEGORIES for c in labels.values()):
            plain.append(image)
        wanted = [
            v for v, c in labels.items() if c in CATEGORIES and (tenth == held or (held and c in UNSEEN))
        ]
        for value in _whole(mask, wanted):
            found[labels[value]].append(CutOut(image, mask, value))
    return dict(found), plain


def _whole(path: Path, values: list[int]) -> list[int]:
    """Instances that are large enough, in one piece and not cut by the picture's sides or top."""
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if mask is None or mask.ndim != 2:
        return []
    out = []
    for value in values:
        one = mask == value
        area = int(one.sum())
        if area < SMALLEST * mask.size or one[:, :2].any() or one[:, -2:].any() or one[:2].any():
            continue
        _, _, stats, _ = cv2.connectedComponentsWithStats(one.astype(np.uint8))
        if stats[1:, cv2.CC_STAT_AREA].max() >= 0.93 * area:
            out.append(value)
    return out


def _voices(source: Path, category: str, also: tuple[str, ...], held: bool) -> tuple[str, ...]:
    """Recordings of the category; else the voices of the drawn cast; () for what keeps silent."""
    out: list[str] = []
    for folder in sorted((source / "sounds").glob("*/*")):
        if not folder.is_dir() or not (folder.name.split("-")[0] == category or folder.name in also):
            continue
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SOUNDS)
        last = max(len(files) // 4, 1)
        for path in files[-last:] if held else files[:-last]:
            try:
                load(str(path))
            except DatasetError:
                continue
            out.append(f"file:{path}")
    if out:
        return tuple(out)
    drawn = DRAWN.get(LIKE.get(category, category))
    return drawn.voices if drawn is not None else ()


def _draw(cuts: tuple[CutOut, ...], height: float, pen: Pen, look: Look) -> Puppet:
    """The cut-out as a puppet of one part: it pulses and jitters with its sound."""
    picture = _picture(cuts[look.seed % len(cuts)])
    h, w = picture.shape[:2]
    shrink = min(1.0, height * pen.ppu / h)
    if shrink < 1:
        size = (max(2, round(w * shrink)), max(2, round(h * shrink)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    ppu = picture.shape[0] / height
    wide = picture.shape[1] / ppu
    part = Part("body", picture, (-wide / 2, -height), (0.0, 0.0), None, 0)

    def pose(state: State) -> Pose:
        loud = max(state.level, 0.4 * state.active)
        jitter = np.sin(state.t * 41 + state.seed * 6)
        return {
            "body": Motion(
                angle=0.035 * loud * jitter + 0.012 * np.sin(state.t * 0.9 + state.seed * 9),
                sx=1 + 0.05 * loud,
                sy=1 + 0.11 * loud + 0.008 * np.sin(state.t * 1.7 + state.seed * 6),
            )
        }

    return Puppet(ppu, (part,), pose)


@lru_cache(maxsize=256)
def _picture(cut: CutOut) -> np.ndarray:
    """float32 premultiplied RGBA of the instance, its edge softened inwards."""
    image = cv2.imread(str(cut.image), cv2.IMREAD_COLOR)
    mask = cv2.imread(str(cut.mask), cv2.IMREAD_UNCHANGED)
    if image is None or mask is None or image.shape[:2] != mask.shape:
        raise DatasetError(f"{cut.image} and its mask cannot be read or differ in size; replace them.")
    one = (mask == cut.value).astype(np.float32)
    alpha = np.clip(cv2.GaussianBlur(one, (0, 0), 0.8) * 2 - 0.85, 0, 1) * one
    rows, columns = np.flatnonzero(one.any(1)), np.flatnonzero(one.any(0))
    y0, y1, x0, x1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    a = cv2.copyMakeBorder(alpha[y0:y1, x0:x1], 1, 0, 1, 1, cv2.BORDER_CONSTANT)[..., None]
    rgb = cv2.copyMakeBorder(image[y0:y1, x0:x1, ::-1], 1, 0, 1, 1, cv2.BORDER_REPLICATE)
    return np.concatenate([rgb.astype(np.float32) / 255 * a, a], 2)


def _photo(path: Path, size: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A photograph as a stage, a little out of focus, so that what is cut out stands before it."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DatasetError(f"The photograph {path} cannot be read; replace it.")
    margin = int(np.ceil(MARGIN * max(size)))
    h, w = size[0] + 2 * margin, size[1] + 2 * margin
    grow = max(h / image.shape[0], w / image.shape[1])
    image = cv2.resize(image, (max(w, round(image.shape[1] * grow)), max(h, round(image.shape[0] * grow))))
    top = (image.shape[0] - h) // 2
    left = int(rng.integers(0, image.shape[1] - w + 1))
    picture: np.ndarray = image[top : top + h, left : left + w, ::-1].astype(np.float32) / 255
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    picture = cv2.GaussianBlur(picture, (0, 0), size[0] * 0.006)
    return Stage(picture, 0.62, (1.0, 1.0, 1.0), 0.35)
