"""What moves by itself: flow from picture to picture minus the camera's own motion, and where the film is cut."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

CUT_SHARE = (
    0.35  # of the pixels that change their coarse colour from one picture to the next, where it is cut
)
CUT_ERROR = 12.0  # grey levels that flow leaves unexplained there
DISSOLVE_REACH = 3  # pictures before and after the one that may lie between two shots
DISSOLVE_CHANGE = 6.0  # grey levels by which these differ at least
DISSOLVE_HALF = 0.2  # of that difference: how far the middle one may be from their mean
JITTER = 1.5  # grey levels that compression and noise change by themselves


@dataclass(frozen=True)
class Motion:
    """Motion of M pictures [h, w], the first of each shot at rest.

    flow: float16 [M, h, w, 2], where each pixel was on the picture before, minus where it is, in pixels.
    change: float16 [M, h, w], grey levels that the camera's motion leaves unexplained, a second.
    broken: bool [M], the picture begins a new shot, or lies inside a dissolve.
    shot: int [M], number of the shot. steady: the camera stays (its drift is under 3 % of the picture's width).
    """

    flow: np.ndarray
    change: np.ndarray
    broken: np.ndarray
    shot: np.ndarray
    steady: bool


def measure(pictures: Sequence[np.ndarray], times: np.ndarray) -> Generator[float, None, Motion]:
    """pictures: uint8 [h, w, 3] RGB, evenly spaced; times: float64 [M] seconds. Yields 0.6 to 0.8, the share done."""
    count, (h, w) = len(pictures), pictures[0].shape[:2]
    grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in pictures]
    flow = np.zeros((count, h, w, 2), np.float16)
    change = np.zeros((count, h, w), np.float16)
    cut = np.zeros(count, bool)
    drift = np.zeros((count, 2))
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setFinestScale(0)  # the pictures are small already
    rows, columns = np.mgrid[:h, :w].astype(np.float32)
    for t in range(1, count):
        step = max(float(times[t] - times[t - 1]), 1e-3)
        moved = dis.calc(grey[t], grey[t - 1], np.zeros((h, w, 2), np.float32))
        if _is_cut(
            pictures[t - 1], pictures[t], grey[t - 1], grey[t], columns + moved[..., 0], rows + moved[..., 1]
        ):
            cut[t] = True
            continue
        camera = camera_motion(moved)
        before = cv2.remap(
            grey[t - 1],
            columns + camera[..., 0],
            rows + camera[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        flow[t] = moved
        unexplained = cv2.absdiff(cv2.GaussianBlur(before, (0, 0), 1), cv2.GaussianBlur(grey[t], (0, 0), 1))
        change[t] = np.maximum(unexplained.astype(np.float32) - JITTER, 0) / step
        drift[t] = -camera[h // 2, w // 2]
        if t % 25 == 0:
            yield 0.6 + 0.2 * t / count
    broken = cut | _dissolves(grey)
    travelled = np.cumsum(drift, axis=0)
    steady = float(np.ptp(travelled, axis=0).max(initial=0)) < 0.03 * w and not broken.any()
    change[broken] = 0
    return Motion(flow, change, broken, np.cumsum(cut), steady)


def camera_motion(flow: np.ndarray) -> np.ndarray:
    """float32 [h, w, 2]: the affine motion that most of the picture follows (reweighted least squares)."""
    h, w = flow.shape[:2]
    rows, columns = np.mgrid[:h, :w].astype(np.float32)
    where = np.stack([columns / w - 0.5, rows / h - 0.5, np.ones_like(rows)], axis=-1)
    points, moved = where[::4, ::4].reshape(-1, 3), flow[::4, ::4].reshape(-1, 2)
    weight = np.ones(len(points), np.float32)
    for _ in range(6):
        weighted = points * weight[:, None]
        model = np.linalg.solve(weighted.T @ points + 1e-4 * np.eye(3, dtype=np.float32), weighted.T @ moved)
        off = np.hypot(*(moved - points @ model).T)
        weight = 1 / (1 + (off / max(1.5 * float(np.median(off)), 0.05)) ** 2)
    return np.asarray(where @ model, np.float32)


def carry(mask: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """float32 [h, w]: a soft mask of the picture before, on this one. flow: this picture's, as in Motion."""
    h, w = mask.shape
    rows, columns = np.mgrid[:h, :w].astype(np.float32)
    moved = flow.astype(np.float32)
    return np.asarray(
        cv2.remap(
            mask,
            columns + moved[..., 0],
            rows + moved[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def _is_cut(before, after, grey_before, grey_after, columns, rows) -> bool:
    tables = [cv2.calcHist([p], [0, 1, 2], None, [6] * 3, [0, 256] * 3) for p in (before, after)]
    if np.abs(tables[0] - tables[1]).sum() / 2 < CUT_SHARE * grey_after.size:
        return False
    warped = cv2.remap(grey_before, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(cv2.absdiff(warped, grey_after).mean()) > CUT_ERROR


def _dissolves(grey: Sequence[np.ndarray]) -> np.ndarray:
    """bool [M]: pictures that are the mean of those around them, though these differ: one shot fades into another."""
    found = np.zeros(len(grey), bool)
    small = np.array([cv2.resize(g, (32, 18), interpolation=cv2.INTER_AREA) for g in grey], np.float32)
    k = DISSOLVE_REACH
    for t in range(k, len(small) - k):
        apart = np.abs(small[t + k] - small[t - k]).mean()
        middle = np.abs(small[t] - (small[t + k] + small[t - k]) / 2).mean()
        found[t] = apart > DISSOLVE_CHANGE and middle < DISSOLVE_HALF * apart
    return np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((2 * k + 1, 1), np.uint8)).ravel() > 0)
