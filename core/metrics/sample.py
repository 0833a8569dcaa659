"""What the binary metrics keep of one answered expression or clip: a few kB, whatever the pictures' size."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.metrics.curves import checked, f_curves

EPS = 1e-7  # added to every union by the published code


@dataclass(frozen=True, eq=False)
class Sample:
    """key, clip: name of the sample and of its clip. null: the expression fits nothing.

    iou: float64 [N], 0 to 1, a frame each; a frame without target scores its true negatives. f_sum: float64
    [255], sum of the F curves of the `filled` frames that have a target. confusion: pixels at > 0.5 over
    all frames (true negatives, false positives, false negatives, true positives).
    """

    key: str
    clip: str
    null: bool
    iou: np.ndarray
    f_sum: np.ndarray
    filled: int
    confusion: tuple[int, int, int, int]

    @property
    def frames(self) -> int:
        return len(self.iou)

    @property
    def on(self) -> int:
        """Pixels answered > 0.5."""
        return self.confusion[1] + self.confusion[3]

    @property
    def pixels(self) -> int:
        return sum(self.confusion)

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "clip": self.clip,
            "null": self.null,
            "iou": self.iou.tolist(),
            "f_sum": self.f_sum.tolist(),
            "filled": self.filled,
            "confusion": list(self.confusion),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Sample":
        tn, fp, fn, tp = (int(n) for n in data["confusion"])
        return cls(
            str(data["key"]),
            str(data["clip"]),
            bool(data["null"]),
            np.array(data["iou"], dtype=np.float64),
            np.array(data["f_sum"], dtype=np.float64),
            int(data["filled"]),
            (tn, fp, fn, tp),
        )


def measure(
    probabilities: np.ndarray,
    targets: np.ndarray,
    *,
    key: str,
    clip: str,
    threshold: float,
    null: bool = False,
) -> Sample:
    """probabilities: float32 [N, H, W], 0 to 1; targets: bool [N, H, W]; the IoU takes pixels >
    `threshold`.
    """
    p, t = checked(probabilities, targets)
    filled = t.any(axis=(1, 2))
    f_sum = f_curves(p[filled], t[filled]).sum(axis=0) if filled.any() else np.zeros(255)
    half = p > 0.5
    tp, fp = int((half & t).sum()), int((half & ~t).sum())
    fn = int(t.sum()) - tp
    return Sample(
        key,
        clip,
        null,
        frame_iou(p > threshold, t),
        f_sum,
        int(filled.sum()),
        (t.size - tp - fp - fn, fp, fn, tp),
    )


def frame_iou(answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """float64 [N] from bool [N, H, W] twice; where the target is empty, the share of true negatives."""
    inter = (answers & targets).sum(axis=(1, 2))
    union = (answers | targets).sum(axis=(1, 2))
    empty = ~targets.any(axis=(1, 2))
    size = targets.shape[1] * targets.shape[2]
    inter = np.where(empty, size - answers.sum(axis=(1, 2)), inter)
    return np.asarray(inter / (np.where(empty, size, union) + EPS), dtype=np.float64)
