"""Datasets decoded once into memory maps."""

import cv2
import numpy as np
import pytest

from core.datasets import refavs
from core.datasets.world.build import Order, build, cast_for
from core.datasets.world.plan import jobs
from core.errors import DatasetError
from core.training import pictures
from core.training.pictures import held_out, prepare


def test_stills_come_back_pixel_for_pixel(stills, tmp_path):
    data = prepare(stills, tmp_path / "cache")
    assert len(data.items) == 20
    item = data.items[7]
    truth = cv2.imread(str(stills / "mask" / "007.png"), cv2.IMREAD_UNCHANGED)
    picture = cv2.imread(str(stills / "img" / "007.jpg"))
    np.testing.assert_array_equal(data.mask(item), truth)
    np.testing.assert_array_equal(data.pixels(item)[..., ::-1], picture)


def test_objects_are_listed_with_box_and_area_and_without_what_is_not_judged(stills, tmp_path):
    data = prepare(stills, tmp_path / "cache")
    item = data.items[3]
    mask = data.mask(item)
    assert [o[0] for o in item.objects] == [1, 2]
    number, x0, y0, x1, y1, area = item.objects[0]
    assert area == (mask == number).sum()
    assert (mask[y0:y1, x0:x1] == number).sum() == area


def test_a_folder_of_sequences_has_foreground_masks_and_positions(sequences, tmp_path):
    data = prepare(sequences, tmp_path / "cache")
    assert {i.sequence for i in data.items} == {"rolling", "bear"}
    rolling = [i for i in data.items if i.sequence == "rolling"]
    assert [i.position for i in rolling] == list(range(12))
    assert set(np.unique(data.mask(rolling[0]))) == {0, 1}


def test_the_fixed_validation_part_is_held_out(stills, sequences, tmp_path):
    kept = [i.position for i in prepare(stills, tmp_path / "cache").items if not held_out(i)]
    assert kept == [i for i in range(20) if i not in (0, 10)]
    names = {i.sequence for i in prepare(sequences, tmp_path / "cache").items if not held_out(i)}
    assert names == {"rolling"}


def test_a_dataset_is_decoded_once(stills, tmp_path, monkeypatch):
    prepare(stills, tmp_path / "cache")
    monkeypatch.setattr(pictures, "_decode", lambda *_: pytest.fail("decoded again"))
    assert len(prepare(stills, tmp_path / "cache").items) == 20


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="img/ and mask/"):
        prepare(tmp_path, tmp_path / "cache")


def test_a_picture_without_its_mask_is_named(stills, tmp_path):
    (stills / "mask" / "005.png").unlink()
    with pytest.raises(DatasetError, match="005"):
        prepare(stills, tmp_path / "cache")


def test_a_mask_of_another_size_is_named(stills, tmp_path):
    cv2.imwrite(str(stills / "mask" / "005.png"), np.zeros((10, 10), np.uint8))
    with pytest.raises(DatasetError, match="one size"):
        prepare(stills, tmp_path / "cache")


def test_frames_of_the_ref_avs_layout_are_stills_of_its_training_clips(tmp_path):
    out = tmp_path / "world"
    cast = cast_for(None, "train")
    chosen = jobs("refavs", 2, 3, lambda split: cast, ("train", "test_s"))
    build(Order("refavs", tuple(chosen), 3), out, workers=1)
    data = prepare(out, tmp_path / "cache")
    assert len(data.items) == 4
    (v,) = {row.v for row in refavs.Dataset(out).rows if row.split == "train"}
    item = data.items[1]  # every third frame
    first = cv2.imread(str(out / refavs.mask_path(v, 0, 3)), cv2.IMREAD_UNCHANGED) > 127
    np.testing.assert_array_equal(data.mask(item) == 1, first)
