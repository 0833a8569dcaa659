"""A desk on a small clip, with a segmenter that answers at once: a square of 8 pixels at the last click."""

import makers
import numpy as np
import pytest

from app.desk import Desk
from core import media
from core.masks import FrameMask, Mask
from core.segment.protocol import Prediction


class Squares:
    """Answers squares around positive clicks, nothing after a negative one, the box for a box."""

    name = "squares"

    def segment(self, clip, index, prompts, *, previous=None):
        pixels = np.zeros(clip.size, bool)
        if prompts.box is not None:
            x0, y0, x1, y1 = map(round, prompts.box)
            pixels[y0:y1, x0:x1] = True
        for click in prompts.clicks:
            x, y = int(click.x), int(click.y)
            pixels[max(y - 4, 0) : y + 4, max(x - 4, 0) : x + 4] = click.positive
        return Prediction(Mask.encode(pixels), 0.9)

    def propagate(self, clip, seeds, indices, *, barriers=()):
        for index in indices:
            yield {
                thing: FrameMask(index, frames.get(index) or next(iter(frames.values())), 0.8)
                for thing, frames in seeds.items()
            }


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    path = makers.make_clip(tmp_path_factory.mktemp("app") / "clip.mp4", frames=12)
    return media.open(path).clip()


@pytest.fixture
def desk(clip):
    return Desk(clip, Squares, name="clip")
