"""When an object sounds, as far as that can be seen: where it stirs as the sound comes and goes.

A hint for who looks at the timeline, not a measurement: what sounds without moving is not found, and of two
things that move with the beat both are. Without better than chance agreement nothing is said.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from core.media.clip import Clip
from core.media.sound import HOP, loudness, onsets

MOST = 1.2e9  # pixels of all frames together that are looked at: a minute of 720p
FEWEST = 25  # frames with which something can be told
WIDE = 160  # pixels across of the pictures that are compared
RATE = 16_000
TREND = 1.5  # seconds: slower changes of either say nothing
LAG = 0.16  # seconds that sound may run before or after what is seen
APART = 1.0  # seconds: a shift at least this large makes a pairing that can only agree by chance
BY_CHANCE = 2.5  # standard deviations over what such pairings reach
LEAST = 0.2  # correlation below which it says nothing
RANGE = 30.0  # dB under the loudest that still count as sound
GAP = 0.25  # seconds: shorter gaps are closed


class Stir:
    """The small grey pictures of a clip, and its sound: made once, asked for each object."""

    def __init__(self, clip: Clip) -> None:
        """Reads all frames; nothing is read of a clip that is large, of few frames, or without sound."""
        self.clip = clip
        fits = len(clip) >= FEWEST and len(clip) * clip.size[0] * clip.size[1] <= MOST
        samples = clip.audio(RATE) if fits else None
        self.heard = samples is not None and float(np.abs(samples).max(initial=0)) > 1e-3
        if samples is None or not self.heard:
            return
        height, width = clip.size
        self.size = (
            (max(8, round(WIDE * height / width)), WIDE)
            if width >= height
            else (WIDE, max(8, round(WIDE * width / height)))
        )
        grey = (cv2.cvtColor(self._small(frame), cv2.COLOR_RGB2GRAY) for frame in clip.frames())
        self.pictures = np.stack([cv2.GaussianBlur(each, (3, 3), 0) for each in grey])
        self.level = loudness(samples, RATE)
        self.onsets = onsets(samples, RATE)
        self.times = clip.times

    def _small(self, picture: np.ndarray) -> np.ndarray:
        return cv2.resize(picture, self.size[::-1], interpolation=cv2.INTER_AREA)

    def spans(self, mask: Callable[[int], np.ndarray | None]) -> list[tuple[float, float]]:
        """[start, end] in seconds of the clip at which the object seems to sound; none = cannot be told.

        mask: frame index -> its pixels bool [H, W]; None or nothing in it = it is not seen there.
        """
        if not self.heard:
            return []
        stirs = self._stirs(mask)
        seen = ~np.isnan(stirs)
        if seen.sum() < FEWEST or not _agree(stirs, seen, self._outline(), self.times):
            return []
        return self._sounding(stirs, seen)

    def _stirs(self, mask: Callable[[int], np.ndarray | None]) -> np.ndarray:
        """float [N]: how much the object's pixels change up to each frame, beyond what all else does."""
        out = np.full(len(self.pictures), np.nan)
        before: np.ndarray | None = None
        for k, index in enumerate(self.clip.indices):
            pixels = mask(index)
            now = (
                None
                if pixels is None or not pixels.any()
                else self._small(pixels.astype(np.uint8) * 255) > 60
            )
            if now is not None and before is not None:
                change = cv2.absdiff(self.pictures[k], self.pictures[k - 1])
                both = now | before
                if both.sum() >= 6:
                    rest = change[~both]
                    out[k] = np.percentile(change[both], 85) - (np.median(rest) if rest.size else 0)
            before = now
        return np.log1p(np.maximum(out, 0))

    def _outline(self) -> np.ndarray:
        """float [N], 0 to 1: how loud it is at each frame."""
        at = np.clip((self.times / HOP).astype(int), 0, len(self.level) - 1)
        power = np.convolve(10 ** (self.level / 10), np.ones(9) / 9, "same")[at]
        level = 10 * np.log10(np.maximum(power, 1e-12))
        return np.asarray(np.clip((level - level.max() + RANGE) / RANGE, 0, 1))

    def _sounding(self, stirs: np.ndarray, seen: np.ndarray) -> list[tuple[float, float]]:
        """Stretches of sound, from one beginning to the next, at whose beginning the object stirs."""
        quiet, busy = np.percentile(stirs[seen], (40, 90))
        need = quiet + 0.35 * (busy - quiet)
        loud = self.level > self.level.max() - RANGE
        edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]]))).reshape(-1, 2) * HOP
        spans: list[tuple[float, float]] = []
        for start, end in edges:
            within = self.onsets[(self.onsets > start + 0.05) & (self.onsets < end - 0.03)]
            cuts = [start, *within, end]
            for a, b in pairwise(cuts):
                around = seen & (self.times > a - 0.12) & (self.times < min(b, a + 0.4) + 0.05)
                if not around.any() or np.nanmax(stirs[around]) < need:
                    continue
                if spans and a - spans[-1][1] < GAP:
                    spans[-1] = (spans[-1][0], float(b))
                else:
                    spans.append((float(a), float(b)))
        return [(round(a, 2), round(min(b, self.clip.duration), 2)) for a, b in spans]


def _agree(stirs: np.ndarray, seen: np.ndarray, outline: np.ndarray, times: np.ndarray) -> bool:
    """Whether it stirs with the sound more than it would with the same sound at another time."""
    step = float(np.median(np.diff(times)))
    rises = np.maximum(np.diff(outline, prepend=outline[:1]), 0)
    first, last = np.flatnonzero(seen)[[0, -1]]
    span = slice(int(first), int(last) + 1)
    moved = _flat(np.where(seen, stirs, 0), seen, step)[span]
    heard = np.stack([_flat(each, seen, step)[span] for each in (outline, rises)])
    spectrum = np.fft.rfft(moved).conj()[None] * np.fft.rfft(heard)
    size = np.linalg.norm(moved) * np.linalg.norm(heard, axis=1)
    by_shift = (np.fft.irfft(spectrum, n=len(moved)) / np.maximum(size, 1e-6)[:, None]).max(axis=0)
    shifts = np.arange(len(by_shift))
    away = np.minimum(shifts, len(shifts) - shifts) * step
    reach = max(1, round(LAG / step))
    around = np.max([np.roll(by_shift, k) for k in range(-reach, reach + 1)], axis=0)
    chance = around[away >= APART]
    if len(chance) < 20:
        return False
    above = (around[0] - chance.mean()) / max(float(chance.std()), 0.03)
    return bool(above >= BY_CHANCE and around[0] >= LEAST)


def _flat(values: np.ndarray, seen: np.ndarray, step: float) -> np.ndarray:
    """Without its running mean; 0 where it says nothing."""
    kernel = np.ones(2 * max(1, round(TREND / step / 2)) + 1)
    weight = np.convolve(seen.astype(float), kernel, "same")[: len(values)]
    mean = np.convolve(np.where(seen, values, 0), kernel, "same")[: len(values)] / np.maximum(weight, 1)
    flat = np.where(seen, values - mean, 0)
    spread = flat[seen].std()
    return np.asarray(np.clip(flat, -4 * spread, 4 * spread))
