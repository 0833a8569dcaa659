"""Figure and ground: where things are, and what moves against the rest."""

import cv2
import numpy as np

from core.systems.cue.motion import Motion


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


def figure(things: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """float32 [h, w], 0 to 1: where a network says that things are (any size), and a little what moves."""
    small = cv2.resize(things, moving.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(1 - (1 - 0.9 * small) * (1 - 0.3 * moving))


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
