"""From answered frames to every frame."""

from collections.abc import Iterator

import drawn
import numpy as np
import pytest

from core import media
from core.masks import FrameMask, Mask, Track
from core.media import Clip
from core.segment.classical import ClassicalSegmenter
from core.systems import Found, Referral
from core.systems.densify import densify


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Clip:
    return media.open(drawn.film(tmp_path_factory.mktemp("drawn") / "film.mp4")).clip(10, 40)


def answer(clip: Clip, *tracks: dict[int, Mask]) -> Referral:
    indices = tuple(sorted({i for track in tracks for i in track}))
    return Referral(indices, tuple(Found(Track(clip.size, track)) for track in tracks), None, ())


def disc(index: int) -> Mask:
    return Mask.encode(drawn.truth(index / drawn.RATE)[0])


def test_every_frame_has_a_mask_near_the_truth(clip):
    frames = list(densify(clip, answer(clip, {15: disc(15), 30: disc(30)}), ClassicalSegmenter()))
    assert [frame[0].index for frame in frames] == list(clip.indices)
    for frame in frames:
        pixels, right = frame[0].mask.decode(), drawn.truth(frame[0].index / drawn.RATE)[0]
        assert (pixels & right).sum() / (pixels | right).sum() > 0.7


def test_answered_frames_keep_their_masks(clip):
    given = {15: disc(15), 30: disc(30)}
    frames = {
        frame[0].index: frame[0].mask for frame in densify(clip, answer(clip, given), ClassicalSegmenter())
    }
    assert all(frames[i] == mask for i, mask in given.items())


def test_an_object_that_was_answered_absent_stays_absent_until_it_is_seen(clip):
    nothing = Mask.empty(clip.size)
    given = {10: nothing, 30: disc(30), 35: nothing}
    frames = {
        frame[0].index: frame[0].mask for frame in densify(clip, answer(clip, given), ClassicalSegmenter())
    }
    assert all(frames[i].is_empty for i in [*range(10, 30), *range(35, 41)])
    assert not frames[32].is_empty


def test_a_null_answer_has_no_frames(clip):
    assert list(densify(clip, Referral((10,), (), None, ()), ClassicalSegmenter())) == []


def test_nothing_is_carried_where_every_frame_was_answered(clip):
    class Unused:
        name = "unused"

        def propagate(self, *_: object, **__: object) -> Iterator[dict[int, FrameMask]]:
            raise AssertionError("nothing is between")

    frames = list(densify(clip, answer(clip, {i: disc(i) for i in clip.indices}), Unused()))  # type: ignore[arg-type]
    assert len(frames) == len(clip)
    assert np.all([frame[0].score == 1.0 for frame in frames])
