"""refavs train eemc --config base, from tiny checkpoints in the hub's format."""

from functools import partial

import hub_parts
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from app.cli import train as command
from core.datasets.refavs import Dataset
from core.errors import RefavsError
from core.systems.blocks.vggish import Vggish
from core.systems.eemc.base import EemcBase
from core.systems.eemc.system import EemcNano
from core.systems.protocol import Referral
from core.training import eemc_base
from core.training.eemc_base import enough_memory


class Ears:
    """In the place of VGGish, whose weights are 288 MB."""

    def embed(self, samples, rate):
        return np.ones((int(len(samples) / rate / 0.96), 128), np.float32)


@pytest.fixture
def refavs(monkeypatch, tmp_path, folder):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(Vggish, "from_file", lambda path: Ears())
    monkeypatch.setattr(eemc_base, "_free", lambda: 64.0)
    monkeypatch.setattr(EemcBase, "from_parts", partial(EemcBase.from_parts, side=64))
    cli = typer.Typer()
    command.register(cli)

    def run(*options):
        words = ["train", "eemc", f"refavs:{folder}", "--config", "base", "--out", tmp_path / "out", *options]
        return CliRunner().invoke(cli, [*map(str, words), "--steps", "1", "--batch", "1"])

    return run


def test_the_saved_folder_answers(refavs, tmp_path, folder):
    hub_parts.make(tmp_path)
    ears = tmp_path / "vggish-10086976.pth"
    ears.write_bytes(b"weights")
    done = refavs("--vision", tmp_path / "vision", "--text", tmp_path / "text", "--vggish", ears)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "vggish.pth").read_bytes() == b"weights"
    system = EemcNano(tmp_path / "out")
    assert isinstance(system._network, EemcBase)
    clip = next(Dataset(folder).samples("train")).clip()
    referral = list(system.refer(clip, "the dog on the left"))[-1]
    assert isinstance(referral, Referral)
    assert np.isfinite(referral.logits).all()
    assert len(referral.indices) == 10


def test_weights_that_are_not_there_are_named_with_what_to_do(refavs, tmp_path):
    assert "--vggish" in str(refavs().exception)
    ears = tmp_path / "vggish-10086976.pth"
    ears.write_bytes(b"weights")
    missing = refavs("--vision", tmp_path / "none", "--text", tmp_path / "none", "--vggish", ears)
    assert isinstance(missing.exception, RefavsError)
    assert str(tmp_path / "none") in str(missing.exception)


def test_too_little_memory_is_said_before_anything_is_loaded_with_what_would_fit(refavs, monkeypatch):
    monkeypatch.setattr(eemc_base, "_free", lambda: 0.1)
    assert "0.1 GiB are free" in str(refavs().exception)
    alone, pair = eemc_base.NEEDS["base"]
    with pytest.raises(RefavsError, match=r"--batch 2 --accumulate 2 .* or --config nano"):
        enough_memory("base", 4, free=alone + 2.5 * pair)
    with pytest.raises(RefavsError, match="free some memory"):
        enough_memory("nano", 1, free=0.1)
    enough_memory("base", 4, free=alone + 4 * pair)
