"""What is written is mode P with the DAVIS colours, or 0 and 255; what is read is what was drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from core.errors import RefavsError
from core.masks import DAVIS_PALETTE, Mask, read_binary, read_palette, write_binary, write_palette


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("png")


@settings(max_examples=40)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.integers(0, 255)))
def test_a_palette_picture_keeps_every_object(folder, values):
    masks = {int(k): Mask.encode(values == k) for k in np.unique(values) if k}
    write_palette(folder / "a.png", masks, size=values.shape)
    assert read_palette(folder / "a.png") == masks
    with Image.open(folder / "a.png") as picture:
        assert picture.mode == "P"
        assert np.array_equal(np.asarray(picture), values)
        assert np.array_equal(np.asarray(picture.convert("RGB")), DAVIS_PALETTE[values])


@settings(max_examples=40)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_a_binary_picture_is_0_and_255_and_comes_back_equal(folder, array):
    write_binary(folder / "b.png", Mask.encode(array))
    assert read_binary(folder / "b.png") == Mask.encode(array)
    with Image.open(folder / "b.png") as picture:
        assert picture.mode == "L"
        assert set(np.unique(np.asarray(picture))) <= {0, 255}


def test_the_palette_begins_with_the_davis_colours():
    first = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128)]
    assert [tuple(c) for c in DAVIS_PALETTE[:7].tolist()] == first
    assert tuple(DAVIS_PALETTE[255].tolist()) == (224, 224, 192)
    assert len({tuple(c) for c in DAVIS_PALETTE.tolist()}) == 256


def test_a_palette_of_no_object_is_a_black_picture(tmp_path):
    write_palette(tmp_path / "none.png", {}, size=(3, 4))
    assert read_palette(tmp_path / "none.png") == {}


def test_overlapping_objects_are_refused_by_number_unless_the_later_may_win(tmp_path):
    left, right = np.zeros((4, 6), dtype=bool), np.zeros((4, 6), dtype=bool)
    left[:, :4], right[:, 3:] = True, True
    masks = {2: Mask.encode(left), 5: Mask.encode(right)}
    with pytest.raises(RefavsError, match="2 and 5 share 4 pixels"):
        write_palette(tmp_path / "o.png", masks, size=(4, 6))
    assert not (tmp_path / "o.png").exists()
    write_palette(tmp_path / "o.png", masks, size=(4, 6), overlap="later")
    assert read_palette(tmp_path / "o.png")[5] == Mask.encode(right)


@pytest.mark.parametrize("key", [0, 256, -1])
def test_object_numbers_that_a_palette_cannot_hold_are_refused(tmp_path, key):
    with pytest.raises(RefavsError, match="1 to 255"):
        write_palette(tmp_path / "x.png", {key: Mask.empty((2, 2))}, size=(2, 2))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "LA", "P"])
def test_every_picture_mode_reads_as_the_same_binary_mask(tmp_path, mode):
    array = np.zeros((5, 7), dtype=bool)
    array[1:3, 2:6] = True
    picture = Image.fromarray(array.astype(np.uint8) * 255).convert(mode)
    picture.save(tmp_path / "m.png")
    assert read_binary(tmp_path / "m.png") == Mask.encode(array)


def test_an_alpha_channel_is_no_foreground(tmp_path):
    Image.new("RGBA", (4, 3), (0, 0, 0, 255)).save(tmp_path / "a.png")
    assert read_binary(tmp_path / "a.png").is_empty


def test_a_picture_of_colours_is_no_palette(tmp_path):
    Image.new("RGB", (4, 3), (128, 0, 0)).save(tmp_path / "rgb.png")
    with pytest.raises(RefavsError, match=r"rgb\.png.*colours"):
        read_palette(tmp_path / "rgb.png")


def test_broken_files_name_themselves(tmp_path):
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(RefavsError, match=r"cut\.png"):
        read_binary(tmp_path / "cut.png")
    with pytest.raises(RefavsError, match=r"gone\.png does not exist"):
        read_binary(tmp_path / "gone.png")
    rng = np.random.default_rng(0)
    write_binary(tmp_path / "half.png", Mask.encode(rng.random((90, 90)) > 0.5))
    whole = (tmp_path / "half.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefavsError, match=r"half\.png"):
        read_binary(tmp_path / "half.png")


def test_real_masks_come_back_equal_from_both_kinds_of_file(shared, tmp_path):
    source = next(iter(sorted((shared / "davis2016" / "bear" / "mask").iterdir())))
    mask = read_binary(source)
    assert mask.size == (240, 427)
    assert 0 < mask.area < 240 * 427 / 2
    write_palette(tmp_path / "p.png", {1: mask}, size=mask.size)
    write_binary(tmp_path / "b.png", mask)
    assert read_palette(tmp_path / "p.png") == {1: mask}
    assert read_binary(tmp_path / "b.png") == mask
