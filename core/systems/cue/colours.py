"""Colours by their names, in Lab."""

import cv2
import numpy as np

# Typical places of the basic colour terms in CIE Lab (D65), from the sRGB colours people call by that name.
TYPICAL = {
    "black": [(8, 0, 0), (20, 0, 0)],
    "gray": [(45, 0, 0), (62, 0, 0), (75, 0, 0)],
    "white": [(97, 0, 0), (88, 0, 2)],
    "red": [(45, 62, 42), (35, 50, 30), (53, 80, 67)],
    "orange": [(67, 43, 74), (60, 45, 50), (70, 28, 45)],
    "brown": [(30, 18, 22), (38, 14, 25), (48, 15, 28), (25, 10, 14)],
    "yellow": [(92, -12, 85), (85, 0, 60), (80, 8, 75)],
    "green": [(46, -46, 40), (60, -45, 30), (35, -22, 15), (70, -40, 50), (55, -30, -2)],
    "blue": [(35, 25, -60), (55, -5, -40), (30, 5, -30), (65, -18, -30), (20, 10, -28)],
    "purple": [(35, 45, -40), (45, 40, -25), (30, 30, -20)],
    "pink": [(75, 35, 5), (65, 45, 8), (80, 25, 8), (60, 55, 0)],
    "beige": [(85, 3, 18), (75, 6, 22)],
}
LIKE = {"golden": ("yellow", "orange", "brown"), "silver": ("gray", "white")}
_NAMES = [name for name, places in TYPICAL.items() for _ in places]
_PLACES = np.array([place for places in TYPICAL.values() for place in places], np.float32)
_NEAR = {
    "orange": ("brown", "beige"),
    "red": ("pink", "orange", "brown"),
    "pink": ("red", "purple", "beige"),
    "brown": ("orange", "beige", "red"),
    "yellow": ("beige", "orange"),
    "white": ("gray", "beige"),
    "gray": ("black", "white"),
    "black": ("gray", "brown"),
    "blue": ("purple",),
    "purple": ("blue", "pink"),
    "beige": ("brown", "white", "yellow", "orange"),
}


CELLS = 512


def lab(picture: np.ndarray) -> np.ndarray:
    """float32 [h, w, 3]: L 0 to 100, a and b about -127 to 127. picture: uint8 [h, w, 3] RGB."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def cells(picture: np.ndarray) -> np.ndarray:
    """int [h, w], 0 to 511: the cell of each pixel's Lab colour, 8 steps an axis. picture: uint8 [h, w, 3]."""
    values = lab(picture)
    light = np.clip(values[..., 0] / 100 * 8, 0, 7).astype(int)
    a, b = (np.clip((values[..., k] + 64) / 16, 0, 7).astype(int) for k in (1, 2))
    return np.asarray(light * 64 + a * 8 + b)


def colour_names(pixels: np.ndarray) -> np.ndarray:
    """int [n]: position in TYPICAL of the nearest colour. pixels: uint8 [n, 3] RGB. Hue outweighs light."""
    values = lab(pixels.reshape(1, -1, 3))[0]
    scale = np.array([0.5, 1, 1], np.float32)
    away = np.linalg.norm((values[:, None] - _PLACES) * scale, axis=-1)
    order = list(TYPICAL)
    return np.array([order.index(_NAMES[i]) for i in range(len(_NAMES))])[away.argmin(axis=1)]


def named_shares(pixels: np.ndarray) -> dict[str, float]:
    """Share of the pixels of each colour, most first. pixels: uint8 [n, 3]; every n-th when there are many."""
    if not len(pixels):
        return {}
    names = colour_names(pixels[:: max(1, len(pixels) // 4000)])
    counts = np.bincount(names, minlength=len(TYPICAL)) / len(names)
    return dict(sorted(zip(TYPICAL, counts.tolist(), strict=True), key=lambda item: -item[1]))


def fits(shares: dict[str, float], colour: str) -> float:
    """0 to 1: how well a thing of these shares is called by that colour; a neighbouring colour counts a quarter."""
    wanted = LIKE.get(colour, (colour,))
    own = sum(shares.get(name, 0.0) for name in wanted)
    near = {n for name in wanted for n in _NEAR.get(name, ())} - set(wanted)
    return min(1.0, own + sum(shares.get(name, 0.0) for name in near) / 4)


def skin_share(pixels: np.ndarray) -> float:
    """Share of pixels of a colour that skin can have, under light that is not strongly coloured."""
    if not len(pixels):
        return 0.0
    return float(is_skin(pixels[:: max(1, len(pixels) // 4000)]).mean())


def is_skin(pixels: np.ndarray) -> np.ndarray:
    """bool [...]: the band of Lab hue and strength that skin of any tone falls into. pixels: uint8 [..., 3]."""
    shape = pixels.shape[:-1]
    values = lab(pixels.reshape(1, -1, 3))[0]
    light, strength = values[:, 0], np.hypot(values[:, 1], values[:, 2])
    hue = np.degrees(np.arctan2(values[:, 2], values[:, 1]))
    return (
        (light > 20) & (light < 92) & (strength > 10) & (strength < 45) & (hue > 18) & (hue < 72)
    ).reshape(shape)
