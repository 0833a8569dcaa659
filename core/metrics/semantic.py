"""AVSBench-semantic (AVSS): mIoU and F over 71 classes, frame by frame (P1) and over the whole set (P2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import RefavsError
from core.metrics.avsbench import accumulated_scores
from core.metrics.curves import BETA2
from core.metrics.result import Result, percent

CLASSES = 71  # 0 is the background, 70 the woman


@dataclass(frozen=True, eq=False)
class ClassSums:
    """Sums over frames, a class each [71]; they add up over clips.

    iou, f: sums of the frames' scores; seen: frames in which the class was labelled or answered.
    hits, answered, labelled: pixels over the real frames. frames: real frames; clips: clips.
    """

    iou: np.ndarray
    f: np.ndarray
    seen: np.ndarray
    hits: np.ndarray
    answered: np.ndarray
    labelled: np.ndarray
    frames: int
    clips: int

    def __add__(self, other: "ClassSums") -> "ClassSums":
        return ClassSums(
            self.iou + other.iou,
            self.f + other.f,
            self.seen + other.seen,
            self.hits + other.hits,
            self.answered + other.answered,
            self.labelled + other.labelled,
            self.frames + other.frames,
            self.clips + other.clips,
        )

    def to_json(self) -> dict[str, Any]:
        """The classes that occur, by number."""
        some = np.flatnonzero(self.seen + self.answered + self.labelled)
        columns = (self.iou, self.f, self.seen, self.hits, self.answered, self.labelled)
        rows = {str(c): [float(column[c]) for column in columns] for c in some}
        return {"classes": rows, "frames": self.frames, "clips": self.clips}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ClassSums":
        table = np.zeros((6, CLASSES))
        for number, values in data["classes"].items():
            table[:, int(number)] = values
        iou, f, seen, hits, answered, labelled = table
        return cls(iou, f, seen, hits, answered, labelled, int(data["frames"]), int(data["clips"]))


def measure_labels(answers: np.ndarray, labels: np.ndarray, *, padded: int = 0) -> ClassSums:
    """One clip: integer class pictures [N, H, W] twice, values 0 to 70.

    padded: black frames that the benchmark adds to a clip of five to make ten. It scores them too: each
    gives the background an IoU and an F of 1 (answered as background, as a black frame is).
    """
    if answers.shape != labels.shape or answers.ndim != 3 or not answers.size:
        raise RefavsError(
            f"Answers and labels must both be [frames, height, width]; got {answers.shape}, {labels.shape}."
        )
    for name, values in (("answers", answers), ("labels", labels)):
        if values.min() < 0 or values.max() >= CLASSES:
            raise RefavsError(
                f"The {name} must be class indices 0 to {CLASSES - 1}; got up to {values.max()}."
            )
    iou, f, seen, hits, answered, labelled = np.zeros((6, CLASSES))
    for answer, label in zip(answers.astype(np.int64), labels.astype(np.int64), strict=True):
        pairs = np.bincount((label * CLASSES + answer).ravel(), minlength=CLASSES**2).reshape(
            CLASSES, CLASSES
        )
        hit, found, there = np.diag(pairs), pairs.sum(axis=0), pairs.sum(axis=1)
        union = found + there - hit
        # F from precision hit / found and recall hit / there reduces to this; where nothing was hit it is 0.
        weighted = found + BETA2 * there
        iou += np.divide(hit, union, out=np.zeros(CLASSES), where=union > 0)
        f += np.divide((1 + BETA2) * hit, weighted, out=np.zeros(CLASSES), where=weighted > 0)
        seen += union > 0
        hits, answered, labelled = hits + hit, answered + found, labelled + there
    iou[0], f[0], seen[0] = iou[0] + padded, f[0] + padded, seen[0] + padded
    return ClassSums(iou, f, seen, hits, answered, labelled, len(answers), 1)


def per_frame(sums: ClassSums) -> Result:
    """P1, the benchmark's own: a class's score is its mean over the frames in which it was labelled or
    answered.

    The mean is over all 71 classes, one that never occurs counts as 0, and the background is one of them.
    """
    return Result("AVSS P1 (per frame), 71 classes", _means(sums, slice(None)), sums.clips, sums.frames)


def per_frame_no_background(sums: ClassSums) -> Result:
    """P1 without the background: classes 1 to 70."""
    return Result("AVSS P1 without background", _means(sums, slice(1, None)), sums.clips, sums.frames)


def per_frame_no_background_as_released(sums: ClassSums) -> Result:
    """The released code drops the LAST class for "no background": the woman goes, the background stays."""
    return Result(
        "AVSS P1 'no background' as released (drops woman)", _means(sums, slice(-1)), sums.clips, sums.frames
    )


def accumulated(sums: ClassSums, *, background: bool = True) -> Result:
    """P2: j and f from pixels counted over the whole set, mean over the classes (absent ones 0 in j, not in
    f).
    """
    some = slice(0 if background else 1, None)
    hits, answered, labelled = sums.hits[some], sums.answered[some], sums.labelled[some]
    j, f = accumulated_scores(hits, answered - hits, labelled - hits)
    kind = "71 classes" if background else "without background"
    return Result(f"AVSS P2 (whole set), {kind}", {"j": percent(j), "f": percent(f)}, sums.clips, sums.frames)


def _means(sums: ClassSums, some: slice) -> dict[str, float | None]:
    if not sums.clips:
        raise RefavsError(
            "No clip was scored, so there is no result; the split may be empty or all left out."
        )
    seen = np.maximum(sums.seen, 1)
    return {"miou": percent((sums.iou / seen)[some].mean()), "f": percent((sums.f / seen)[some].mean())}
