"""Plain videos with boxes drawn at some seconds: a folder with labels.json beside the video files.

    {"clips": {"dog.mp4": [{"exp": "The dog that barks.",
                            "boxes": {"1": [x0, y0, x1, y1], "3.5": [...]},
                            "accept": [[x0, y0, x1, y1]]},
                           {"exp": "The cat that mews.", "null": true}]}}

Times are seconds from the clip's start; boxes are fractions of width and height. `accept` lists wider
answers that are also right, at any of the row's seconds. A null row fits nothing that can be seen.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import media
from core.errors import DatasetError

LABELS = "labels.json"
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One expression for one video. boxes: seconds -> box; empty for a null row."""

    file: str
    exp: str
    boxes: Mapping[float, Box] = field(default_factory=dict)
    accept: tuple[Box, ...] = ()
    null: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One row with its video; nothing is read before it is asked for."""

    root: Path
    row: Row

    @property
    def path(self) -> Path:
        return self.root / self.row.file

    def clip(self) -> media.Clip:
        """The whole video. Raises MediaError."""
        return media.open(self.path).clip()


class Dataset:
    """A folder of videos with labels.json. Raises DatasetError when labels.json is not of the form above.

    Values (boxes outside the picture, seconds outside the clip) are for a check to report.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.rows: tuple[Row, ...] = tuple(_read(self.root / LABELS))

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Every row, in the order of the file; this layout has no splits."""
        if split is not None:
            raise DatasetError(f"{self.root} has no splits; leave --split out (got {split!r}).")
        return (Sample(self.root, row) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def write_labels(root: Path | str, rows: Sequence[Row], *, note: str = "") -> Path:
    """Write labels.json beside the videos, which must be there already. Raises DatasetError."""
    folder = Path(root)
    missing = sorted({row.file for row in rows if not (folder / row.file).is_file()})
    if missing:
        raise DatasetError(f"{folder} lacks {', '.join(missing[:5])}; put the videos there first.")
    clips: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        entry: dict[str, Any] = {"exp": row.exp}
        if row.null:
            entry["null"] = True
        else:
            entry["boxes"] = {f"{second:g}": list(box) for second, box in row.boxes.items()}
        if row.accept:
            entry["accept"] = [list(box) for box in row.accept]
        clips.setdefault(row.file, []).append(entry)
    path = folder / LABELS
    text = json.dumps(({"note": note} if note else {}) | {"clips": clips}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _read(path: Path) -> Iterator[Row]:
    if not path.is_file():
        raise DatasetError(f"Expected a folder of videos with {LABELS}; there is no {path}.")
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DatasetError(f"{path} is not readable JSON: {error}.") from None
    clips = data.get("clips") if isinstance(data, dict) else None
    if not isinstance(clips, dict):
        raise DatasetError(f'{path} must hold {{"clips": {{"name.mp4": [rows]}}}}; it has no such "clips".')
    for file, rows in clips.items():
        if not isinstance(rows, list):
            raise DatasetError(f"{path}, {file}: expected a list of rows.")
        for k, row in enumerate(rows):
            yield _row(file, row, f"{path}, {file}, row {k + 1}")


def _row(file: str, row: Any, where: str) -> Row:
    try:
        if not isinstance(row["exp"], str) or not isinstance(row.get("null", False), bool):
            raise TypeError("exp must be text and null true or false")
        boxes = {float(second): _box(box) for second, box in row.get("boxes", {}).items()}
        accept = tuple(_box(box) for box in row.get("accept", []))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(
            f'{where}: expected {{"exp": text, "boxes": {{"second": [x0, y0, x1, y1]}}}} or "null": true; '
            f"{type(error).__name__}: {error}."
        ) from None
    return Row(file, row["exp"], boxes, accept, row.get("null", False))


def _box(values: Any) -> Box:
    x0, y0, x1, y1 = (float(value) for value in values)
    return x0, y0, x1, y1
