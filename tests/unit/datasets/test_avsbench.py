"""S4, MS3 and AVSS come back as they were written; the real tables and samples open."""

from collections import Counter

import numpy as np
import pytest
import small_sets as small
import soundfile
from PIL import Image

from core.datasets import avsbench, avss
from core.datasets.avsbench_write import AvsClip, AvssClip, write_avs, write_avss
from core.errors import DatasetError
from core.masks import resize_pixels


@pytest.mark.parametrize("subset", ["s4", "ms3"])
def test_an_object_folder_comes_back_as_it_was_written(tmp_path, subset):
    data = avsbench.Dataset(small.avs_folder(tmp_path / "set", subset), subset)
    train, test = data.rows
    assert (train.split, test.split) == data.splits == ("train", "test")
    assert len(train.masks()) == (1 if subset == "s4" else 5)
    assert len(test.masks()) == 5
    for k, mask in enumerate(test.masks()):
        assert np.array_equal(mask, resize_pixels(small.square(k), (224, 224)))
    clip = test.clip()
    assert (len(clip), clip.size) == (5, (224, 224))
    assert clip.times.tolist() == [0, 1, 2, 3, 4]
    sound = clip.audio(16000)
    assert np.abs(sound - small.tone(5, 400)).max() < 1e-3


def test_the_paths_are_those_of_the_benchmark(tmp_path):
    root = small.avs_folder(tmp_path / "s4", "s4")
    there = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert "s4_meta_data.csv" in there
    assert "s4_data/visual_frames/test/playing_piano/clip1/clip1_1.png" in there
    assert "s4_data/gt_masks/test/playing_piano/clip1/clip1_5.png" in there
    assert "s4_data/gt_masks/train/dog_barking/clip0/clip0_1.png" in there
    assert "s4_data/gt_masks/train/dog_barking/clip0/clip0_2.png" not in there
    assert "s4_data/audio_wav/train/dog_barking/clip0.wav" in there
    assert (root / "s4_meta_data.csv").read_text().splitlines()[:2] == [
        "name,start,category,split",
        "clip0,0,dog_barking,train",
    ]
    root = small.avs_folder(tmp_path / "ms3", "ms3")
    there = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert "ms3_data/visual_frames/clip1/clip1.mp4_5.png" in there
    assert "ms3_data/gt_masks/test/clip1/clip1_1.png" in there
    assert "ms3_data/audio_wav/test/clip1.wav" in there


def test_an_avss_folder_comes_back_with_its_subsets(tmp_path):
    data = avss.Dataset(small.avss_folder(tmp_path / "set"))
    samples = list(data.samples())
    assert [(s.row.subset, s.row.frames, s.row.labelled) for s in samples] == [
        ("v1s", 5, 1),
        ("v1s", 5, 5),
        ("v1m", 5, 5),
        ("v2", 10, 10),
    ]
    last = samples[-1]
    for k, label in enumerate(last.labels()):
        assert np.array_equal(label > 0, small.square(k))
        assert label.max() == avss.CLASSES.index("car")
    assert len(last.clip()) == 10
    assert last.clip().audio(16000).shape == (160000,)
    assert sum(1 for _ in data.samples("test")) == 3


def test_labels_are_read_by_colour_and_a_colour_of_no_class_is_background(tmp_path):
    numbers = np.arange(71, dtype=np.uint8)[None].repeat(2, axis=0)
    Image.fromarray(avss.PALETTE[numbers]).save(tmp_path / "rgb.png")
    Image.fromarray(numbers).save(tmp_path / "grey.png")
    for name in ("rgb.png", "grey.png"):
        classes, stray = avss.read_labels(tmp_path / name)
        assert np.array_equal(classes, numbers)
        assert stray == 0
    odd = avss.PALETTE[numbers].copy()
    odd[0, 5] = (1, 2, 3)
    Image.fromarray(odd).save(tmp_path / "odd.png")
    classes, stray = avss.read_labels(tmp_path / "odd.png")
    assert stray == 1
    assert classes[0, 5] == 0
    assert classes[1, 5] == 5


def test_the_palette_follows_the_rule_of_the_benchmark():
    for number in range(71):
        red = green = blue = 0
        rest, bit = number, 7
        while rest:
            red |= (rest & 1) << bit
            green |= ((rest >> 1) & 1) << bit
            blue |= ((rest >> 2) & 1) << bit
            rest, bit = rest >> 3, bit - 1
        assert tuple(avss.PALETTE[number]) == (red, green, blue)
    assert len({tuple(colour) for colour in avss.PALETTE.tolist()}) == 71


