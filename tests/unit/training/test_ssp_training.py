"""How Stepping Stone Plus learns, on small drawn folders."""

import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from torch.nn import functional as F
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

from small_sets import avs_folder, avss_folder

from app.cli import train_avs
from core.errors import DatasetError, RefavsError
from core.systems.ssp.config import SspConfig
from core.systems.ssp.network import StageOutput
from core.systems.ssp.system import load
from core.training.loop import Schedule, train
from core.training.ssp import SspTask, cheapest, stage_loss

TINY = {"width": 32, "queries": 3, "semantic_queries": 4, "decoder_layers": 2}


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    root = tmp_path_factory.mktemp("avs")
    avss_folder(root / "avss", places=(("v1s", "train"), ("v1m", "train"), ("v1m", "test")))
    avs_folder(root / "ms3", "ms3")
    return root


@pytest.fixture
def task(sets):
    return SspTask([f"avss:{sets / 'avss'}", f"ms3:{sets / 'ms3'}"], sets / "cache", SspConfig(**TINY))


def test_the_cheapest_matching_is_that_of_all_permutations():
    rng = np.random.default_rng(0)
    for rows in (1, 2, 3):
        cost = rng.normal(size=(rows, 5))
        best = min(permutations(range(5), rows), key=lambda p: sum(cost[k, c] for k, c in enumerate(p)))
        assert tuple(cheapest(cost.tolist())) == best


def test_the_loss_is_5_bce_5_dice_2_class_and_10_bce_on_the_moving_part():
    torch.manual_seed(0)
    classes = torch.zeros(1, 224, 224, dtype=torch.uint8)
    classes[0, :, :112] = 3
    thing = torch.zeros(56, 56)
    thing[:, :28] = 1
    wanted = torch.stack([1 - thing, thing])
    masks = torch.stack([(2 * thing - 1) * 3, torch.randn(56, 56), (1 - 2 * thing) * 2])[None]
    output = StageOutput((masks,), torch.randn(1, 3, 6), torch.randn(1, 3, 56, 56))
    moving = torch.zeros(1, 56, 56)
    moving[0, :10] = 1
    total, _ = stage_loss(output, classes, [[0, 3]], moving, 10.0)
    own = masks[0, [2, 0]]
    bce = F.binary_cross_entropy_with_logits(own, wanted)
    chance = own.sigmoid()
    overlap = (chance * wanted).sum((1, 2))
    dice = (1 - (2 * overlap + 1) / (chance.sum((1, 2)) + wanted.sum((1, 2)) + 1)).mean()
    wrong = -output.classes[0].log_softmax(-1)
    named = (wrong[2, 0] + wrong[0, 3] + 0.1 * wrong[1, 5]) / 2.1
    post = F.binary_cross_entropy_with_logits(output.moving[0, 0], moving[0] * thing)
    torch.testing.assert_close(total, 5 * bce + 5 * dice + 2 * named + 10 * post, atol=1e-4, rtol=1e-4)


def test_a_frame_where_nothing_sounds_teaches_background_and_no_motion():
    output = StageOutput(
        (torch.randn(1, 2, 8, 8),), torch.randn(1, 2, 3), torch.randn(1, 2, 8, 8, requires_grad=True)
    )
    classes = torch.zeros(1, 224, 224, dtype=torch.uint8)
    with_weight, _ = stage_loss(output, classes, [[0]], torch.ones(1, 56, 56), 10.0)
    without, _ = stage_loss(output, classes, [[0]], torch.ones(1, 56, 56), 0.0)
    assert float(with_weight) == float(without)


def test_a_step_draws_two_labelled_frames_of_six_clips_and_mutes_some(task):
    rng = np.random.default_rng(0)
    drawn = [task._draw(rng) for _ in range(40)]
    batch = task.frames(drawn, rng)
    count = sum(1 if len(s.label_paths) == 1 else 2 for s in drawn)
    assert [len(m) for m in (*batch.eyes, batch.ears, batch.motion, *batch.texts, batch.classes)] == [
        count
    ] * 8
    silent = (batch.classes == 0).all(-1).all(-1)
    assert 0 < silent.float().mean() < 0.4
    assert batch.semantic.any()
    assert not batch.semantic.all()


def test_a_few_steps_learn_two_clips_by_heart(task, tmp_path):
    first = task.loss(0, 0.0)[1]["loss"]
    train(task, tmp_path, Schedule(steps=12, warm_up=2, rate=5e-3))
    with torch.no_grad():
        late = [task.loss(k, 1.0)[1]["loss"] for k in range(2)]
    assert np.mean(late) < 0.7 * first


def test_a_loss_that_is_no_number_stops_and_names_the_clips(task):
    task.network.audio[0].weight.data.fill_(float("nan"))
    with pytest.raises(RefavsError, match=r"step 7 is no number \(clips"):
        task.loss(7, 0.0)


def test_masks_without_classes_are_not_enough(sets):
    with pytest.raises(DatasetError, match="avss:DIR with a split train is needed"):
        SspTask([f"ms3:{sets / 'ms3'}"], sets / "cache")


def test_the_command_writes_weights_that_load(sets, tmp_path, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(sets))
    cli = typer.Typer()
    cli.callback()(lambda: None)
    train_avs.register(cli)

    def run(*options):
        return CliRunner().invoke(
            cli, ["ssp", f"avss:{sets / 'avss'}", "--out", str(tmp_path), "--steps", "1", *options]
        )

    done = run()
    assert done.exit_code == 0, done.output
    assert load(tmp_path).config.width == SspConfig().width
    assert (tmp_path / "tokenizer.json").is_file()
    assert isinstance(run("--config", "huge").exception, RefavsError)
