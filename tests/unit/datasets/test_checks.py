"""A sound folder has no defect; a folder with one defect of each kind has exactly those."""

from collections import Counter

import numpy as np
import pytest
import small_sets as small
import soundfile
from PIL import Image

from core.datasets import checks_refavs, refavs
from core.datasets.check import check
from core.datasets.defects import summary
from core.errors import DatasetError


def found(root, layout):
    return Counter(defect.kind for defect in check(root, layout)[1])


def edit(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def blacken(folder):
    for path in folder.iterdir():
        with Image.open(path) as picture:
            Image.new("L", picture.size).save(path)


@pytest.mark.parametrize("layout", ["refavs", "s4", "ms3", "avss", "clips"])
def test_a_sound_folder_has_no_defect(tmp_path, layout):
    make = {
        "refavs": small.refavs_folder,
        "s4": lambda root: small.avs_folder(root, "s4"),
        "ms3": lambda root: small.avs_folder(root, "ms3"),
        "avss": small.avss_folder,
        "clips": small.clips_folder,
    }[layout]
    rows, defects = check(make(tmp_path / "set"), layout)
    assert list(defects) == []
    assert rows > 0


def test_one_defect_of_each_kind_in_a_ref_avs_folder_is_found_and_nothing_else(tmp_path):
    names = ("a", "b", "c", "d", "e", "f")
    root = small.refavs_folder(tmp_path / "set", names=names)
    v = {name: f"{name}_0_10000" for name in names}
    table = root / "metadata.csv"
    edit(
        table,
        (f"{v['a']}_dog_1,test_s,0,The dog that barks.", f"{v['a']}_dog_1,test_s,0,NO."),
        (f"{v['a']}_car_1,test_s,1,The car on the right.", f"{v['a']}_car_1,test_s,1,[Error] 错误: x"),
        (f"{v['b']}_dog_2,", f"{v['b']}_dog_1,"),
        (f"{v['b']}_car_1,test_s", f"{v['b']}_car_1,TODO"),
        (f"{v['c']}_car_1,test_s,1,The car on the right.", f"{v['c']}_car_1,test_s,1,the loudest object"),
        (f"{v['d']}_dog_2,test_s,0,The loudest object.", f"{v['d']}_dog_2,test_s,0,The dog that barks."),
        (f"{v['d']}_car_1,test_s,1,The car on the right.", f"{v['d']}_car_1,test_s,1,The valume is low."),
        (f"{v['e']}_dog_2,", f"{v['e']}_wolf_1,"),
    )
    masks, media = root / "gt_mask", root / "media"
    blacken(masks / v["a"] / "fid_1")
    white = np.full(small.SIZE, 255, dtype=np.uint8)
    Image.fromarray(white).save(masks / f"null_c-{v['a']}" / "fid_0" / "00003.png")
    (masks / v["b"] / "fid_0" / "00004.png").unlink()
    (media / v["c"] / "frames" / "10.jpg").write_bytes((media / v["c"] / "frames" / "9.jpg").read_bytes())
    Image.new("L", (32, 24), 255).save(masks / v["d"] / "fid_0" / "00000.png")
    soundfile.write(media / v["e"] / "audio.wav", np.zeros((48000 * 4, 2)), 48000, subtype="PCM_16")
    whole = (masks / v["f"] / "fid_1" / "00002.png").read_bytes()
    (masks / v["f"] / "fid_1" / "00002.png").write_bytes(whole[: len(whole) // 2])
    soundfile.write(media / f"null_c-{v['f']}" / "audio.wav", np.zeros(441000), 44100, subtype="PCM_16")
    assert found(root, "refavs") == {
        "no-sentence": 1,
        "error-text": 1,
        "doubled-uid": 1,
        "unknown-split": 1,
        "same-sentence": 1,
        "doubled-row": 1,
        "misspelt": 1,
        "two-names": 1,
        "empty-masks": 1,
        "null-not-black": 1,
        "missing-file": 1,
        "frame-count": 1,
        "unequal-size": 1,
        "short-audio": 1,
        "unreadable-file": 1,
        "sound-tells-null": 1,
    }


def test_a_null_row_without_its_own_masks_explains_the_trap(tmp_path):
    root = small.refavs_folder(tmp_path / "set")
    folder = root / "gt_mask" / "null_c-one_0_10000" / "fid_0"
    (folder / "00000.png").unlink()
    (defect,) = check(root, "refavs")[1]
    assert defect.kind == "null-not-black"
    assert "by the column vid it would get a real object's mask" in defect.what


def test_a_null_row_on_the_real_clip_is_found_by_its_filled_masks(tmp_path):
    root = small.refavs_folder(tmp_path / "set")
    edit(root / "metadata.csv", ("null_c-one_0_10000_null_1", "one_0_10000_null_1"))
    kinds = {defect.kind: defect for defect in check(root, "refavs")[1]}
    assert "no null_c- before vid" in kinds["null-not-black"].what


def test_the_real_table_has_the_counts_of_the_benchmark(shared):
    data = refavs.Dataset(shared / "ref-avs")
    assert Counter(row.split for row in data.rows) == {"train": 14113, "val": 1349, "TODO": 25}
    nulls = Counter(row.split for row in data.rows if row.is_null)
    assert nulls == {"train": 608, "val": 72}
    assert len({row.v for row in data.rows if row.split == "train"}) == 2919
    assert len({row.vid for row in data.rows if row.split == "train"}) == 2767
    assert len({(row.v, row.fid) for row in data.rows if row.split == "train"}) == 6133
    kinds = Counter(defect.kind for defect in checks_refavs.row_defects(data.rows))
    assert kinds["no-sentence"] == 103
    assert kinds["error-text"] == 1
    assert kinds["unknown-split"] == 25


@pytest.mark.parametrize("subset", ["s4", "ms3"])
def test_one_defect_of_each_kind_in_an_object_folder_is_found_and_nothing_else(tmp_path, subset):
    splits = ("train", "test", "test", "test", "test", "test", "test")
    root = small.avs_folder(tmp_path / "set", subset, splits=splits)
    table = root / f"{subset}_meta_data.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:-1], lines[-1].replace("test", "later"), lines[1]]) + "\n")
    from core.datasets import avsbench

    rows = avsbench.Dataset(root, subset).rows
    rows[1].mask_paths[2].unlink()
    blacken(rows[2].mask_paths[0].parent)
    soundfile.write(rows[3].audio_path, np.zeros((16000, 2)), 16000)
    Image.new("L", (100, 100), 255).save(rows[4].mask_paths[1])
    whole = rows[5].mask_paths[1].read_bytes()
    rows[5].mask_paths[1].write_bytes(whole[: len(whole) // 2])
    extra = rows[5].frame_folder / "extra_6.png"
    extra.write_bytes(rows[5].frame_paths[0].read_bytes())
    moved = rows[6]  # its split was renamed in the table, so its files are missing under the new name
    kinds = found(root, subset)
    assert kinds.pop("missing-file") == 1 + sum(
        not path.is_file() for path in (*moved.frame_paths, *moved.mask_paths, moved.audio_path)
    )
    assert kinds == {
        "doubled-name": 1,
        "unknown-split": 1,
        "empty-masks": 1,
        "short-audio": 1,
        "unequal-size": 1,
        "unreadable-file": 1,
        "frame-count": 1,
    }


def test_one_defect_of_each_kind_in_an_avss_folder_is_found_and_nothing_else(tmp_path):
    places = [("v1m", "test")] * 8
    root = small.avss_folder(tmp_path / "set", places=places)
    edit(
        root / "metadata.csv",
        ("vid0,vid0_0_9,0,0,dog,", "vid0,vid0_0_9,0,0,off-the-screen,"),
        (",test,", ",later,"),
    )
    edit(root / "label2idx.json", ('"accordion": 2', '"accordion": 3'))
    folder = root / "v1m"
    (folder / "vid1_0_9" / "frames" / "2.jpg").unlink()
    for name in ("labels_rgb", "labels_semantic"):
        for path in (folder / "vid2_0_9" / name).iterdir():
            Image.new("RGB" if name == "labels_rgb" else "L", small.SIZE[::-1]).save(path)
    odd = np.array(Image.open(folder / "vid3_0_9" / "labels_rgb" / "0.png"))
    plain = folder / "vid3_0_9" / "labels_semantic" / "0.png"
    odd[0, 0] = (1, 2, 3)
    Image.fromarray(odd).save(folder / "vid3_0_9" / "labels_rgb" / "0.png")
    assert plain.is_file()
    Image.new("L", small.SIZE[::-1], 5).save(folder / "vid4_0_9" / "labels_semantic" / "1.png")
    soundfile.write(folder / "vid5_0_9" / "audio.wav", np.zeros((16000, 2)), 16000)
    Image.new("RGB", (20, 20)).save(folder / "vid6_0_9" / "labels_rgb" / "4.png")
    (folder / "vid6_0_9" / "labels_semantic" / "4.png").unlink()
    (folder / "vid7_0_9" / "labels_rgb" / "0.png").write_bytes(b"no picture")
    (folder / "vid7_0_9" / "labels_rgb" / "5.png").write_bytes(
        (folder / "vid7_0_9" / "labels_rgb" / "1.png").read_bytes()
    )
    kinds = found(root, "avss")
    assert kinds == {
        "unknown-class": 1,
        "unknown-split": 1,
        "class-numbers": 1,
        "missing-file": 1,
        "empty-masks": 1,
        "stray-colour": 1,
        "labels-differ": 1,
        "short-audio": 1,
        "unequal-size": 1,
        "unreadable-file": 1,
        "frame-count": 1,
    }


def test_one_defect_of_each_kind_in_a_folder_of_labelled_videos_is_found_and_nothing_else(tmp_path):
    import json

    root = small.clips_folder(tmp_path)
    box = [0.1, 0.1, 0.5, 0.5]
    (root / "broken.mp4").write_bytes(b"no video")
    rows = {
        "a.mp4": [
            {"exp": "Late.", "boxes": {"60": box}},
            {"exp": "Wide.", "boxes": {"1": [0.5, 0.1, 0.4, 0.5]}},
            {"exp": " ", "boxes": {"1": box}},
            {"exp": "Both.", "boxes": {"1": box}, "null": True},
            {"exp": "Neither."},
        ],
        "b.mp4": [{"exp": "Same.", "boxes": {"1": box}}, {"exp": "Same.", "boxes": {"2": box}}],
        "gone.mp4": [{"exp": "x", "null": True}],
        "broken.mp4": [{"exp": "x", "null": True}],
    }
    (root / "labels.json").write_text(json.dumps({"clips": rows}))
    assert found(root, "clips") == {
        "outside-clip": 1,
        "bad-box": 1,
        "no-sentence": 1,
        "null-with-boxes": 1,
        "no-boxes": 1,
        "doubled-row": 1,
        "missing-file": 1,
        "unreadable-file": 1,
    }


def test_a_table_without_media_says_so_once(shared):
    kinds = found(shared / "ref-avs", "refavs")
    assert kinds["missing-file"] == 1


def test_the_summary_counts_every_kind_and_shows_a_few(tmp_path):
    root = small.refavs_folder(tmp_path / "set")
    for k in range(10):
        (root / "gt_mask" / "one_0_10000" / "fid_0" / f"{k:05d}.png").unlink()
    text = summary(check(root, "refavs")[1])
    assert "missing-file: 10" in text
    assert "00000.png: there is no such file" in text
    assert "... and 7 more" in text


def test_an_unknown_layout_and_a_folder_that_is_no_dataset_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="refavs, s4, ms3, avss, clips"):
        check(tmp_path, "coco")
    with pytest.raises(DatasetError, match=r"metadata\.csv"):
        check(tmp_path, "refavs")
