"""The table of what the stages of AURORA are worth, on drawn clips."""

import json

import cv2
import pytest
import typer
from aurora_sets import Eyes, draw
from typer.testing import CliRunner

from app.cli import bench_aurora
from core.errors import RefavsError
from core.training import aurora_curves, aurora_grpo, aurora_proof, clip_features
from core.training.proof import Cell

SIZES = {"width": 16, "heads": 2, "layers": 1, "prompt": 16, "chain_length": 10}
DOG = {
    "category": "dog",
    "shown": [1],
    "size": 9,
    "x": 0.1,
    "voice": "bark",
    "start": 0.0,
    "level": -9.0,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A clip with a bright square and its script, learnt and asked about; in the Ref-AVS layout."""
    monkeypatch.setattr(clip_features, "NanoEyes", Eyes)
    monkeypatch.setattr(aurora_grpo, "TRIES", 1)
    root = tmp_path / "set"
    rows = [
        ("a", "a_dog_1", "train", "0", "The dog on the left."),
        ("a", "a_dog_2", "test_s", "0", "The dog."),
        ("a", "null_c-a_null_1", "test_n", "0", "The cat."),
    ]
    draw(root, rows, {"a": 2, "null_c-a": 2})
    for v in ("a", "null_c-a"):
        told = {"script": {"audio": "normal", "off_screen": []}, "truth": [DOG]}
        (root / "media" / v / "script.json").write_text(json.dumps(told))
    return root


@pytest.fixture
def bench(monkeypatch, tmp_path):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    cli = typer.Typer()
    cli.callback()(lambda: None)
    bench_aurora.register(cli)
    return lambda *arguments: CliRunner().invoke(cli, ["aurora", *(str(a) for a in arguments)])


def test_every_stage_goes_on_from_the_one_before_and_is_scored(bench, folder, tmp_path):
    out = tmp_path / "proof"
    command = (f"refavs:{folder}", "--out", out, "--clip-steps", 6, "--seeds", 1, "--minutes", 0)
    none = bench(*command)
    assert none.exit_code == 0, none.output
    assert none.stdout.count("| 0 of 1 |") == len(aurora_proof.VARIANTS)

    def run(variant):
        return aurora_proof.run(
            Cell(variant, 0),
            [folder],
            tmp_path / "cache" / "training",
            out,
            clip_steps=6,
            rows=2,
            on=[folder],
            **SIZES,
        )

    with pytest.raises(RefavsError, match="Name a folder saved by"):
        run("+ reflection")
    plain = run("no chain")
    assert "form" not in plain
    for variant in ("+ distillation", "+ reflection", "+ GRPO", aurora_proof.LONGER):
        row = run(variant)
        assert 0 <= row["test_s j"] <= 100
        assert 0 <= row["test_n s"] <= 100
        assert 0 <= row["category"] <= 100
        assert row["test_u j"] is None
    again = bench(*command)
    assert again.stdout.count("| 1 of 1 |") == 5
    assert next(line for line in again.stdout.splitlines() if "no chain |" in line).count("| - |") >= 1
    assert json.loads(again.stdout.splitlines()[-1]) == {"cells": 5, "of": 6, "clip_steps": 6}
    picture = cv2.imread(str(out / "rewards.png"))
    assert picture.shape == (aurora_curves.HIGH, aurora_curves.WIDE, 3)


def test_the_control_trains_as_long_as_reflection_and_grpo_together():
    steps = {variant: aurora_proof._schedule(variant, 250).steps for variant in aurora_proof.VARIANTS}
    assert steps[aurora_proof.LONGER] == steps["+ reflection"] + steps["+ GRPO"] == 166


def test_a_step_of_grpo_that_is_done_again_counts_once(tmp_path):
    path = tmp_path / "+-GRPO-1-60" / aurora_proof.CURVES
    path.parent.mkdir()
    path.write_text("".join(json.dumps({"step": s, "reward": r}) + "\n" for s, r in ((0, 1), (1, 2), (1, 3))))
    found = aurora_proof.curves(tmp_path, 60, 2)
    assert [(row["step"], row["reward"]) for row in found[1]] == [(0, 1), (1, 3)]
    assert 0 not in found
