"""A score with its protocol and its unit beside it; prints as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UNIT = "percent, 0 to 100"


@dataclass(frozen=True)
class Result:
    """protocol: how it was computed, in words. values: name -> share 0 to 100, None = nothing to score it on.

    intervals: name -> 95 % interval, bootstrapped over clips. samples, frames: how many were scored.
    counts: other numbers that belong beside the values.
    """

    protocol: str
    values: Mapping[str, float | None]
    samples: int
    frames: int
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    unit: str = UNIT

    def to_json(self) -> dict[str, Any]:
        """The values by name, then what they are: protocol, unit, samples, frames, intervals."""
        out: dict[str, Any] = {**self.values, **self.counts}
        out |= {"protocol": self.protocol, "unit": self.unit, "samples": self.samples, "frames": self.frames}
        if self.intervals:
            out["intervals"] = {name: list(ends) for name, ends in self.intervals.items()}
        return out


def table(results: Sequence[Result]) -> str:
    """One line a value: protocol, name, value with its interval, samples; the unit in the heading."""
    rows = [("protocol", "", UNIT, "95 % interval", "samples", "frames")]
    for result in results:
        for name, value in result.values.items():
            ends = result.intervals.get(name)
            rows.append(
                (
                    result.protocol,
                    name,
                    "nothing to score" if value is None else f"{value:.2f}",
                    f"{ends[0]:.2f} to {ends[1]:.2f}" if ends else "",
                    str(result.samples),
                    str(result.frames),
                )
            )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def percent(share: float) -> float:
    """0 to 1 -> 0 to 100, as a plain float."""
    return 100.0 * float(share)
