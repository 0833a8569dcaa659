"""refavs train nano-segmenter, on drawn pictures."""

import typer
from typer.testing import CliRunner

from app.cli import train
from core.segment.nano.look import load


def refavs(*words):
    cli = typer.Typer()
    train.register(cli)
    return CliRunner().invoke(cli, ["train", "nano-segmenter", *map(str, words)])


def test_it_writes_weights_that_load_and_goes_on_when_asked_again(stills, tmp_path):
    out = tmp_path / "weights"
    done = refavs(stills, "--out", out, "--steps", 1)
    assert done.exit_code == 0, done.output
    assert load(out).config.widths[0] > 0
    assert (out / "model.safetensors").stat().st_size < 16 * 2**20
    again = refavs(stills, "--out", out, "--steps", 2)
    assert "going on from step 1" in again.output


def test_a_folder_that_is_no_dataset_is_refused_before_anything_is_written(tmp_path):
    done = refavs(tmp_path, "--out", tmp_path / "weights", "--steps", 1)
    assert "img/ and mask/" in str(done.exception)
    assert not (tmp_path / "weights").exists()
