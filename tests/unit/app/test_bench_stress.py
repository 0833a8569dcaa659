"""refavs bench stress, on two small parts."""

import csv
import json

import cv2
import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from app.cli import bench_stress
from core.datasets.refavs import HEADER
from core.datasets.world import sets


@pytest.fixture
def parts(tmp_path):
    """Two parts of two rows each: an object that fills half of the picture, and all of it."""
    folders = []
    for part, wide in (("dark", 40), ("rivals", 80)):
        root = tmp_path / part
        for v in ("a", "b"):
            frames, masks = root / "media" / v / "frames", root / "gt_mask" / v / "fid_0"
            frames.mkdir(parents=True)
            masks.mkdir(parents=True)
            mask = np.zeros((64, 80), np.uint8)
            mask[:, :wide] = 255
            for k in range(10):
                cv2.imwrite(str(frames / f"{k}.jpg"), np.full((64, 80, 3), 90, np.uint8))
                cv2.imwrite(str(masks / f"{k:05}.png"), mask)
            soundfile.write(root / "media" / v / "audio.wav", np.zeros((480000, 2)), 48000)
        with (root / "metadata.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [HEADER, *((v, f"{v}_dog_1", "test_s", "0", "The dog.") for v in ("a", "b"))]
            )
        folders.append(root)
    return folders


def test_each_part_is_scored_once_and_what_was_not_says_so(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(sets, "build_set", lambda name: parts)
    cli = typer.Typer()
    cli.callback()(lambda: None)
    bench_stress.register(cli)

    def run(*options):
        return CliRunner().invoke(cli, ["stress", "whole-frame", "--out", str(tmp_path / "out"), *options])

    none = run("--minutes", "0")
    assert none.exit_code == 0, none.output
    assert none.stdout.count("| not run |") == 2
    done = run("--rows", "2")
    assert "| dark | 50.8" in done.stdout
    assert "| rivals | 100.0" in done.stdout
    again = run("--rows", "2", "--minutes", "0")
    assert "| dark | 50.8" in again.stdout
    assert json.loads(again.stdout.splitlines()[-1]) == {"rows": 2, "scored": 2, "of": 2}
