"""Labelled videos: rows, boxes, nulls."""

import json

import pytest
import small_sets as small

from core.datasets import clips
from core.errors import DatasetError


def test_labels_come_back_as_they_were_written(tmp_path):
    root = small.clips_folder(tmp_path / "clips")
    data = clips.Dataset(root)
    assert [(row.file, row.null, len(row.boxes)) for row in data.rows] == [
        ("a.mp4", False, 2),
        ("a.mp4", True, 0),
        ("b.mp4", False, 1),
    ]
    again = tmp_path / "again"
    again.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (again / name).write_bytes((root / name).read_bytes())
    wide = clips.Row("a.mp4", "Wide.", {3.5: (0, 0, 0.5, 0.5)}, ((0, 0, 1, 1),))
    clips.write_labels(again, [*data.rows, wide], note="by eye")
    assert sorted(clips.Dataset(again).rows, key=str) == sorted([*data.rows, wide], key=str)


def test_a_row_opens_its_video(tmp_path):
    sample = next(iter(clips.Dataset(small.clips_folder(tmp_path)).samples()))
    assert len(sample.clip()) == 20
    assert sample.clip().size == small.SIZE


def test_the_real_labels_open(shared):
    data = clips.Dataset(shared / "clips")
    assert len(data) == 20
    assert sum(row.null for row in data.rows) == 2
    assert sum(len(row.boxes) for row in data.rows) == 39
    assert sum(bool(row.accept) for row in data.rows) == 3


def test_a_folder_without_labels_says_which_file_it_looked_for(tmp_path):
    with pytest.raises(DatasetError, match=r"labels\.json"):
        clips.Dataset(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"clips": []},
        {"clips": {"a.mp4": {}}},
        {"clips": {"a.mp4": ["The dog."]}},
        {"clips": {"a.mp4": [{"boxes": {}}]}},
        {"clips": {"a.mp4": [{"exp": "x", "boxes": [1, 2]}]}},
        {"clips": {"a.mp4": [{"exp": "x", "boxes": {"one": [0, 0, 1, 1]}}]}},
        {"clips": {"a.mp4": [{"exp": "x", "boxes": {"1": [0, 0, 1]}}]}},
        {"clips": {"a.mp4": [{"exp": "x", "null": "yes"}]}},
    ],
)
def test_labels_of_another_form_are_refused(tmp_path, data):
    (tmp_path / "labels.json").write_text(json.dumps(data))
    with pytest.raises(DatasetError, match=r"labels\.json"):
        clips.Dataset(tmp_path)


def test_there_are_no_splits(tmp_path):
    with pytest.raises(DatasetError, match="no splits"):
        clips.Dataset(small.clips_folder(tmp_path)).samples("test")
