"""The table of what the mechanisms of Stepping Stone Plus are worth, on drawn clips."""

import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

from small_sets import avs_folder, avss_folder

from app.cli import bench_avs
from core.errors import DatasetError, RefavsError
from core.systems.ssp.config import SspConfig
from core.training import proof, ssp_proof
from core.training.avs_clips import scored_clips
from core.training.ssp_proof import Cell

SMALL = {"width": 16, "heads": 2, "queries": 2, "semantic_queries": 2, "decoder_layers": 2}


@pytest.fixture
def bench(monkeypatch, tmp_path):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    cli = typer.Typer()
    cli.callback()(lambda: None)
    bench_avs.register(cli)
    return lambda *arguments: CliRunner().invoke(cli, ["ssp", *(str(a) for a in arguments)])


def test_cells_that_were_run_stay_and_the_others_are_called_not_run(bench, tmp_path):
    sets = [
        f"avss:{avss_folder(tmp_path / 'avss', places=(('v1m', 'train'), ('v1m', 'test')))}",
        f"ms3:{avs_folder(tmp_path / 'ms3', 'ms3')}",
    ]
    out = tmp_path / "proof"
    command = (*sets, "--out", out, "--clip-steps", 6, "--seeds", 1, "--minutes", 0)
    none = bench(*command)
    assert none.exit_code == 0, none.output
    assert none.stdout.count("| 0 of 1 |") == len(ssp_proof.VARIANTS)
    cache = tmp_path / "cache" / "training"
    row = ssp_proof.run(Cell("full", 0), sets, cache, out, clip_steps=6, clips=1, **SMALL)
    for name in ("ms3", "avss", "named", "named, flow", "named, nothing"):
        assert 0 <= row[name] <= 100
    (out / "rows.jsonl").open("a").write('{"variant": "AAVS", "se')  # a row that was cut off
    again = bench(*command)
    assert again.stdout.count("1 of 1") == 1
    assert json.loads(again.stdout.splitlines()[-1])["cells"] == 1
    assert proof.kept(out, proof.on_datasets(12, sets)) == {}


def test_every_variant_is_what_its_name_says():
    for variant, options in ssp_proof.VARIANTS.items():
        config = SspConfig(**options)
        assert config.pre_mask == ("pre-mask" in variant or variant == "full")
        assert (config.post_weight == 10) == ("post-mask" in variant or variant == "full")
        assert config.prompts == ("texts" in variant or variant == "full")


def test_a_cell_of_too_many_steps_and_a_set_without_test_clips_are_refused(bench, tmp_path):
    root = avss_folder(tmp_path / "avss", places=(("v1m", "train"),))
    with pytest.raises(RefavsError, match="6 to 2000 clip steps"):
        ssp_proof.run(Cell("full", 0), [f"avss:{root}"], tmp_path, tmp_path, clip_steps=4000, clips=1)
    with pytest.raises(DatasetError, match="clips of the split test"):
        scored_clips([f"avss:{root}"], 4)
