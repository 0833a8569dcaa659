"""Sounds to learn names from: folders of recordings, one a category, and the voices of the world's cast."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.datasets.world.cast import DRAWN
from core.datasets.world.recordings import load
from core.datasets.world.score import stem
from core.datasets.world.sounds import VOICES
from core.datasets.world.synth import RATE as WORLD_RATE
from core.datasets.world.tunes import Band, Manner, notes
from core.errors import DatasetError
from core.media.audio import resample
from core.systems.blocks.logmel import RATE

SECONDS = 5
HELD_OUT = 6  # of each category of a folder the last by file name are never trained on
TAKES = 16  # of each voice of the world
ENDINGS = (".wav", ".flac", ".ogg", ".mp3")
# what a folder calls by what it does is called by what it is, as the world does
SAME = {"baby-cry": "baby", "clock-tick": "clock", "dog-bark": "dog", "fire-crackling": "fire"}
SAME |= {"person-sneeze": "sneeze", "crying-baby": "baby", "sneezing": "sneeze", "crackling-fire": "fire"}


@dataclass(frozen=True)
class Sounds:
    """A cache folder of sounds of five seconds at 16 kHz, padded with silence.

    names: the category of each.
    """

    folder: Path
    names: tuple[str, ...]

    @cached_property
    def samples(self) -> np.ndarray:
        """int16 [N, 80000], read-only."""
        return np.memmap(self.folder / "samples.i16", np.int16, "r").reshape(-1, SECONDS * RATE)

    def sound(self, number: int) -> np.ndarray:
        """float32 [80000], -1 to 1."""
        return self.samples[number].astype(np.float32) / 32768


def recordings(folder: Path, cache: Path, *, held_out: bool = False) -> Sounds:
    """What may be trained on of a folder with a folder for each category, or what is held out of it.

    Raises DatasetError for a folder of another shape.
    """
    folder = folder.resolve()
    groups = {
        path.name: sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS)
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if path.is_dir()
    }
    groups = {name: found for name, found in groups.items() if len(found) > HELD_OUT}
    if not groups:
        raise DatasetError(
            f"{folder} is no folder of sounds: expected a folder for each category with more than {HELD_OUT} "
            f"files ({', '.join(ENDINGS)}) in it."
        )
    chosen = [
        (SAME.get(name, name), path)
        for name, found in groups.items()
        for path in (found[-HELD_OUT:] if held_out else found[:-HELD_OUT])
    ]
    words = json.dumps([[str(path), path.stat().st_mtime_ns, name] for name, path in chosen])
    key = hashlib.sha256(words.encode()).hexdigest()[:12]
    return _kept(
        cache / f"sounds-{folder.name}-{key}",
        ((name, resample(load(str(path)), WORLD_RATE, RATE)) for name, path in chosen),
    )


def world(cache: Path, takes: int = TAKES) -> Sounds:
    """So many stretches of each voice of the world's cast, each with its own tune, pace and pauses."""
    return _kept(cache / f"sounds-world-1-{takes}", _voices(takes))


def voice_names() -> dict[str, str]:
    """What each voice of the cast is called: by its category, but people by whether they sing or speak."""
    named: dict[str, str] = {}
    for kind in DRAWN.values():
        for voice in kind.voices:
            if kind.family == "person" and voice != "baby":
                named[voice] = "singing" if voice.startswith("singing") else "speech"
            else:
                named[voice] = "horn" if voice == "horn" else kind.category
    return named


def _voices(takes: int) -> Iterator[tuple[str, np.ndarray]]:
    for number, (voice, name) in enumerate(sorted(voice_names().items())):
        for take in range(takes):
            rng = np.random.default_rng((number, take))
            band = Band(int(rng.integers(48, 60)), float(rng.choice([0.4, 0.5, 0.6])))
            manner = Manner(VOICES[voice].rate * rng.uniform(0.5, 1.8), float(rng.choice([0, 0, 0, -14, 14])))
            start = rng.uniform(0, 1.5) if rng.random() < 0.4 else 0.0
            end = rng.uniform(start + 1.5, SECONDS) if rng.random() < 0.4 else float(SECONDS)
            made = stem(voice, notes(voice, [(start, end)], manner, band, rng), -26.0, float(SECONDS)).sound
            yield name, resample(np.clip(made, -1, 1), WORLD_RATE, RATE)


def _kept(folder: Path, sounds: Iterator[tuple[str, np.ndarray]]) -> Sounds:
    """Decoded once; names.json is written last, so an unfinished folder is made again."""
    listing = folder / "names.json"
    if not listing.exists():
        folder.mkdir(parents=True, exist_ok=True)
        names = []
        with (folder / "samples.i16").open("wb") as out:
            for name, sound in sounds:
                names.append(name)
                whole = np.zeros(SECONDS * RATE, np.float32)
                whole[: len(sound)] = sound[: len(whole)]
                out.write((np.clip(whole, -1, 1) * 32767).round().astype(np.int16).tobytes())
        listing.write_text(json.dumps(names), encoding="utf-8")
    return Sounds(folder, tuple(json.loads(listing.read_text(encoding="utf-8"))))
