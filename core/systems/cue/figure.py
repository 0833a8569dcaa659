"""Figure and ground: what stands out from the picture's border, and what moves against it."""

import cv2
import numpy as np

from core.systems.cue.motion import Motion

GEODESIC_SIDE = 64
CLEAR = 10.0  # units of Lab: colour steps on the way to the border after which a place clearly stands out
_AROUND = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]


def lab(picture: np.ndarray) -> np.ndarray:
    """float32 [h, w, 3]: L 0 to 100, a and b about -127 to 127. picture: uint8 [h, w, 3] RGB."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def stands_out(picture: np.ndarray) -> np.ndarray:
    """float32 [h, w], 0 to 1: how many clear colour steps the easiest way from here to the border has.

    The geodesic distance of Wei et al. (2012) on a small grid; steps as small as the picture's grain are free.
    """
    h, w = picture.shape[:2]
    ratio = GEODESIC_SIDE / max(h, w)
    size = (max(8, round(w * ratio)), max(8, round(h * ratio)))
    small = cv2.bilateralFilter(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 5, 30, 3)
    colour = lab(small)
    padded = cv2.copyMakeBorder(colour, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    rows, columns = colour.shape[:2]
    steps = [
        np.linalg.norm(colour - padded[1 + y : 1 + y + rows, 1 + x : 1 + x + columns], axis=-1)
        for y, x in _AROUND
    ]
    grain = np.median(np.concatenate([s.ravel() for s in steps]))
    steps = [np.maximum(s - grain, 0) for s in steps]
    away = np.full((rows + 2, columns + 2), 1e3, np.float32)
    away[[0, -1]], away[:, [0, -1]] = 0, 0
    inner = away[1:-1, 1:-1]
    for _ in range(rows + columns):
        before = inner.copy()
        for (y, x), step in zip(_AROUND, steps, strict=True):
            np.minimum(inner, away[1 + y : 1 + y + rows, 1 + x : 1 + x + columns] + step, out=inner)
        if np.abs(inner - before).max() < 0.1:
            break
    return np.asarray(cv2.resize(1 - np.exp(-inner / CLEAR), (w, h), interpolation=cv2.INTER_LINEAR))


def moves(motion: Motion, picture: np.ndarray, at: int, reach: int) -> np.ndarray:
    """float32 [h, w], 0 to 1: how much a place of `picture`, number `at`, moves within `reach` pictures.

    The change over time is divided by the change over space, so that a hard edge that trembles with the
    camera counts no more than a smooth face that speaks. Where the camera stays, the whole shot is looked at.
    """
    same = motion.shot == motion.shot[at]
    if not motion.steady:
        near = np.zeros_like(same)
        near[max(0, at - reach) : at + reach + 1] = True
        same &= near
    change = motion.change[same].astype(np.float32)
    change = (
        np.sqrt(change).mean(axis=0) ** 2 if len(change) else np.zeros(motion.change.shape[1:], np.float32)
    )
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edge = np.hypot(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.25)
    )
    side = max(change.shape)
    rate = cv2.GaussianBlur(change, (0, 0), 0.02 * side) / (cv2.GaussianBlur(edge, (0, 0), 0.02 * side) + 4)
    level = 3 * float(np.median(rate)) + 0.05
    return np.asarray(rate / (rate + level))


def figure(picture: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """float32 [h, w], 0 to 1: what stands out and what moves together, a little less towards the border."""
    h, w = moving.shape
    rows, columns = np.mgrid[:h, :w].astype(np.float32)
    inward = 1 - 0.4 * np.maximum(np.abs(columns / (w - 1) - 0.5), np.abs(rows / (h - 1) - 0.5)) * 2
    out = stands_out(picture)
    return np.asarray(inward * (1 - (1 - 0.75 * out) * (1 - 0.75 * moving)))


def cut_out(picture: np.ndarray, score: np.ndarray, *, rounds: int = 2) -> np.ndarray:
    """bool [h, w]: GrabCut (Rother et al. 2004) from a map: its top is surely figure, its foot surely ground."""
    levels = np.clip(score * 255, 0, 255).astype(np.uint8)
    middle = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0] / 255
    trimap = np.where(score > middle, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[score > np.quantile(score, 0.97)] = cv2.GC_FGD
    trimap[score < np.quantile(score, 0.2)] = cv2.GC_BGD
    if not 8 <= np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).sum() <= score.size - 8:
        return score > middle
    cv2.setRNGSeed(0)
    cv2.grabCut(
        picture, trimap, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK
    )
    return np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD))
