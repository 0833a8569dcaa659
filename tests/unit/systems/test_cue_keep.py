"""What was seen and heard is kept on disk."""

import drawn
import numpy as np
import pytest

from core import media
from core.systems import Referral
from core.systems.cue import keep, names
from core.systems.cue.listen import listen
from core.systems.cue.system import CueReasoner


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return media.open(drawn.film(tmp_path_factory.mktemp("kept") / "two things.mp4")).clip(0, 49)


def test_the_next_start_looks_and_listens_from_disk_and_answers_the_same(clip, monkeypatch):
    sentence = "The object making a sound."
    first = list(CueReasoner(segmenter="classical").refer(clip, sentence))[-1]
    for work in ("look", "listen"):
        monkeypatch.setattr(f"core.systems.cue.system.{work}", lambda *about: pytest.fail("worked again"))
    again = list(CueReasoner(segmenter="classical").refer(clip, sentence))[-1]
    assert isinstance(first, Referral)
    assert isinstance(again, Referral)
    assert again.steps == first.steps
    assert again.objects == first.objects
    looked = keep.load_look(next(keep.cache_dir().glob("cue/look-*.npz")), lambda views: {})
    assert looked is not None
    one = looked.follow(looked.pool[0], 9)  # what the flow brings needs the pictures and the flow
    assert one.masks.any()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"no archive"])
def test_a_broken_file_counts_as_none(tmp_path, content):
    (tmp_path / "kept.npz").write_bytes(content)
    assert keep.load_look(tmp_path / "kept.npz", lambda views: {}) is None
    assert keep.load_hearing(tmp_path / "kept.npz") is None


def test_a_file_of_another_kind_counts_as_none(tmp_path):
    keep.save_rows(tmp_path / "kept.npz", np.zeros((2, 6)))
    assert keep.load_hearing(tmp_path / "kept.npz") is None
    assert keep.load_look(tmp_path / "kept.npz", lambda views: {}) is None
    assert keep.load_rows(tmp_path / "kept.npz").shape == (2, 6)


def test_what_is_heard_comes_back_whole(clip, tmp_path, monkeypatch):
    found = names.Names((names.Named("dog", 0.9, 0.5, 1.0),), {"dog": 0.9}, {"dog": 0.4}, ("dog",))
    monkeypatch.setattr("core.systems.cue.listen.name_sounds", lambda *about: found)
    hearing = listen(clip)
    keep.save_hearing(tmp_path / "kept.npz", hearing)
    back = keep.load_hearing(tmp_path / "kept.npz")
    assert back.names == found
    assert back.events == hearing.events
    np.testing.assert_array_equal(back.level, hearing.level)
    np.testing.assert_array_equal(back.onsets, hearing.onsets)


def test_the_longest_unused_make_room(tmp_path, monkeypatch):
    import os

    monkeypatch.setattr(keep, "ROOM", 3000)
    for k in range(4):
        keep.save_rows(tmp_path / f"{k}.npz", np.zeros((10, 12)))
        os.utime(tmp_path / f"{k}.npz", (k, k))
    assert sorted(p.name for p in tmp_path.glob("*.npz")) == ["2.npz", "3.npz"]


def test_another_look_has_another_name():
    assert keep.place("look", "a", 0, 9, "nano") != keep.place("look", "a", 0, 9, "classical")
    assert keep.place("look", "a", 0, 9, "nano") == keep.place("look", "a", 0, 9, "nano")
