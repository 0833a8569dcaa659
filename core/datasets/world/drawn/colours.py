"""Colours with the names that sentences use."""

import numpy as np

RGB = tuple[float, float, float]

NAMED: dict[str, RGB] = {
    "red": (0.82, 0.20, 0.17),
    "orange": (0.93, 0.52, 0.16),
    "yellow": (0.95, 0.79, 0.25),
    "green": (0.27, 0.58, 0.32),
    "blue": (0.20, 0.42, 0.75),
    "purple": (0.52, 0.32, 0.66),
    "pink": (0.93, 0.55, 0.64),
    "brown": (0.50, 0.31, 0.18),
    "white": (0.93, 0.91, 0.87),
    "gray": (0.55, 0.56, 0.58),
    "black": (0.17, 0.17, 0.19),
    "golden": (0.88, 0.66, 0.25),
    "silver": (0.76, 0.78, 0.81),
}
SKIN: tuple[RGB, ...] = (
    (0.96, 0.80, 0.68),
    (0.89, 0.69, 0.54),
    (0.76, 0.55, 0.40),
    (0.58, 0.39, 0.27),
    (0.43, 0.28, 0.20),
)
HAIR: dict[str, RGB] = {
    "black": (0.14, 0.12, 0.12),
    "brown": (0.36, 0.22, 0.13),
    "blonde": (0.86, 0.69, 0.38),
    "red": (0.66, 0.29, 0.14),
    "gray": (0.72, 0.71, 0.70),
}


def rgb(name: str) -> RGB:
    """The colour of that name."""
    return NAMED[name]


def floats(tone: RGB) -> np.ndarray:
    """float32 [3]."""
    return np.asarray(tone, np.float32)


def mixed(a: RGB, b: RGB, share: float) -> RGB:
    """`share` of b in a."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def darker(a: RGB, by: float = 0.3) -> RGB:
    return mixed(a, (0.05, 0.04, 0.10), by)


def lighter(a: RGB, by: float = 0.3) -> RGB:
    return mixed(a, (1.0, 0.99, 0.95), by)


def varied(a: RGB, rng: np.random.Generator, by: float = 0.04) -> RGB:
    """The colour a little off, so that two reds are not the same red."""
    r, g, b = np.clip(np.asarray(a) * (1 + rng.uniform(-by, by)) + rng.uniform(-by, by, 3) * 0.6, 0.02, 1)
    return float(r), float(g), float(b)


def tinted(tone: RGB, shade: np.ndarray) -> np.ndarray:
    """float32 [h, w, 3]: `tone` under light `shade` [h, w] about 1; shadows turn cool, light turns warm."""
    shade = shade[..., None]
    base = floats(tone) * shade
    warm = floats((1.0, 0.93, 0.78)) * np.clip(shade - 1, 0, 1) * 0.35
    cool = floats((0.02, 0.02, 0.07)) * np.clip(1 - shade, 0, 1)
    return (base + warm + cool).astype(np.float32)
