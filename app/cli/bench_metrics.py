"""refavs bench metrics: F over 255 thresholds, the histogram beside the straightforward loop."""

import json
from typing import Annotated

import typer

SIDE = 256
FRAMES = 10


def register(bench: typer.Typer) -> None:
    @bench.command("metrics")
    def metrics(
        clips: Annotated[int, typer.Option(min=1, help="Clips of 10 frames at 256x256.")] = 200,
    ) -> None:
        """Time F over 255 thresholds from histograms, and by the loop of the published formula."""
        import os
        import platform
        import sys
        from time import perf_counter

        import numpy as np

        from core.metrics.curves import f_curves

        rng = np.random.default_rng(0)
        fast = loop = worst = 0.0
        for clip in range(clips):
            probabilities, targets = _scene(rng)
            start = perf_counter()
            curves = f_curves(probabilities, targets)
            middle = perf_counter()
            slow = [_loop(p, g) for p, g in zip(probabilities, targets, strict=True)]
            loop += perf_counter() - middle
            fast += middle - start
            worst = max(worst, float(np.abs(curves - slow).max()))
            if (clip + 1) % 20 == 0:
                print(f"clip {clip + 1} of {clips}", file=sys.stderr, flush=True)
        frames = clips * FRAMES
        print(f"{'':24}{'seconds':>10}{'ms a frame':>12}")
        for name, seconds in (("histogram", fast), ("loop over thresholds", loop)):
            print(f"{name:24}{seconds:10.2f}{1000 * seconds / frames:12.3f}")
        machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"{clips} clips x {FRAMES} frames at {SIDE}x{SIDE}; {machine}")
        print(
            json.dumps(
                {
                    "speedup": round(loop / fast, 1),
                    "max_abs_difference": worst,
                    "clips": clips,
                    "ms_histogram": round(1000 * fast / frames, 4),
                    "ms_loop": round(1000 * loop / frames, 4),
                }
            )
        )


def _scene(rng):
    """(float32, bool) [10, 256, 256]: a soft blob that moves, with noise; the target is a disk beside it."""
    import numpy as np

    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    k = np.arange(FRAMES, dtype=np.float32)[:, None, None]
    cy, cx, radius = rng.uniform(60, 196), rng.uniform(60, 196), rng.uniform(20, 60)
    distance = np.hypot(y - cy - k, x - cx - 2 * k)
    logits = (radius - distance) / 8 + rng.normal(0, 1, distance.shape)
    probabilities = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return probabilities, np.hypot(y - cy - 5 - k, x - cx - 2 * k) < radius


def _loop(p, g):
    """The published formula, a threshold at a time."""
    import numpy as np

    from core.metrics.curves import THRESHOLDS

    truth = g.astype(np.float32)
    precision, recall = np.zeros(255, np.float32), np.zeros(255, np.float32)
    for i, threshold in enumerate(THRESHOLDS):
        found = (p >= threshold).astype(np.float32)
        hits = (found * truth).sum()
        precision[i] = hits / (found.sum() + 1e-20)
        recall[i] = hits / (truth.sum() + 1e-20)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(1.3 * precision * recall / (0.3 * precision + recall))
