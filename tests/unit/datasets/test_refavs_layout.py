"""The Ref-AVS layout on disk: what is written is what is read, or nothing is written."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from core.datasets.refavs import Dataset, Row
from core.datasets.refavs_write import RATE, Entry, Sentence, Window, Writer, stereo
from core.errors import DatasetError

SIZE = (24, 32)
ODD = 'The "dog", loud;\nsecond line <b>x</b> Ünï 🐕'


def frames(seed: int = 0) -> list[np.ndarray]:
    return [np.full((*SIZE, 3), 20 * k + seed, np.uint8) for k in range(10)]


def masks(seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.random(SIZE) > 0.5 for _ in range(10)]


def window(vid: str = "x_y_0_10000", **options) -> Window:
    entries = [
        Entry("hair-dryer", 2, masks(), [ODD, "Second."], "val"),
        Entry("null", 0, None, ["A thing that is not there."], "test_n"),
    ]
    values = {"vid": vid, "frames": frames(), "audio": None, "rate": RATE, "entries": entries} | options
    return Window(**values)


def write(root: Path, *windows: Window) -> list[Row]:
    with Writer(root) as writer:
        return [row for each in windows for row in writer.add(each)]


def test_what_is_written_is_read_back_to_the_bit(tmp_path):
    rows = write(tmp_path / "out", window())
    dataset = Dataset(tmp_path / "out")
    assert list(dataset.rows) == rows
    assert dataset.splits == ("val", "test_n")
    assert [r.exp for r in dataset.rows] == [ODD, "Second.", "A thing that is not there."]
    sample = next(dataset.samples("val"))
    assert sample.missing() == ()
    assert all((a == b).all() for a, b in zip(sample.masks(), masks(), strict=True))
    clip = sample.clip()
    assert (len(clip), clip.size, clip.duration) == (10, SIZE, 10.0)
    assert abs(int(clip.frame(7)[0, 0, 0]) - 140) <= 1


def test_null_rows_have_their_own_media_and_black_masks_under_v_not_vid(tmp_path):
    write(tmp_path / "out", window())
    (sample,) = Dataset(tmp_path / "out").samples("test_n")
    assert sample.row.uid == "null_c-x_y_0_10000_null_1"
    assert sample.row.vid == "x_y_0_10000"
    assert (sample.row.v, sample.row.prefix) == ("null_c-x_y_0_10000", "null_c-")
    assert sample.row.is_null
    assert sample.missing() == ()
    assert not any(mask.any() for mask in sample.masks())
    assert sample.folder == tmp_path / "out" / "media" / "null_c-x_y_0_10000"


def test_uids_count_from_one_for_each_clip_and_category(tmp_path):
    entries = [
        Entry("dog", 0, masks(0), ["A.", Sentence("B.", 7)]),
        Entry("dog", 1, masks(1), ["C."]),
        Entry("cat", 2, masks(2), ["D."]),
    ]
    rows = write(tmp_path / "out", window(entries=entries))
    assert [row.uid.rsplit("_", 2)[1:] for row in rows] == [
        ["dog", "1"],
        ["dog", "7"],
        ["dog", "8"],
        ["cat", "1"],
    ]
    assert [(row.category, row.n) for row in rows][1] == ("dog", 7)


def test_the_official_row_of_a_null_clip_is_read_by_its_uid():
    row = Row("-cLOg0sQ0Zo_420000_430000", "null_c--cLOg0sQ0Zo_420000_430000_null_1", "test_n", 0, "x")
    assert row.v == "null_c--cLOg0sQ0Zo_420000_430000"
    assert (row.category, row.n, row.prefix) == ("null", 1, "null_c-")


@pytest.mark.parametrize(
    ("shape", "rate"),
    [((16000 * 4,), 16000), ((44100 * 12, 2), 44100), ((48000 * 3, 1), 48000), ((0,), 48000)],
)
def test_every_sound_becomes_ten_seconds_of_48_khz_stereo_16_bit(tmp_path, shape, rate):
    times = np.arange(shape[0], dtype=np.float32) / rate
    sound = 0.5 * np.sin(2 * np.pi * 440 * times)
    sound = np.stack([sound] * shape[1], axis=1) if len(shape) == 2 else sound
    write(tmp_path / "out", window(audio=sound.astype(np.float32), rate=rate))
    path = tmp_path / "out" / "media" / "x_y_0_10000" / "audio.wav"
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (48000, 2, "PCM_16", 480000)
    heard, _ = soundfile.read(path)
    loud = np.abs(heard).reshape(10, 48000, 2).max(axis=(1, 2))
    whole = min(10, shape[0] // rate)
    assert (loud[:whole] > 0.45).all()
    assert (loud[whole:] < 0.01).all()
    if whole:
        spectrum = np.abs(np.fft.rfft(heard[:48000, 0]))
        assert int(spectrum.argmax()) == 440


def test_two_channels_stay_two():
    left, right = np.full(48000, 0.5, np.float32), np.full(48000, -0.25, np.float32)
    out = stereo(np.stack([left, right], axis=1), 48000)
    assert out[100].tolist() == [0.5, -0.25]


def test_the_manifest_counts_and_lists_what_was_padded(tmp_path):
    import json

    write(tmp_path / "out", window(), window("b_0_10000", seconds=4))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["counts"] == {
        "rows": 6,
        "folders": 4,
        "objects": 4,
        "frames": 40,
        "masks": 40,
        "splits": {"val": 4, "test_n": 2},
    }
    assert manifest["padded"] == [
        {"v": "b_0_10000", "seconds": 4},
        {"v": "null_c-b_0_10000", "seconds": 4},
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"frames": frames()[:9]}, "10 uint8 frames"),
        ({"frames": [f[..., 0] for f in frames()]}, r"frames \[H, W, 3\]"),
        ({"entries": [Entry("dog", 0, masks()[:9], ["x"])]}, "10 masks"),
        ({"entries": [Entry("dog", 0, [m[1:] for m in masks()], ["x"])]}, "10 masks"),
        ({"entries": [Entry("dog", 0, None, ["x"])]}, "no masks"),
        ({"entries": [Entry("null", 1, None, ["x"])]}, "fid 0"),
        ({"entries": [Entry("hair_dryer", 0, masks(), ["x"])]}, "no '_'"),
        ({"entries": [Entry("dog", 0, masks(), ["x"], "")]}, "needs a split"),
        ({"entries": [Entry("dog", 0, masks(), [Sentence("x", 1), Sentence("y", 1)])]}, "two rows"),
        ({"entries": [Entry("dog", 0, masks(0), ["x"]), Entry("cat", 0, masks(1), ["y"])]}, "two different"),
        ({"vid": "../../away"}, "name of a folder"),
    ],
)
def test_a_window_that_does_not_fit_leaves_nothing_behind(tmp_path, wrong, said):
    with pytest.raises(DatasetError, match=said):
        write(tmp_path / "out", window("first_0_10000"), window(**wrong))
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_written_once(tmp_path):
    with pytest.raises(DatasetError, match="written twice"):
        write(tmp_path / "out", window(), window())
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_writer_leaves_a_hidden_folder_alone_which_the_next_one_takes_over(tmp_path):
    def stop():
        with Writer(tmp_path / "out") as writer:
            writer.add(window())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert [path.name for path in tmp_path.iterdir()] == [".out.partial"]
    write(tmp_path / "out", window())
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(Dataset(tmp_path / "out")) == 3


def test_a_file_lost_on_the_way_fails_the_count_and_leaves_nothing(tmp_path):
    def lose():
        with Writer(tmp_path / "out") as writer:
            writer.add(window())
            next(tmp_path.glob(".out.partial/gt_mask/*/fid_2/00003.png")).unlink()

    with pytest.raises(DatasetError, match="20 masks were given, 19 arrived"):
        lose()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_never_written_over(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(DatasetError, match="not empty"):
        write(tmp_path / "out", window())
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    (tmp_path / "out" / "mine.txt").unlink()
    write(tmp_path / "out", window())
    assert len(Dataset(tmp_path / "out")) == 3


def test_a_place_that_cannot_be_written_is_told():
    with pytest.raises(DatasetError, match="Cannot write"):
        write(Path("/proc/out"), window())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vid,uid,split,exp\n", "must begin with the line vid,uid,split,fid,exp"),
        ("", "must begin with"),
        ("vid,uid,split,fid,exp\na_0_10000,a_0_10000_dog_1,train,0\n", "expected 5 fields.*found 4"),
        ("vid,uid,split,fid,exp\na_0_10000,a_0_10000_dog_one,train,0,x\n", "line 2: expected a uid"),
        ("vid,uid,split,fid,exp\na_0_10000,b_0_10000_dog_1,train,0,x\n", "does not belong"),
        ("vid,uid,split,fid,exp\na_0_10000,a_0_10000_dog_1,train,x,x\n", "whole number as fid"),
        ("vid,uid,split,fid,exp\na,../../a_dog_1,train,0,x\n", "cannot be the name"),
        ('vid,uid,split,fid,exp\na,a_dog_1,train,0,"open\n', "not a readable"),
    ],
)
def test_a_broken_csv_gives_one_clear_sentence(tmp_path, text, said):
    (tmp_path / "metadata.csv").write_text(text)
    with pytest.raises(DatasetError, match=said):
        Dataset(tmp_path)


def test_a_folder_without_metadata_and_latin_1_bytes_are_told(tmp_path):
    with pytest.raises(DatasetError, match="there is no"):
        Dataset(tmp_path)
    (tmp_path / "metadata.csv").write_bytes(b"vid,uid,split,fid,exp\na,a_dog_1,train,0,caf\xe9\n")
    with pytest.raises(DatasetError, match="UTF-8"):
        Dataset(tmp_path)


def test_missing_and_broken_masks_are_named(tmp_path):
    write(tmp_path / "out", window())
    sample = next(Dataset(tmp_path / "out").samples())
    sample.mask_paths[4].write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"00004\.png"):
        sample.masks()
    sample.mask_paths[4].unlink()
    assert sample.missing() == (sample.mask_paths[4],)
    with pytest.raises(DatasetError, match=r"00004\.png"):
        sample.masks()
    with pytest.raises(DatasetError, match="no split 'nonsense'"):
        Dataset(tmp_path / "out").samples("nonsense")


def test_colour_masks_count_every_pixel_that_is_not_black(tmp_path):
    write(tmp_path / "out", window())
    sample = next(Dataset(tmp_path / "out").samples())
    pixels = np.zeros((*SIZE, 3), np.uint8)
    pixels[3, 4] = (0, 0, 1)
    Image.fromarray(pixels).save(sample.mask_paths[0])
    assert np.argwhere(sample.masks()[0]).tolist() == [[3, 4]]


def test_the_real_rows_of_ref_avs_are_all_read(shared):
    dataset = Dataset(shared / "ref-avs")
    assert len(dataset) == 15487
    assert set(dataset.splits) == {"train", "val", "TODO"}
    null = [row for row in dataset.rows if row.is_null]
    assert len(null) == 680
    assert {row.prefix for row in null} == {"null_c-", "null_m-"}
    assert {row.fid for row in null} == {0}
