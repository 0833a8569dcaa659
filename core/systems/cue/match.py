"""Match: evidence that this thing makes this sound: it changes as the sound comes and goes."""

from dataclasses import dataclass

import numpy as np

from core.systems.cue.candidate import Candidate, Sight
from core.systems.cue.listen import Hearing

LAG = 2  # moments (0.16 s) that sound may run before or after what is seen
TREND = 1.5  # seconds: slower changes of either say nothing
APART = 1.0  # seconds: a shift at least this large makes a pairing that can only agree by chance
BY_CHANCE = 2.0  # standard deviations that the best of some six candidates easily reaches by chance
ENOUGH = 50  # moments needed before a missing agreement says anything


@dataclass(frozen=True)
class Match:
    """How a candidate goes with the sound.

    goes: 0 to 1, how sure it is that they go together.
    agreement: the largest correlation at a small lag; usual: the same with film and sound shifted against
    each other; chance: how many standard deviations lie between them. told: there was enough to tell.
    lag: seconds the sound comes after the picture. there: share of the sound during which it is seen.
    active: seconds of the onsets at which it moved.
    """

    goes: float = 0.0
    agreement: float = 0.0
    usual: float = 0.0
    chance: float = 0.0
    told: bool = False
    lag: float = 0.0
    there: float = 1.0
    active: tuple[float, ...] = ()


def match(candidate: Candidate, hearing: Hearing) -> Match:
    """The evidence for one candidate."""
    sight = candidate.sight
    times = sight.moments
    usable = candidate_moments(candidate)
    if not hearing.heard or usable.sum() < 12:
        return Match()
    outline = hearing.outline(times)
    rises = np.maximum(np.diff(outline, prepend=outline[:1]), 0)
    seen = np.log1p(candidate.energy / (np.median(candidate.energy[usable], axis=0) + 20))
    seen = np.concatenate([seen, seen.mean(axis=1, keepdims=True)], axis=1)
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.08
    heard = np.stack([_detrended(s, usable, step) for s in (outline, rises)])
    moved = np.stack([_detrended(s, usable, step) for s in seen.T])
    span = slice(int(usable.argmax()), len(usable) - int(usable[::-1].argmax()))  # only while it is there
    by_shift = correlations(moved[:, span], heard[:, span])
    shifts = np.arange(len(by_shift))
    away = np.minimum(shifts, len(shifts) - shifts)
    near = away <= LAG
    windows = np.max([np.roll(by_shift, k) for k in range(-LAG, LAG + 1)], axis=0)
    chance = windows[away * step >= APART]
    best = int(np.where(near, by_shift, -2).argmax())
    agreement = float(by_shift[best])
    spread = float(chance.std()) if len(chance) >= 20 else 0.2
    usual = float(chance.mean()) if len(chance) >= 20 else 0.5
    above = (agreement - usual) / max(spread, 0.03)
    goes = float(np.clip((above - BY_CHANCE) / 1.5, 0, 1)) * float(np.clip(agreement / 0.35, 0, 1))
    told = bool(usable.sum() >= ENOUGH and float(outline[usable].std()) > 0.08)
    lag = (best if best <= LAG else best - len(shifts)) * step
    there = float(outline[usable].sum() / max(outline.sum(), 1e-6))
    return Match(goes, agreement, usual, above, told, lag, there, active_onsets(candidate, hearing, usable))


def candidate_moments(candidate: Candidate) -> np.ndarray:
    """bool [M]: moments at which it is there and nothing is cut."""
    there = np.asarray(candidate.energy.any(axis=1))
    first, last = np.flatnonzero(there)[[0, -1]] if there.any() else (0, -1)
    within = np.zeros(len(there), bool)
    within[first : last + 1] = True
    return within & ~candidate.sight.broken


def correlations(moved: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """float [M]: for each circular shift the best correlation of any part's motion with any line of the sound.

    moved: float [P, M], heard: float [S, M], zero mean. Shift k pairs motion at t with sound at t + k.
    """
    spectra = np.fft.rfft(moved), np.fft.rfft(heard)
    shared = np.fft.irfft(spectra[0].conj()[:, None] * spectra[1][None], n=moved.shape[1])
    size = np.linalg.norm(moved, axis=1)[:, None] * np.linalg.norm(heard, axis=1)[None]
    return np.asarray((shared / np.maximum(size, 1e-6)[..., None]).max(axis=(0, 1)))


def active_onsets(candidate: Candidate, hearing: Hearing, usable: np.ndarray) -> tuple[float, ...]:
    """Onsets (or starts of events) around which it moves more than it mostly does."""
    sight: Sight = candidate.sight
    strength = candidate.energy.max(axis=1)
    if not usable.any():
        return ()
    quiet, busy = np.percentile(strength[usable], (40, 90))
    level = quiet + 0.35 * (busy - quiet)
    starts = np.union1d(hearing.onsets, [e.start for e in hearing.events])
    active = []
    for time in starts:
        around = usable & (sight.moments > time - 0.15) & (sight.moments < time + 0.25)
        if around.any() and busy > 2 and strength[around].max() > level:
            active.append(round(float(time), 2))
    return tuple(active)


def _detrended(values: np.ndarray, usable: np.ndarray, step: float) -> np.ndarray:
    """Without its running mean over 1.5 s; 0 where it says nothing."""
    reach = max(1, round(TREND / step / 2))
    kernel = np.ones(2 * reach + 1)
    weight = np.convolve(usable.astype(float), kernel, "same")
    mean = np.convolve(np.where(usable, values, 0), kernel, "same") / np.maximum(weight, 1)
    flat = np.where(usable, values - mean, 0)
    spread = flat[usable].std() if usable.any() else 1.0
    return np.asarray(np.clip(flat, -4 * spread, 4 * spread))
