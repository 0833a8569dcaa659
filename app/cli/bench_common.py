"""What the benches share: which part of the data, how many of it, on which machine, beside which reference."""

import os
import platform
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median_high
from time import perf_counter
from typing import TypeVar

from core.errors import RefavsError
from core.training.pictures import HELD_OUT_SEQUENCES, TWO_IN_ONE

Item = TypeVar("Item")
Pairs = list[tuple[Path, Path]]

VALIDATION_STILLS = (
    "coco_multi",
    "coco_person",
)  # of folders beside each other, those whose masks are objects
REFERENCES = 60  # rounds of the reference


def part_of(folders: Mapping[str, Pairs], part: str, *, fair_to_clicks: bool) -> Pairs:
    """The (picture, mask) files of a part.

    validation: of sequences those that are held out, of folders of stills every tenth in file-name order.
    fair_to_clicks leaves out held-out sequences whose mask holds two things.
    """
    check_part(part)
    if part == "all":
        return [pair for pairs in folders.values() for pair in pairs]
    held_out = [name for name in folders if name in HELD_OUT_SEQUENCES]
    if held_out:
        unfair = TWO_IN_ONE if fair_to_clicks else frozenset()
        return [pair for name in held_out if name not in unfair for pair in folders[name]]
    stills = [name for name in folders if name in VALIDATION_STILLS] or list(folders)
    return [pair for name in stills for pair in folders[name][::10]]


def held_out_sequence(name: str, part: str) -> bool:
    """Whether a sequence belongs to the part."""
    check_part(part)
    return part == "all" or name in HELD_OUT_SEQUENCES


def check_part(part: str) -> None:
    if part not in ("all", "validation"):
        raise RefavsError(f"--part is all or validation; got {part!r}.")


def spread(items: Sequence[Item], limit: int) -> list[Item]:
    """At most `limit` of the items, evenly over all of them, in order. Raises RefavsError for none."""
    if not items:
        raise RefavsError("There is nothing to measure in that folder and part; name another folder or part.")
    count = min(limit, len(items))
    return [items[k * len(items) // count] for k in range(count)]


def peak_mib() -> int:
    """The most memory this process has held, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def machine() -> str:
    """CPU and load, for the line under a table of times."""
    try:
        names = [
            line.split(":")[1]
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ]
    except OSError:
        names = []
    name = names[0].strip() if names else platform.machine()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{name}, {os.cpu_count()} cores, load {load:.1f}"


def reference_times(folder: str) -> dict[str, float]:
    """Prints and returns what stands beside the times of saves: the median milliseconds of appending 4 KiB to a new
    file in the folder with an fsync, and of adding up a hundred thousand numbers.
    """
    writes, loops = [], []
    with open(f"{folder}/reference", "wb", buffering=0) as file:
        for _ in range(REFERENCES):
            start = perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            middle = perf_counter()
            sum(range(100_000))
            writes.append(1000 * (middle - start))
            loops.append(1000 * (perf_counter() - middle))
    found = {"fsync_ms": round(median_high(writes), 1), "loop_ms": round(median_high(loops), 1)}
    print(f"reference  fsync {found['fsync_ms']} ms, loop {found['loop_ms']} ms")
    return found
