"""The table of what EEMC's mechanisms are worth, and its cost, on drawn clips."""

import json

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from app.cli import bench_eemc
from core.errors import RefavsError
from core.systems.eemc.config import EemcConfig
from core.training import eemc_cost, eemc_proof, proof
from core.training.eemc import EemcTask
from core.training.eemc_proof import Cell

SMALL = {"width": 16, "heads": 2, "queries": 2, "decoder_layers": 1}


@pytest.fixture
def tested(folder):
    """The drawn clips, two of them also as rows of test splits."""
    with (folder / "metadata.csv").open("a") as file:
        file.write(
            "a,a_dog_2,test_s,0,The dog on the left.\na,null_c-a_null_2,test_n,0,The sounding object.\n"
        )
    return folder


@pytest.fixture
def bench(monkeypatch, tmp_path):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(eemc_proof, "EemcConfig", lambda **options: EemcConfig(**SMALL, **options))
    cli = typer.Typer()
    bench_eemc.register(cli)
    return lambda *arguments: CliRunner().invoke(cli, [str(a) for a in arguments])


def test_cells_that_were_run_stay_and_the_others_are_called_not_run(bench, tested, tmp_path):
    out = tmp_path / "proof"
    command = ("eemc", f"refavs:{tested}", "--out", out, "--clip-steps", 4, "--seeds", 1)
    none = bench(*command, "--minutes", 0)
    assert none.exit_code == 0, none.output
    assert none.stdout.count("| not run | not run | not run | 0 of 1 |") == len(eemc_proof.VARIANTS)
    first = eemc_proof.run(
        Cell("without text", 0), [tested], tmp_path / "cache" / "training", out, clip_steps=4, rows=2
    )
    assert first["test_u"] is None
    assert 0 <= first["test_s"] <= 100
    (out / "rows.jsonl").open("a").write('{"variant": "full", "se')  # a row that was cut off
    again = bench(*command, "--minutes", 0)
    assert again.stdout.count("1 of 1") == 1
    assert json.loads(again.stdout.splitlines()[-1])["cells"] == 1
    assert proof.kept(out, proof.on_folders(8, [tested], [tested])) == {}


def test_every_variant_leaves_out_what_its_name_says(tested, tmp_path):
    rng = np.random.default_rng(0)
    for variant, options in eemc_proof.VARIANTS.items():
        network = EemcTask(
            [tested], tmp_path.parent / "features", EemcConfig(**SMALL, **options)
        ).network.eval()
        eyes = tuple(
            torch.from_numpy(rng.normal(size=(1, 2, c, s, s))).float()
            for c, s in ((64, 8), (128, 4), (192, 2))
        )
        ears, numbers = torch.rand(1, 2, 128), torch.tensor([[4, 5, 6]])
        with torch.no_grad():
            plain = network(eyes, ears, numbers).classes
            deaf = torch.equal(plain, network(eyes, ears + 1, numbers).classes)
            blind = torch.equal(plain, network(eyes, ears, numbers.flip(1)).classes)
        assert (deaf, blind) == ("without audio" in variant, "without text" in variant)


def test_a_cell_of_too_many_steps_is_refused(bench, tested, tmp_path):
    refused = bench("eemc", f"refavs:{tested}", "--out", tmp_path, "--clip-steps", 4000)
    assert isinstance(refused.exception, RefavsError)
    assert isinstance(bench("eemc", tested, "--out", tmp_path).exception, RefavsError)


def test_the_cost_of_both_designs_is_measured_in_one_run(bench, tested, monkeypatch):
    monkeypatch.setattr(eemc_cost, "alone", eemc_cost.measure)
    monkeypatch.setattr(eemc_cost, "CLIPS", 1)
    done = bench("eemc-cost", f"refavs:{tested}", "--steps", 1)
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["step_ratio"] > 1
    assert set(figures["peak_mib"]) == set(eemc_cost.DESIGNS)
