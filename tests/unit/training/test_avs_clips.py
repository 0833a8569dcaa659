"""What is kept of clips without sentences, on small drawn folders."""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

from small_sets import avs_folder, avss_folder, picture, square

from core.datasets.avss import CLASSES
from core.errors import DatasetError
from core.training.avs_clips import AvsClips, samples, shares


def ears(heard):
    def hear(sound, rate):
        seconds = -(-len(sound) // rate)
        heard.append(seconds)
        return np.full((seconds, 128), sound.std(), np.float32), np.full((seconds, 3), 0.5, np.float32)

    return hear


@pytest.fixture
def clips(tmp_path):
    return AvsClips(tmp_path / "cache", ears([]), "test")


def test_a_clip_of_five_frames_is_looked_at_heard_and_labelled(clips, tmp_path):
    sample = samples(f"ms3:{avs_folder(tmp_path / 'ms3', 'ms3')}", "train")[0]
    seen = clips.of(sample)
    assert [tuple(m.shape) for m in seen.eyes] == [(5, 64, 32, 32), (5, 128, 16, 16), (5, 192, 8, 8)]
    assert (seen.ears.shape, seen.heard.shape) == ((5, 128), (5, 3))
    assert seen.ears.min() > 0.1
    assert clips.quiet[0].abs().max() == 0
    truth = cv2.resize(square(2).astype(np.uint8), (224, 224), interpolation=cv2.INTER_NEAREST) > 0
    assert (seen.sounding[2].numpy() == truth).mean() > 0.98
    assert set(seen.classes.unique().tolist()) == {0, 1}


def test_avss_names_the_class_and_labels_one_frame_of_v1s_training_clips(clips, tmp_path):
    seen = clips.of(samples(f"avss:{avss_folder(tmp_path / 'avss')}", "train")[0])
    assert seen.classes.shape == (1, 224, 224)
    assert set(seen.classes.unique().tolist()) == {0, CLASSES.index("dog")}
    planes = shares(seen.classes, [0, CLASSES.index("dog"), 1])
    assert planes.shape == (1, 3, 56, 56)
    torch.testing.assert_close(planes[:, 0] + planes[:, 1], torch.ones(1, 56, 56))
    assert planes[:, 2].abs().max() == 0


def test_it_is_made_once_and_again_when_a_file_changes(tmp_path):
    heard = []
    sample = samples(f"ms3:{avs_folder(tmp_path / 'ms3', 'ms3')}", "train")[0]
    first = AvsClips(tmp_path / "cache", ears(heard), "test").of(sample)
    again = AvsClips(tmp_path / "cache", ears(heard), "test").of(sample)
    assert heard == [1, 5, 1]  # a silent second each time, the clip once
    assert all(torch.equal(a, b) for a, b in zip(first.eyes, again.eyes, strict=True))
    cv2.imwrite(str(sample.label_paths[0]), np.zeros((224, 224), np.uint8))
    changed = AvsClips(tmp_path / "cache", ears(heard), "test").of(sample)
    assert heard[-1] == 5
    assert not changed.sounding[0].any()


def test_a_mirrored_clip_is_mirrored_in_truth_and_motion(clips, tmp_path):
    sample = samples(f"ms3:{avs_folder(tmp_path / 'ms3', 'ms3')}", "train")[0]
    plain, turned = clips.of(sample), clips.of(sample, mirrored=True)
    assert torch.equal(plain.classes.flip(-1), turned.classes)
    assert not torch.equal(plain.eyes[0], turned.eyes[0])


def test_motion_is_read_to_the_later_pictures_where_they_are_there(clips, tmp_path):
    sample = samples(f"ms3:{avs_folder(tmp_path / 'ms3', 'ms3')}", "train")[0]
    assert not sample.has_next
    seen = clips.of(sample)
    assert torch.equal(seen.near, seen.far)
    assert seen.far.max() > 1
    sample.next_paths[0].parent.mkdir(parents=True)
    for k, path in enumerate(sample.next_paths):
        frame = cv2.resize(picture(square(k)), (224, 224), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(path), frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])
    still = AvsClips(clips.folder, ears([]), "test").of(sample)
    assert still.near.max() < 0.5 < still.far.max()
    sample.next_paths[3].unlink()
    with pytest.raises(DatasetError, match=r"clip0_4\.jpg.*cannot be read"):
        AvsClips(clips.folder, ears([]), "test").of(sample)


def test_a_missing_sound_is_told_with_its_clip(clips, tmp_path):
    sample = samples(f"ms3:{avs_folder(tmp_path / 'ms3', 'ms3')}", "train")[0]
    with pytest.raises(DatasetError, match=r"none\.wav, a file of train/clip0, cannot be read"):
        clips.of(replace(sample, audio_path=sample.audio_path.with_name("none.wav")))


def test_other_layouts_are_refused_with_the_list():
    with pytest.raises(DatasetError, match="s4:DIR, ms3:DIR, avss:DIR"):
        samples("refavs:somewhere")
