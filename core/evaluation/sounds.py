"""Other sound in place of a clip's own, the truth left as it is: how much does a system listen?"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np

from core.errors import RefavsError
from core.media import Clip

RATE = 16000
Kind = Literal["normal", "mute", "noise", "offscreen"]

ANIMALS = """bird cat dog donkey duck elephant goose hen horse leopard lion lions parrot pig sheep squirrel
tiger wolf mynah coyote cow chicken frog bear monkey animal"""
HUMANS = "baby boy girl man woman male female person people child laughter speech"
MUSIC = """playing accordion bassoon cello clarinet drum erhu flute guitar guzheng handpan harmonica harp
keyboard marimba piano pipa saxophone sitar sorna tabla trombone trumpet tuba ukulele violin glockenspiel
banjo bell instrument"""
NEAR = {"music": {"music", "human", "device"}, "human": {"human", "music", "animal"}}
NEAR |= {"animal": {"animal", "human"}, "device": {"device", "music"}}


@dataclass(frozen=True)
class Audio:
    """kind; level: decibels below full scale (RMS) of the noise."""

    kind: Kind
    level: float = 0.0
    words: str = "normal"


@dataclass(frozen=True)
class Donor:
    """A clip whose sound can be put under another. categories: of everything in it; () = unknown."""

    name: str
    categories: tuple[str, ...]
    open: Callable[[], Clip]


def parse_audio(words: str) -> Audio:
    """normal, mute, offscreen, or noise:DB (DB >= 0). Raises RefavsError for anything else."""
    if words == "normal":
        return Audio("normal", words=words)
    if words == "mute":
        return Audio("mute", words=words)
    if words == "offscreen":
        return Audio("offscreen", words=words)
    level = re.fullmatch(r"noise:(\d+(?:\.\d+)?)", words)
    if level:
        return Audio("noise", float(level[1]), words)
    raise RefavsError(
        "--audio takes normal, mute, offscreen or noise:DB (noise:10 = 10 dB below full scale); "
        f"got {words!r}."
    )


def replaced(clip: Clip, audio: Audio, name: str, donors: Sequence[Donor], key: str) -> Clip:
    """The clip `name` with that sound; the same `key` gives the same noise.

    `donors` holds every clip of the dataset, this one too. RefavsError when off-screen sound has no
    other clip.
    """
    if audio.kind == "normal":
        return clip
    if audio.kind == "offscreen":
        return clip.with_audio(_offscreen(name, donors), RATE)
    samples = np.zeros(max(round(clip.duration * RATE), 1), dtype=np.float32)
    if audio.kind == "noise":
        noise = np.random.default_rng(crc32(key.encode())).normal(size=len(samples))
        samples = (noise * 10 ** (-audio.level / 20) / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return clip.with_audio(samples, RATE)


def groups(categories: Sequence[str]) -> set[str]:
    """music, human, animal, device: what the names are; an unknown name is a device."""
    return {_group(name) for name in categories}


def _group(category: str) -> str:
    words = set(re.split(r"[-_\s]+", category.lower()))
    for group, names in (("animal", ANIMALS), ("human", HUMANS), ("music", MUSIC)):
        if words & set(names.split()):
            return group
    return "human" if "singing" in words else "device"


def _offscreen(name: str, donors: Sequence[Donor]) -> np.ndarray:
    """The sound of the next clip of a distant group (music with animals, people with devices ...).

    If there is none, of another category; if there is none, of any other clip.
    """
    place = next((k for k, donor in enumerate(donors) if donor.name == name), 0)
    ours = donors[place].categories if donors and donors[place].name == name else ()
    near = set().union(*(NEAR[group] for group in groups(ours)))

    def distance(other: Donor) -> int:
        if not ours or not other.categories:
            return 2
        if set(ours) & set(other.categories):
            return 3
        return 1 if groups(other.categories) & near else 0

    turned = [donor for donor in (*donors[place:], *donors[:place]) if donor.name != name]
    for donor in sorted(turned, key=distance):
        samples = donor.open().audio(RATE)
        if samples is not None:
            return samples
    raise RefavsError(
        "--audio offscreen needs the sound of another clip; the dataset has no second clip with sound."
    )
