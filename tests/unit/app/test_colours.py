"""The colours of objects differ for everybody: also as eyes see them that lack one kind of cone."""

import re
from itertools import combinations

import numpy as np
import pytest

from app.player.modules import MODULES

# Linear RGB as it is seen without one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1.
EYES = {
    "all cones": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
SEEN = 2.3  # the least difference in CIE Lab that is just noticed


def lab(rgb, eyes):
    value = np.array(rgb) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(eyes) @ linear, 0, 1)
    xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]] @ seen
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", EYES.values(), ids=EYES.keys())
def test_any_two_objects_can_be_told_apart(eyes):
    palette = re.findall(r"\[(\d+), (\d+), (\d+)\]", MODULES["colours.js"])
    colours = [lab([int(part) for part in colour], eyes) for colour in palette]
    assert len(colours) == 7
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(colours, 2)) > 4 * SEEN
