"""The rewards of GRPO as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from core.training.proof import Row

# most that each can be, and its colour (BGR)
LINES = {
    "reward": (3.0, (40, 40, 40)),
    "format": (1.0, (180, 110, 20)),
    "category": (1.0, (40, 120, 210)),
    "iou": (1.0, (70, 150, 40)),
}
WIDE, HIGH, MARGIN = 420, 300, 44
MEAN = 20  # steps that a point is the mean of


def draw(curves: Mapping[int, Sequence[Row]], path: Path) -> None:
    """A panel for each seed: what was sampled, as a share of the most there is, over the steps."""
    panels = [_panel(f"seed {seed}", rows) for seed, rows in sorted(curves.items()) if rows]
    if panels:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.concatenate(panels, 1))


def _panel(title: str, rows: Sequence[Row]) -> np.ndarray:
    picture = np.full((HIGH, WIDE, 3), 255, np.uint8)
    left, right, top, bottom = MARGIN, WIDE - 12, 30, HIGH - 58
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = round(bottom - share * (bottom - top))
        cv2.line(picture, (left, y), (right, y), (225, 225, 225), 1)
        _say(picture, f"{100 * share:.0f} %", (4, y + 4))
    _say(picture, f"{title}, mean over {MEAN} steps", (left, 18))
    _say(picture, f"step {rows[-1]['step'] + 1}", (right - 56, bottom + 18))
    for place, (name, (most, colour)) in enumerate(LINES.items()):
        values = np.array([row[name] for row in rows]) / most
        means = [values[max(k - MEAN + 1, 0) : k + 1].mean() for k in range(len(values))]
        x = np.linspace(left, right, len(means))
        height = bottom - np.array(means) * (bottom - top)
        points = np.stack([x, height], 1).round().astype(np.int32)
        cv2.polylines(picture, [points], False, colour, 2, cv2.LINE_AA)
        _say(picture, f"{name}, of {most:.0f}", (left + place * 92, HIGH - 14), colour)
    return picture


def _say(
    picture: np.ndarray, words: str, at: tuple[int, int], colour: tuple[int, int, int] = (90, 90, 90)
) -> None:
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, 1, cv2.LINE_AA)
