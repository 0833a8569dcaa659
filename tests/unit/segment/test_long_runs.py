"""Long propagations stay small, and several users at once do not get in each other's way."""

import gc
import threading
import weakref
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import tiny_sam2
import torch

from core.segment.checkpoints import CHECKPOINTS
from core.segment.classical import ClassicalSegmenter
from core.segment.nano.config import NanoConfig
from core.segment.nano.look import save
from core.segment.nano.network import NanoNetwork
from core.segment.nano.segmenter import NanoSegmenter
from core.segment.protocol import Click, Prompts
from core.segment.sam2 import Sam2Segmenter
from core.segment.sam2_transformers import TransformersNetwork

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="resident memory is read from /proc"
)


def resident_mib():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("VmRSS is not in /proc/self/status")


def tiny():
    from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

    checkpoint = CHECKPOINTS["sam2.1-tiny"]
    return Sam2Segmenter(
        checkpoint.name, TransformersNetwork(tiny_sam2.sam2(), Sam2VideoInferenceSession, checkpoint.colours)
    )


def nano():
    torch.manual_seed(1)
    with TemporaryDirectory() as folder:
        save(NanoNetwork(NanoConfig(widths=(4, 8, 8, 8, 8), blocks=(1, 1, 1, 1), key=4)), Path(folder))
        return NanoSegmenter(Path(folder))


def grown(segmenter, disc, frames):
    """Resident memory after frame 100 and after the last frame, MiB; the disc stands still, so it never leaves."""
    thing = disc(size=(48, 80), radius=10, speed=0.0)
    steps = segmenter.propagate(thing.clip(frames), {1: {0: thing.mask(0)}}, range(frames))
    early = None
    for index, _ in enumerate(steps):
        if index == 100:
            early = resident_mib()
    return early, resident_mib()


# T10
@needs_proc
@pytest.mark.parametrize(("make", "frames"), [(ClassicalSegmenter, 600), (tiny, 160), (nano, 130)])
def test_memory_hundreds_of_frames_on_is_that_of_frame_100(make, frames, disc):
    early, late = grown(make(), disc, frames)
    assert late < 1.05 * early


class Picture(np.ndarray):
    """A picture of which it can be said whether anything still holds it, or a view of it."""


# T10
@pytest.mark.parametrize("make", [ClassicalSegmenter, tiny, nano])
def test_pictures_that_were_passed_are_let_go(make, disc):
    thing, given = disc(size=(48, 80), radius=10, speed=0.3), weakref.WeakValueDictionary()
    clip = thing.clip(8)
    draw = clip._draw

    def picture(index):
        given[index] = found = draw(index).view(Picture)
        return found

    clip._draw = picture
    most = 0
    segmenter = make()
    for _ in segmenter.propagate(clip, {1: {0: thing.mask(0)}}, range(8)):
        most = max(most, len(given))
    assert most <= 2
    if make is not ClassicalSegmenter:
        segmenter.cache.close()
    del segmenter
    gc.collect()
    assert not given


# T10
@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("make", [ClassicalSegmenter, tiny, nano])
def test_memory_at_frame_6000_is_that_of_frame_100(make, disc):
    early, late = grown(make(), disc, 6000)
    assert late < 1.05 * early


# T45
@pytest.mark.parametrize("make", [ClassicalSegmenter, tiny, nano])
def test_clicks_of_two_users_on_two_videos_never_cross(make, disc):
    """Each asks on its own video, at once, many times; each gets what it gets alone."""
    segmenter = make()
    things = disc(), disc(radius=25, speed=3.0)
    clips = [thing.clip(6) for thing in things]
    alone = [
        [segmenter.segment(clip, i, Prompts((Click(*thing.centre(i)),))) for i in range(6)]
        for thing, clip in zip(things, clips, strict=True)
    ]
    together: list[list] = [[], []]

    def user(number):
        for i in range(6):
            prompts = Prompts((Click(*things[number].centre(i)),))
            together[number].append(segmenter.segment(clips[number], i, prompts))

    threads = [threading.Thread(target=user, args=(number,)) for number in (0, 1)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert together == alone


# T46
@pytest.mark.parametrize("make", [ClassicalSegmenter, nano])
def test_a_click_is_answered_while_a_propagation_goes_on(make, disc):
    segmenter, thing = make(), disc(speed=0.5)
    frames = 60 if make is ClassicalSegmenter else 12
    clip, done, started = thing.clip(frames), [], threading.Event()

    def propagation():
        for step in segmenter.propagate(clip, {1: {0: thing.mask(0)}}, range(frames)):
            done.append(step)
            started.set()

    thread = threading.Thread(target=propagation)
    thread.start()
    started.wait()
    asked_at = len(done)
    found = segmenter.segment(clip, 0, Prompts((Click(*thing.centre(0)),)))
    answered_at = len(done)
    thread.join()
    assert found == segmenter.segment(clip, 0, Prompts((Click(*thing.centre(0)),)))
    assert len(done) == frames
    # the frame in work when it asked, and one more that may be counted before the slot changes hands
    assert answered_at - asked_at <= 2


# T12
@pytest.mark.parametrize("make", [tiny, nano])
def test_memory_is_given_back_after_the_cache_is_closed(make, disc):
    segmenter, thing = make(), disc(size=(48, 80), radius=10)
    for index in range(4):
        segmenter.segment(thing.clip(4), index, Prompts((Click(40, 24),)))
    assert segmenter.cache.bytes > 0
    segmenter.cache.close()
    assert segmenter.cache.bytes == 0


# T12
@needs_proc
@pytest.mark.parametrize("make", [ClassicalSegmenter, nano])
def test_after_twenty_videos_memory_is_that_after_the_first_few(make, disc):
    after = []
    for number in range(20):
        segmenter, thing = make(), disc(size=(48, 80), radius=10, speed=0.1 * number)
        clip = thing.clip(2)
        seed = segmenter.segment(clip, 0, Prompts((Click(40, 24),))).mask
        assert len(list(segmenter.propagate(clip, {1: {0: seed}}, range(2)))) == 2
        if make is nano:
            segmenter.close()
        after.append(resident_mib())
    assert after[-1] < 1.05 * after[4]
