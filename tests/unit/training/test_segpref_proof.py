"""The table of what the mechanisms of SegPref are worth, on drawn clips."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

import small_sets as small

from app.cli import bench_avs
from core.systems.protocol import Step
from core.systems.segpref.config import SegPrefConfig
from core.systems.segpref.describe import Description, potential
from core.systems.segpref.network import SegPrefForAudioVisualSegmentation
from core.training import segpref as teaching
from core.training import segpref_proof
from core.training.proof import Cell

SMALL = {"width": 16, "heads": 2, "queries": 2, "decoder_layers": 1}


class Quick:
    """Describes every clip as a dog that barks."""

    name = "cue"

    def __call__(self, clip):
        yield Step("look", "Looks.")
        return Description("", potential(("dog",), ("dog",), "sound"), ("dog",), ("dog",))


def test_cells_that_were_run_stay_and_each_is_scored_with_every_sound(tmp_path, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(teaching, "CueDescriber", Quick)
    sets = [f"ms3:{small.avs_folder(tmp_path / 'ms3', 'ms3')}"]
    out = tmp_path / "proof"
    out.mkdir()
    row = segpref_proof.run(
        Cell("SegPref", 0), sets, tmp_path / "cache" / "training", out, clip_steps=4, clips=1, **SMALL
    )
    assert row["mute marked"] == 0  # by its making, after one step
    assert all(0 <= row[name] <= 100 for name in segpref_proof.COLUMNS)
    cli = typer.Typer()
    cli.callback()(lambda: None)
    bench_avs.register(cli)
    command = ("segpref", *sets, "--out", str(out), "--clip-steps", "4", "--seeds", "1", "--minutes", "0")
    again = CliRunner().invoke(cli, list(command))
    assert again.exit_code == 0, again.output
    assert again.stdout.count("| 1 of 1 |") == 1
    assert again.stdout.count("| 0 of 1 |") == len(segpref_proof.VARIANTS) - 1
    assert json.loads(again.stdout.splitlines()[-1])["cells"] == 1


@pytest.mark.parametrize("variant", segpref_proof.VARIANTS)
@torch.no_grad()
def test_every_variant_leaves_out_what_its_name_says(variant):
    torch.manual_seed(0)
    config = SegPrefConfig(**SMALL, vocabulary=60, **segpref_proof.VARIANTS[variant])
    network = SegPrefForAudioVisualSegmentation(config).eval()
    eyes = tuple(torch.randn(1, 1, c, s, s) for c, s in ((64, 8), (128, 4), (192, 2)))
    ears, numbers, silent = torch.randn(1, 1, 128), torch.tensor([[[4, 5], [6, 7]]]), torch.zeros(1, 1)
    loud = network(eyes, ears, numbers, ~silent.bool()).sure
    other = network(eyes, ears, numbers.flip(2), ~silent.bool()).sure
    quiet = network(eyes, ears, numbers, silent.bool()).sure
    plain = variant == "baseline"
    assert torch.equal(loud, other) == (plain or variant == "without text cues")
    assert bool(quiet < -5) == (not plain and variant != "without dynamic mask")
    assert (config.contrast == 0) == (plain or variant == "without InfoNCE")


def test_another_sound_is_one_that_nothing_here_is_known_to_make():
    told = [
        teaching.Told(seen, heard, "sound", np.ones(1, bool))
        for seen, heard in ((("dog",), ("dog",)), (("cat",), ("dog",)), (("cat",), ("cello",)))
    ]
    assert [segpref_proof._other(k, told) for k in range(3)] == [2, 2, 0]
