"""COCO's run-length text, read without decoding the pixels.

The runs go down the columns (Fortran order), background first. Each is written as base-32 digits, lowest
first, six bits a character from "0": five of value, one that says "more follows"; from the fourth run on,
the difference to the run two before is written.
"""

import numpy as np

from core.errors import RefavsError


def run_lengths(counts: str) -> np.ndarray:
    """int64 run lengths of COCO's compressed text, background first. Raises RefavsError for broken text."""
    digits = np.frombuffer(counts.encode("ascii", "replace"), dtype=np.uint8).astype(np.int64) - 48
    if digits.size == 0 or digits.min() < 0 or digits.max() > 63 or digits[-1] & 32:
        raise RefavsError(f"A mask's counts must be COCO's compressed run-length text; got {_short(counts)}.")
    last = (digits & 32) == 0
    first = np.concatenate(([True], last[:-1]))
    starts = np.flatnonzero(first)
    place = np.arange(digits.size) - starts[np.cumsum(first) - 1]
    if place.max() > 11:
        raise RefavsError(f"A mask's counts hold a number too long to be a run length: {_short(counts)}.")
    values = np.add.reduceat((digits & 31) << (5 * place), starts)
    negative = (digits[last] & 16) != 0
    values -= np.where(negative, np.int64(1) << (5 * (place[last] + 1)), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def check(size: tuple[int, int], counts: str) -> None:
    """Raises RefavsError unless the runs fill a picture of `size` (H, W) exactly."""
    if size[0] < 1 or size[1] < 1:
        raise RefavsError(f"A mask needs a picture of at least one pixel; got size {size[0]} x {size[1]}.")
    runs = run_lengths(counts)
    if runs.min() < 0 or runs.sum() != size[0] * size[1]:
        raise RefavsError(
            f"The run lengths of a {size[0]} x {size[1]} mask must add up to {size[0] * size[1]} pixels; "
            f"they give {int(runs.sum())}. The size or the text is wrong: {_short(counts)}."
        )


def _short(counts: str) -> str:
    return repr(counts if len(counts) <= 24 else counts[:24] + "...")
