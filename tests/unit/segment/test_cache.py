import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from core.segment import cache as cache_module
from core.segment.cache import FrameCache
from core.segment.slot import compute_slot


@pytest.fixture
def clip(drawn_clip):
    return drawn_clip(lambda i: np.zeros((4, 4, 3), np.uint8), 50, (4, 4), sha256="a")


@pytest.fixture
def other(drawn_clip):
    return drawn_clip(lambda i: np.zeros((4, 4, 3), np.uint8), 50, (4, 4), sha256="b")


@pytest.fixture
def made():
    """Which frames were encoded, in order; `encode(clip, index)` makes a value of 10 bytes."""
    return []


@pytest.fixture
def keep(made):
    caches = []

    def build(limit, *, ahead=False, seconds=0.0):
        def encode(clip, index):
            def make():
                made.append((clip.video.sha256, index))
                time.sleep(seconds)
                return f"{clip.video.sha256}{index}"

            return cache.get(clip, index, make)

        cache = FrameCache(limit=limit, size=lambda value: 10, ahead=encode if ahead else None)
        caches.append(cache)
        return cache, encode

    yield build
    for cache in caches:
        cache.close()


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def test_a_frame_is_encoded_once_and_then_kept(keep, made, clip):
    _, encode = keep(100)
    assert [encode(clip, 3), encode(clip, 3)] == ["a3", "a3"]
    assert made == [("a", 3)]


def test_the_same_frame_of_two_videos_is_two_things(keep, clip, other):
    _, encode = keep(100)
    assert [encode(clip, 3), encode(other, 3)] == ["a3", "b3"]


def test_a_frame_is_never_encoded_twice_at_once(keep, made, clip):
    _, encode = keep(100, seconds=0.05)
    threads = [threading.Thread(target=encode, args=(clip, 1)) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert made == [("a", 1)]


def test_a_failed_encode_is_not_kept(clip):
    cache = FrameCache(limit=100, size=lambda value: 10)

    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.get(clip, 0, fail)
    assert cache.get(clip, 0, lambda: "fine") == "fine"


def test_when_full_the_frame_farthest_from_the_annotator_goes(keep, clip):
    cache, encode = keep(30)
    for index in (10, 20, 30):
        cache.visit(clip, index)
        encode(clip, index)
    cache.visit(clip, 21)
    encode(clip, 21)
    assert [i for i in range(50) if cache.views(clip, i)] == [20, 21, 30]
    cache.visit(clip, 29)
    encode(clip, 29)
    assert [i for i in range(50) if cache.views(clip, i)] == [21, 29, 30]
    assert cache.bytes == 30


def test_a_video_nobody_visits_any_more_gives_its_room_first(keep, clip, other, monkeypatch):
    cache, encode = keep(20)
    cache.visit(other, 5)
    encode(other, 5)
    monkeypatch.setattr(cache_module, "FORGOTTEN", 0.05)
    time.sleep(0.1)
    cache.visit(clip, 0)
    encode(clip, 0)
    encode(clip, 40)
    assert cache.views(other, 5) == []
    assert [i for i in range(50) if cache.views(clip, i)] == [0, 40]


def test_several_views_of_a_frame_are_kept_apart(clip):
    cache = FrameCache(limit=100, size=lambda value: 10)
    assert cache.get(clip, 1, lambda: "whole", view="w") == "whole"
    assert cache.get(clip, 1, lambda: "close", view="c") == "close"
    assert cache.views(clip, 1) == ["w", "c"]


def test_a_value_larger_than_all_room_is_returned_and_not_kept(clip):
    cache = FrameCache(limit=5, size=lambda value: 10)
    assert cache.get(clip, 1, lambda: "large") == "large"
    assert cache.bytes == 0


def test_when_all_is_quiet_the_frames_ahead_are_encoded_in_the_direction_of_travel(keep, made, clip):
    cache, _ = keep(10_000, ahead=True)
    cache.visit(clip, 30)
    cache.visit(clip, 29)
    until(lambda: len(made) == cache_module.PREWARMED + 1)
    assert made == [("a", i) for i in range(29, 29 - cache_module.PREWARMED - 1, -1)]


def test_prewarming_ends_at_the_end_of_the_clip(keep, made, clip):
    cache, _ = keep(10_000, ahead=True)
    cache.visit(clip, 47)
    until(lambda: len(made) == 3)
    time.sleep(0.05)
    assert made == [("a", 47), ("a", 48), ("a", 49)]


def test_nothing_is_encoded_ahead_while_clicks_keep_coming(keep, made, clip):
    cache, _ = keep(10_000, ahead=True)
    for _ in range(5):
        cache.visit(clip, 5)
        time.sleep(cache_module.IDLE_BEFORE_PREWARM / 4)
        assert made == []
    until(lambda: made)


def test_a_visit_stops_prewarming_between_two_frames(keep, made, clip):
    cache, _ = keep(10_000, ahead=True, seconds=0.05)
    cache.visit(clip, 0)
    until(lambda: len(made) >= 2)
    with compute_slot():  # what a click does; it waits for one frame at most
        cache.visit(clip, 40)
        count = len(made)
    until(lambda: ("a", 40) in made)
    assert made.index(("a", 40)) <= count + 1


def test_prewarming_stops_when_the_room_is_full_of_nearer_frames(keep, made, clip):
    cache, _ = keep(30, ahead=True)
    cache.visit(clip, 10)
    until(lambda: len(made) == 4)
    time.sleep(0.05)
    assert made == [("a", i) for i in (10, 11, 12, 13)]
    assert [i for i in range(50) if cache.views(clip, i)] == [10, 11, 12]


def test_a_program_that_ends_lets_the_frame_in_work_be_finished():
    script = """
import threading, time
from types import SimpleNamespace
from core.segment.cache import FrameCache
begun = threading.Event()
def ahead(clip, index):
    begun.set()
    time.sleep(0.3)
    print("finished", index)
clip = SimpleNamespace(video=SimpleNamespace(sha256="a"), indices=range(9))
FrameCache(limit=10, size=lambda value: 1, ahead=ahead).visit(clip, 0)
begun.wait()
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "finished 0\n"), run.stderr


def test_closing_ends_the_background_work(keep, clip):
    cache, _ = keep(10_000, ahead=True, seconds=0.02)
    cache.visit(clip, 0)
    thread = cache._thread
    cache.close()
    assert not thread.is_alive()
    assert cache.bytes == 0
