"""What is wrong with a folder in an AVSBench layout (S4, MS3, AVSS)."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.datasets import avsbench, avss
from core.datasets.defects import Defect, count_defect, file_defects
from core.errors import DatasetError, RefavsError
from core.masks import read_foreground


def sample_defects(sample: avsbench.Sample) -> list[Defect]:
    """Files of one clip of S4 or MS3 that are missing, unreadable, of unequal size, or too short."""
    found = file_defects(sample.frame_paths, sample.mask_paths, sample.audio_path, seconds=avsbench.FRAMES)
    return found + count_defect(sample.frame_folder, (".png",), avsbench.FRAMES)


def semantic_defects(sample: avss.Sample) -> list[Defect]:
    """The same for a clip of AVSS."""
    found = file_defects(sample.frame_paths, sample.label_paths, sample.audio_path, seconds=sample.row.frames)
    found += count_defect(sample.frame_paths[0].parent, (".jpg", ".jpeg", ".png"), sample.row.frames)
    return found + count_defect(sample.label_paths[0].parent, (".png",), sample.row.labelled)


def defects(dataset: avsbench.Dataset) -> Iterator[Defect]:
    """Every defect of an S4 or MS3 folder; pixels of masks are read."""
    names = Counter(row.name for row in dataset.rows)
    for name, count in names.items():
        if count > 1:
            yield Defect("doubled-name", name, f"the name is given to {count} rows")
    for row in dataset.rows:
        if row.split not in avsbench.SPLITS:
            yield Defect("unknown-split", row.name, f"the split is {row.split!r}, none of the benchmark's")
    if not (dataset.root / f"{dataset.subset}_data").is_dir():
        folder = dataset.root / f"{dataset.subset}_data"
        yield Defect("missing-file", str(folder), "there is no such folder; only rows checked")
        return
    for sample in dataset.rows:
        found = sample_defects(sample)
        yield from found
        broken = {defect.where for defect in found}
        shown = {path: _any(path) for path in sample.mask_paths if str(path) not in broken}
        for path, some in shown.items():
            if some is None:
                yield Defect("unreadable-file", str(path), "the picture is cut short")
        if len(shown) == sample.labelled and all(some is False for some in shown.values()):
            yield Defect("empty-masks", str(sample.mask_paths[0].parent), "no frame of the clip has a mask")


def semantic(dataset: avss.Dataset) -> Iterator[Defect]:
    """Every defect of an AVSS folder; pixels of labels are read."""
    uids = Counter(row.uid for row in dataset.rows)
    for uid, count in uids.items():
        if count > 1:
            yield Defect("doubled-uid", uid, f"the uid is given to {count} rows")
    for row in dataset.rows:
        if row.split not in avss.SPLITS:
            yield Defect("unknown-split", row.uid, f"the split is {row.split!r}, none of the benchmark's")
        for name in row.names:
            if name not in avss.CLASSES[1:]:
                yield Defect(
                    "unknown-class", row.uid, f"{name!r} in a_obj is none of the 70 sounding classes"
                )
    if not any((dataset.root / subset).is_dir() for subset in avss.SUBSETS):
        folders = ", ".join(avss.SUBSETS)
        yield Defect("missing-file", str(dataset.root), f"there is none of {folders}; only rows checked")
        return
    yield from _class_numbers(dataset.root / "label2idx.json")
    for sample in dataset.samples():
        files = semantic_defects(sample)
        yield from files
        yield from _labels(sample, {defect.where for defect in files})


def _labels(sample: avss.Sample, broken: set[str]) -> Iterator[Defect]:
    found = []
    for path in sample.label_paths:
        if str(path) in broken:
            continue
        try:
            classes, stray = avss.read_labels(path)
        except DatasetError as error:
            yield Defect("unreadable-file", str(path), str(error))
            continue
        found.append(classes)
        if stray:
            yield Defect("stray-colour", str(path), f"{stray} pixels are no class; they count as background")
        plain = path.parent.with_name("labels_semantic") / path.name
        if path.parent.name == "labels_rgb" and plain.is_file():
            numbers, _ = avss.read_labels(plain)
            if not np.array_equal(numbers, classes):
                yield Defect("labels-differ", str(plain), "its classes are not those of labels_rgb")
    if len(found) == sample.row.labelled and not any(classes.any() for classes in found):
        yield Defect("empty-masks", str(sample.label_paths[0].parent), "every label is background")


def _class_numbers(path: Path) -> Iterator[Defect]:
    expected = {name: k + 1 for k, name in enumerate(avss.CLASSES)}
    try:
        numbers = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield Defect("missing-file", str(path), "there is no such file; the benchmark's own loader needs it")
        return
    except (OSError, ValueError) as error:
        yield Defect("unreadable-file", str(path), f"cannot be read as JSON ({error})")
        return
    if numbers != expected:
        yield Defect("class-numbers", str(path), "the 71 names and numbers are not the benchmark's")


def _any(path: Path) -> bool | None:
    """Whether the mask shows something; None when it cannot be read."""
    try:
        return bool(read_foreground(path).any())
    except RefavsError:
        return None