def test_the_class_order_is_that_of_the_benchmark():
    assert len(avss.CLASSES) == 71
    assert [avss.CLASSES[k] for k in (0, 1, 10, 20, 30, 40, 50, 60, 70)] == [
        "background", "accordion", "bus", "duck", "guzheng", "lion", "saw", "train", "woman",
    ]  # fmt: skip


def test_the_real_table_has_the_counts_of_the_benchmark(shared):
    data = avss.Dataset(shared / "avsbench")
    assert len(data) == 11356
    counts = Counter((row.subset, row.split) for row in data.rows)
    assert [counts[s, "train"] for s in ("v1s", "v1m", "v2")] == [3452, 296, 4750]
    assert [counts[s, "val"] for s in ("v1s", "v1m", "v2")] == [740, 64, 500]
    assert [counts[s, "test"] for s in ("v1s", "v1m", "v2")] == [740, 64, 750]
    named = {name for row in data.rows if row.split == "test" for name in row.names}
    assert set(avss.CLASSES[1:]) - named == {"axe", "clipper", "harmonica", "utv"}


def test_the_real_samples_of_all_three_sets_open(shared, tmp_path):
    samples = shared / "avs-samples"
    classes, stray = avss.read_labels(samples / "avss" / "0.png")
    assert stray == 0
    assert {avss.CLASSES[c] for c in np.unique(classes)} == {"background", "clarinet"}
    sound, rate = soundfile.read(samples / "avss" / "audio.wav", always_2d=True)
    row = avss.Row("real", "real_0_5000", "0", "0", ("clarinet",), "train", "v1s")
    frame = np.asarray(Image.open(samples / "avss" / "0.jpg"))
    clip = AvssClip(row, [frame] * 5, [classes], sound.mean(axis=1), rate)
    assert write_avss(tmp_path / "avss", [clip]) == {"clips": 1, "labels": 1}
    for subset, number in (("s4", 0), ("ms3", 1)):
        folder = samples / subset
        frame = np.asarray(Image.open(folder / f"{number}.jpg").convert("RGB"))
        mask = np.asarray(Image.open(folder / f"{number}.png")) > 0
        assert mask.any()
        sound, rate = soundfile.read(folder / "audio.wav", always_2d=True)
        real = AvsClip("real", "test", [frame] * 5, [mask] * 5, sound.mean(axis=1), rate, "helicopter")
        write_avs(tmp_path / subset, subset, [real])
        (back,) = avsbench.Dataset(tmp_path / subset, subset).rows
        assert back.masks()[0].mean() == pytest.approx(mask.mean(), abs=0.01)
        assert back.clip().audio(rate).std() > 0


def test_a_root_that_is_no_dataset_says_which_file_it_looked_for(tmp_path):
    with pytest.raises(DatasetError, match=r"s4_meta_data\.csv"):
        avsbench.Dataset(tmp_path, "s4")
    with pytest.raises(DatasetError, match=r"ms3_meta_data\.csv"):
        avsbench.Dataset(tmp_path, "ms3")
    with pytest.raises(DatasetError, match=r"metadata\.csv"):
        avss.Dataset(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,split\n", "must begin with the line name,start,category,split"),
        ("name,start,category,split\na,0,dog\n", "expected 4 fields"),
        ("name,start,category,split\n../up,0,dog,test\n", "cannot be the name of a folder"),
    ],
)
def test_a_broken_table_names_the_line(tmp_path, text, message):
    (tmp_path / "s4_meta_data.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        avsbench.Dataset(tmp_path, "s4")


def test_an_unknown_subset_and_an_unknown_split_are_refused(tmp_path):
    root = small.avss_folder(tmp_path / "set")
    with pytest.raises(DatasetError, match="choose one of: train, test"):
        avss.Dataset(root).samples("val")
    text = (root / "metadata.csv").read_text()
    (root / "metadata.csv").write_text(text.replace(",v2", ",v3"))
    with pytest.raises(DatasetError, match="v1s, v1m or v2"):
        avss.Dataset(root)


def test_a_clip_of_wrong_shape_leaves_nothing_behind(tmp_path):
    frames = [small.picture(small.square(k)) for k in range(4)]
    clip = AvsClip("a", "test", frames, [small.square(0)] * 5, small.tone(5), 16000, "dog")
    with pytest.raises(DatasetError, match="needs 5 frames and 5 masks"):
        write_avs(tmp_path / "s4", "s4", [clip])
    assert list(tmp_path.iterdir()) == []
    small.avs_folder(tmp_path / "s4", "s4")
    with pytest.raises(DatasetError, match="not empty"):
        small.avs_folder(tmp_path / "s4", "s4")
