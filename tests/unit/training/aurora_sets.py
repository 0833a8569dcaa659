"""What the tests of AURORA's training share: tiny drawn clips, eyes for them, and a training that is broken off."""

import contextlib
import csv

import cv2
import numpy as np
import soundfile
import torch
from torch.nn import functional as F

from core.datasets.refavs import HEADER
from core.training.loop import Schedule, train


class Eyes:
    """See a picture's bright places, and nothing else."""

    def see(self, pictures):
        grey = torch.stack([torch.from_numpy(p).float().mean(2) / 255 for p in pictures])[:, None]
        sizes = ((64, 32), (128, 16), (192, 8))
        maps = [F.adaptive_avg_pool2d(grey, side).expand(-1, width, -1, -1) for width, side in sizes]
        return tuple(m.contiguous().half() for m in maps)


def draw(root, rows, clips):
    """A folder in the Ref-AVS layout; clips: name -> left edge of its bright square, which a null one's masks leave out."""
    for v, x in clips.items():
        frames, masks = root / "media" / v / "frames", root / "gt_mask" / v / "fid_0"
        frames.mkdir(parents=True)
        masks.mkdir(parents=True)
        for k in range(10):
            picture, mask = np.zeros((32, 40, 3), np.uint8), np.zeros((32, 40), np.uint8)
            picture[8:24, x : x + 16] = 200
            mask[8:24, x : x + 16] = 0 if v.startswith("null") else 255
            cv2.imwrite(str(frames / f"{k}.jpg"), picture)
            cv2.imwrite(str(masks / f"{k:05}.png"), mask)
        soundfile.write(root / "media" / v / "audio.wav", np.zeros(160000), 16000)
    with (root / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return root


def broken_off(task, out, stop, *, steps, rate):
    """The weights after training that ends at the step `stop`, as if it was killed there; `steps` = it is not."""
    inner = task.loss

    def watched(step, progress):
        if step == stop:
            raise KeyboardInterrupt
        return inner(step, progress)

    task.loss = watched
    with contextlib.suppress(KeyboardInterrupt):
        train(task, out, Schedule(steps=steps, warm_up=0, rate=rate, save_minutes=0))
    return task.network.state_dict()
