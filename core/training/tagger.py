"""How the tagger learns: sounds put together at random levels, with noise, and the names of each second."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.systems.blocks.logmel import BANDS, RATE
from core.systems.blocks.tagger import ROWS, Tagger, TaggerConfig, rows_of
from core.training.sounds import SECONDS, Sounds

SILENCE = "silence"
LENGTH, BATCH = 4, 16  # seconds of a scene, scenes a batch
BLOCK = RATE // 10
AUDIBLE = 20.0  # dB under its loudest tenth of a second down to which a sound is taken to be heard
STRANGE = 0.1  # share of the sounds that are made-up tones without a name: most sounds out there are unknown


class TaggerTask:
    """Implements core.training.loop.Task. Two of three sounds come from recordings, the rest from `voices`."""

    def __init__(self, recorded: Sequence[Sounds], voices: Sounds, *, seed: int = 0) -> None:
        names = {name for sounds in (*recorded, voices) for name in sounds.names}
        real = sorted({name for sounds in recorded for name in sounds.names})
        config = TaggerConfig((SILENCE, *sorted(names - {SILENCE})), tuple(real))
        torch.manual_seed(seed)
        self.network = Tagger(config)
        self._columns = {name: k for k, name in enumerate(config.categories)}
        self._groups = [
            [group for sounds in source for group in _by_name(sounds)] for source in (recorded, [voices])
        ]
        self._seed = seed
        self._noise = _noises(np.random.default_rng(seed))

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """Binary cross-entropy of each name in each second, summed over the names."""
        rng = np.random.default_rng([self._seed, step])
        scenes = [self._scene(rng) for _ in range(BATCH)]
        rows = rows_of(torch.from_numpy(np.stack([sound for sound, _ in scenes])), LENGTH)
        target = torch.from_numpy(np.stack([names for _, names in scenes]))
        logits = self.network(_veiled(rows, rng))
        loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(2).mean()
        found = logits.detach().argmax(2)
        right = float(target.gather(2, found[..., None]).mean())
        return loss, {"loss": float(loss.detach()), "right": right}

    def _scene(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """float32 [n] and float32 [LENGTH, C]: none, one, two or three sounds, and what is heard when."""
        sound = np.zeros(LENGTH * RATE, np.float32)
        heard = np.zeros((LENGTH, len(self._columns)), np.float32)
        silent = np.ones(LENGTH, bool)
        level = rng.uniform(-40, -12)
        for number in range(int(rng.choice(4, p=(0.04, 0.66, 0.25, 0.05)))):
            strange = rng.random() < STRANGE
            one, name = (_tones(rng), None) if strange else self._sound(rng)
            power = (one.reshape(-1, BLOCK) ** 2).mean(1)
            loud = power > max(power.max() * 10 ** (-AUDIBLE / 10), 1e-9)
            if not loud.any():
                continue
            gain = level + (rng.uniform(-10, 3) if number else 0.0) - 10 * np.log10(power[loud].mean())
            sound += one * np.float32(10 ** (gain / 20))
            seconds = loud.reshape(LENGTH, -1).any(1)
            silent &= ~seconds
            if name:
                heard[seconds, self._columns[name]] = 1
        heard[silent, self._columns[SILENCE]] = 1
        noise = rng.uniform(5, 45) if rng.random() < 0.6 else 80.0
        sound += self._hiss(rng) * np.float32(10 ** ((level - noise) / 20))
        return np.clip(sound, -1, 1), heard

    def _sound(self, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """Four seconds of one sound from anywhere in it, up to a sixth faster or slower."""
        source = self._groups[0] if self._groups[0] and rng.random() < 0.67 else self._groups[1]
        sounds, name, numbers = source[rng.integers(len(source))]
        whole = np.roll(sounds.sound(numbers[rng.integers(len(numbers))]), rng.integers(SECONDS * RATE))
        if rng.random() < 0.5:
            at = np.arange(LENGTH * RATE) * rng.uniform(0.86, 1.16)
            return np.interp(at, np.arange(len(whole)), whole).astype(np.float32), name
        return whole[: LENGTH * RATE], name

    def _hiss(self, rng: np.random.Generator) -> np.ndarray:
        colour = self._noise[rng.integers(len(self._noise))]
        start = rng.integers(len(colour) - LENGTH * RATE)
        return colour[start : start + LENGTH * RATE]


def heard_of(chances: np.ndarray, categories: Sequence[str]) -> np.ndarray:
    """float [C]: how surely each is heard in a clip: the mean over the seconds that are not silent.

    chances: float [S, C] of Tagger.hear. Silence itself gets 0 where anything else is heard.
    """
    silent = chances[:, categories.index(SILENCE)] > 0.5
    if silent.all():
        return np.asarray(chances.mean(0))
    found = chances[~silent].mean(0)
    found[categories.index(SILENCE)] = 0
    return np.asarray(found)


def confusion(tagger: Tagger, sounds: Sounds) -> tuple[list[str], list[str], np.ndarray]:
    """(the sounds' categories, what was answered, int [rows, answers]): the surest of all names for each."""
    categories = tagger.config.categories
    said = []
    for number in range(len(sounds.names)):
        _, chances = tagger.hear(sounds.sound(number), RATE)
        said.append(categories[int(heard_of(chances, categories).argmax())])
    rows = sorted(set(sounds.names))
    columns = rows + sorted(set(said) - set(rows))
    table = np.zeros((len(rows), len(columns)), int)
    for name, answer in zip(sounds.names, said, strict=True):
        table[rows.index(name), columns.index(answer)] += 1
    return rows, columns, table


def as_table(rows: Sequence[str], columns: Sequence[str], table: np.ndarray) -> str:
    """The confusion as a Markdown table, with the share that is right above it."""
    right = sum(int(table[k, columns.index(name)]) for k, name in enumerate(rows))
    lines = [f"{100 * right / max(table.sum(), 1):.1f} % of {table.sum()} held-out recordings right", ""]
    lines += ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, counts in zip(rows, table.tolist(), strict=True):
        lines.append(f"| {name} | " + " | ".join(str(n) if n else "" for n in counts) + " |")
    return "\n".join(lines)


def _by_name(sounds: Sounds) -> list[tuple[Sounds, str, list[int]]]:
    names = sorted(set(sounds.names))
    return [(sounds, name, [k for k, n in enumerate(sounds.names) if n == name]) for name in names]


def _noises(rng: np.random.Generator) -> list[np.ndarray]:
    """White, pink and brown noise of half a minute each, RMS 1."""
    found = []
    spectrum = np.fft.rfft(rng.normal(size=30 * RATE))
    hertz = np.maximum(np.fft.rfftfreq(30 * RATE, 1 / RATE), 30.0)
    for slope in (0.0, 0.5, 1.0):
        noise = np.fft.irfft(spectrum * hertz**-slope)
        found.append((noise / noise.std()).astype(np.float32))
    return found


def _tones(rng: np.random.Generator) -> np.ndarray:
    """float32 [LENGTH * RATE]: up to a dozen notes of one timbre that no thing is known to have."""
    sound = np.zeros(LENGTH * RATE, np.float32)
    partials = np.exp(rng.normal(0, 0.7, 10) - rng.uniform(0, 0.6) * np.arange(10))
    attack, decay = rng.uniform(0.005, 0.2), rng.uniform(0.1, 3)
    depth, pace, low = rng.uniform(0, 0.01), rng.uniform(3, 7), rng.uniform(60, 700)
    for start in rng.integers(LENGTH * RATE, size=int(rng.integers(1, 13))).tolist():
        t = np.arange(min(len(sound) - start, int(RATE * rng.uniform(0.1, 1.5))), dtype=np.float32) / RATE
        phase = 2 * np.pi * low * 2 ** rng.uniform(0, 1.5) * (t + depth / pace * np.sin(pace * 6 * t))
        wave = np.imag(np.polyval([*partials[::-1], 0], np.exp(1j * phase)))  # the partials, all at once
        fade = np.minimum(np.arange(len(t), 0, -1) / 400, 1)
        sound[start : start + len(t)] += wave * np.minimum(t / attack, 1) * np.exp(-t / decay) * fade
    return sound


def _veiled(rows: Tensor, rng: np.random.Generator) -> Tensor:
    """Each scene through another microphone (a smooth curve over the bands), with bands and moments left out."""
    count, length, _ = rows.shape
    points = np.linspace(0, BANDS - 1, 6)
    curves = [np.interp(np.arange(BANDS), points, rng.normal(0, 0.4, 6)) for _ in range(count)]
    rows = rows + torch.from_numpy(np.stack(curves)).float()[:, None]
    even = float(rows.mean())
    for scene in rows:
        for _ in range(2):
            band, wide = rng.integers(BANDS), rng.integers(9)
            scene[:, band : band + wide] = even
            start, long = rng.integers(length), rng.integers(ROWS // 4)
            scene[start : start + long] = even
    return rows
