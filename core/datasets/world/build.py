"""Builds a set of clips: several processes, streaming, resumable, each clip written as soon as it is made."""

import csv
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import bulk
from core.datasets import avsbench, avss, refavs
from core.datasets.world import records
from core.datasets.world.cast import DRAWN, Cast
from core.datasets.world.make import make
from core.datasets.world.plan import Job, Layout
from core.errors import DatasetError

VERSION = 1  # of what a seed gives; goes up when a script, a picture or a sound changes
SIZE = (256, 256)
Progress = Callable[[int, int, float], None]  # clips done, clips in all, clips a second


@dataclass(frozen=True)
class Order:
    """A set to build. source: folder of a cast of cut-outs, None = the drawn cast."""

    layout: Layout
    jobs: tuple[Job, ...]
    seed: int
    render: bool = False
    size: tuple[int, int] = SIZE
    source: Path | None = None

    def described(self) -> dict[str, Any]:
        splits = Counter(job.split for job in self.jobs)
        return {
            "world": VERSION,
            "layout": self.layout,
            "clips": len(self.jobs),
            "seed": self.seed,
            "render": self.render,
            "size": list(self.size),
            "cast": "drawn" if self.source is None else str(self.source),
            "splits": dict(splits),
        }


def build(
    order: Order,
    out: Path,
    *,
    workers: int | None = None,
    ray: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the set into `out`; what the manifest says of it, and clips a second.

    workers: processes of one thread each (None = as many as there are cores). ray: a cluster that shares
    this disk, in place of them.

    Clips go into a hidden folder beside `out`, which takes its name at the end. Started again after a
    break, it goes on with the clips that are missing. Raises DatasetError: `out` is there already, or the
    broken-off folder is of another set.
    """
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out} is already there and not empty; name a new folder.")
    work = out.parent / f".{out.name}.world"
    done = _begin(work, order)
    missing = [job for job in order.jobs if job.index not in done]
    started = time.monotonic()
    count = None if ray else workers or bulk.cores()
    here = count == 1 or len(missing) < 2
    made = bulk.run(
        _one, (order, work), missing, workers=1 if here else count, threads=None if here else 1, ray=ray
    )
    for number, (index, record) in enumerate((ended.result() for ended in made), 1):
        done[index] = record
        (work / "done" / f"{index}.json").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
        if progress:
            progress(len(done), len(order.jobs), number / max(time.monotonic() - started, 1e-9))
    seconds = time.monotonic() - started
    manifest = order.described() | {"format": order.layout, "counts": _tables(order, work, done)}
    (work / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(work / "done")
    (work / "order.json").unlink()
    if out.exists():
        out.rmdir()
    os.rename(work, out)
    return manifest | {"clips_per_second": len(missing) / max(seconds, 1e-9), "seconds": seconds}


def _begin(work: Path, order: Order) -> dict[int, records.Record]:
    """Records of the clips that an earlier run has finished."""
    about = json.dumps(order.described(), sort_keys=True)
    try:
        if not work.exists():
            (work / "done").mkdir(parents=True)
            (work / "order.json").write_text(about, encoding="utf-8")
            return {}
        if (work / "order.json").read_text(encoding="utf-8") != about:
            raise DatasetError(
                f"{work} holds an unfinished set with other settings; finish that one, or remove the folder."
            )
        found = {}
        for path in (work / "done").glob("*.json"):
            try:
                found[int(path.stem)] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                path.unlink()  # cut off while it was written: that clip is made again
        return found
    except OSError as error:
        raise DatasetError(f"Cannot write {work}: {error.strerror}; name another folder.") from None


def cast_for(source: Path | None, split: str) -> Cast:
    """The drawn cast, or that of a folder: its pictures and sounds for training, or those held out."""
    if source is None:
        return DRAWN
    from core.datasets.world.cutouts import folder_cast

    return folder_cast(source, held=split.startswith("test"))


def _one(where: tuple[Order, Path], job: Job) -> tuple[int, records.Record]:
    import cv2

    order, work = where
    cv2.setNumThreads(1)  # a clip a core is quicker than cores that wait for each other
    clip = make(job, order.seed, cast_for(order.source, job.split), order.size)
    name = f"world{order.seed}x{job.index:06d}"
    if order.layout == "refavs":
        return job.index, records.write_refavs(clip, work, name, order.render)
    if order.layout == "avss":
        return job.index, records.write_avss(clip, work, name)
    if order.layout == "clips":
        return job.index, records.write_clip(clip, work, name)
    return job.index, records.write_avs(clip, work, name, order.layout)


def _tables(order: Order, work: Path, done: dict[int, records.Record]) -> dict[str, int]:
    """Write the layout's tables from all records; counts for the manifest."""
    rows = [row for index in sorted(done) for row in done[index]["rows"]]
    if order.layout == "clips":
        labels = {done[i]["file"]: done[i]["rows"] for i in sorted(done) if done[i]["rows"]}
        (work / "labels.json").write_text(json.dumps({"clips": labels}, indent=1) + "\n", encoding="utf-8")
        return {"clips": len(labels), "rows": len(rows)}
    name, header = {
        "refavs": ("metadata.csv", refavs.HEADER),
        "avss": ("metadata.csv", avss.HEADER),
        "s4": (avsbench.table_name("s4"), avsbench.HEADERS["s4"]),
        "ms3": (avsbench.table_name("ms3"), avsbench.HEADERS["ms3"]),
    }[order.layout]
    with (work / name).open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)
    if order.layout == "avss":
        numbers = {name: k + 1 for k, name in enumerate(avss.CLASSES)}
        (work / "label2idx.json").write_text(json.dumps(numbers) + "\n", encoding="utf-8")
    return {"clips": len(done), "rows": len(rows)}
