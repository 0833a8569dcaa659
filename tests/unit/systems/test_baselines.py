"""The floors: what they answer, and that they answer every second."""

import numpy as np
import pytest

from core import media, registry
from core.errors import RefavsError
from core.systems.baselines import one_a_second
from core.systems.protocol import FrameMask, Referral

SIZE = (60, 90)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Ten frames, one a second: a bright textured square moves on a textured ground that jitters."""
    from PIL import Image

    root = tmp_path_factory.mktemp("clip")
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 120, (80, 110, 3), dtype=np.uint8)
    thing = rng.integers(120, 255, (24, 24, 3), dtype=np.uint8)
    for k in range(10):
        frame = ground[k % 2 : k % 2 + SIZE[0], : SIZE[1]].copy()
        frame[20:44, 10 + 3 * k : 34 + 3 * k] = thing
        Image.fromarray(frame).save(root / f"{k}.png")
    return media.open(root).clip()


def answer(name, clip, expression="Anything."):
    items = list(registry.system(name).refer(clip, expression))
    assert isinstance(items[-1], Referral)
    assert [item.index for item in items if isinstance(item, FrameMask)] == list(items[-1].indices)
    return items[-1]


@pytest.mark.parametrize("name", ["whole-frame", "centre-box", "largest-motion"])
def test_every_second_is_answered_with_hard_masks_whatever_is_asked(clip, name):
    first, second = answer(name, clip), answer(name, clip, None)
    assert first.indices == tuple(range(10))
    assert first.logits is None
    (found,) = first.objects
    assert found.track.masks == second.objects[0].track.masks
    assert all(mask.size == SIZE for mask in found.track.masks.values())


def test_the_whole_frame_and_the_centre_box_are_what_they_say(clip):
    whole = answer("whole-frame", clip).objects[0].track.masks[3]
    assert whole.area == SIZE[0] * SIZE[1]
    centre = answer("centre-box", clip).objects[0].track.masks[3]
    assert centre.box == (22, 15, 68, 45)


def test_the_largest_motion_finds_what_moves_otherwise_than_the_camera(clip):
    masks = answer("largest-motion", clip).objects[0].track.masks
    hits = 0
    for k, mask in masks.items():
        truth = np.zeros(SIZE, dtype=bool)
        truth[20:44, 10 + 3 * k : 34 + 3 * k] = True
        found = mask.decode()
        hits += (found & truth).sum() / max((found | truth).sum(), 1) > 0.3
    assert hits >= 7


def test_a_still_clip_has_no_motion(tmp_path):
    from PIL import Image

    for k in range(3):
        Image.new("RGB", (64, 48), (90, 90, 90)).save(tmp_path / f"{k}.png")
    still = media.open(tmp_path).clip()
    assert all(mask.is_empty for mask in answer("largest-motion", still).objects[0].track.masks.values())


def test_seconds_are_counted_from_the_clips_start(clip):
    part = media.open(clip.video.path).clip(4, 7)
    assert one_a_second(part) == (4, 5, 6, 7)


def test_a_baseline_takes_no_weights(tmp_path):
    with pytest.raises(RefavsError, match="learns nothing"):
        registry.system("centre-box", tmp_path)
