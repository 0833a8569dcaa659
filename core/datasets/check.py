"""Any dataset's defects by the name of its layout."""

from collections.abc import Iterator
from pathlib import Path

from core.datasets import (
    avsbench,
    avss,
    checks_avsbench,
    checks_clips,
    checks_refavs,
    clips,
    refavs,
)
from core.datasets.defects import Defect
from core.errors import DatasetError

LAYOUTS = ("refavs", "s4", "ms3", "avss", "clips")


def check(root: Path | str, layout: str) -> tuple[int, Iterator[Defect]]:
    """(number of rows, defects as they are found). Raises DatasetError when `root` is no such dataset."""
    if layout == "refavs":
        refavs_rows = refavs.Dataset(root)
        return len(refavs_rows), checks_refavs.defects(refavs_rows)
    if layout in ("s4", "ms3"):
        objects = avsbench.Dataset(root, "s4" if layout == "s4" else "ms3")
        return len(objects), checks_avsbench.defects(objects)
    if layout == "avss":
        semantic = avss.Dataset(root)
        return len(semantic), checks_avsbench.semantic(semantic)
    if layout == "clips":
        videos = clips.Dataset(root)
        return len(videos), checks_clips.defects(videos)
    raise DatasetError(f"There is no layout named {layout!r}; choose one of: {', '.join(LAYOUTS)}.")
