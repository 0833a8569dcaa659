"""What moves: optical flow as one map a frame.

Source: SSP ("Stepping Stone Plus", arXiv 2601.08133), its pre-mask; its paper takes Perceiver IO's flow.
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

SIDE = 224  # pixels of the square on which flow is found, AVSBench's own grid
GRID = 56  # places of its map


def motion(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] twice -> float32 [GRID, GRID]: how far each place moves, in pixels of a square of 224.

    OpenCV's DIS flow, less its median, so that a turning camera moves nothing.
    """
    grey = [_grey(picture) for picture in (first, second)]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = dis.calc(grey[0], grey[1], np.zeros((SIDE, SIDE, 2), np.float32))
    flow = flow - np.median(flow, axis=(0, 1))
    length = np.hypot(flow[..., 0], flow[..., 1])
    return np.asarray(cv2.resize(length, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)


def between(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """T pictures uint8 [H, W, 3] -> float32 [T, GRID, GRID] from the T - 1 flows between them.

    O_T = Stack{O_1; Mean(O_t, O_t+1); O_T-1}; one picture alone shows no motion.
    """
    if len(pictures) < 2:
        return np.zeros((len(pictures), GRID, GRID), np.float32)
    flows = np.stack([motion(a, b) for a, b in pairwise(pictures)])
    return np.concatenate([flows[:1], (flows[:-1] + flows[1:]) / 2, flows[-1:]])


def _grey(picture: np.ndarray) -> np.ndarray:
    square = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY))
