"""How EEMC learns, on two drawn clips in the Ref-AVS layout."""

import numpy as np
import pytest
import soundfile
import torch
import typer
from typer.testing import CliRunner

from app.cli import train as command
from core.datasets.refavs import Dataset
from core.errors import DatasetError, RefavsError
from core.systems.eemc.config import EemcConfig
from core.systems.eemc.network import EemcOutput
from core.systems.eemc.system import load
from core.training import eemc as teaching
from core.training.clip_features import ClipFeatures
from core.training.eemc import EemcTask, eemc_loss, mirrored
from core.training.loop import Schedule, train


def task_of(folder, tmp_path):
    """With features that all tests share: they are named by what they came from."""
    return EemcTask([folder], tmp_path.parent / "features", EemcConfig(width=32, queries=3, decoder_layers=2))


def test_a_mirrored_sentence_swaps_left_and_right_alone():
    assert mirrored("Left of the right man, leftmost.") == "Right of the left man, rightmost."
    assert mirrored("The bright object upright.") == "The bright object upright."


def test_features_are_made_once_and_again_when_a_file_changes(folder, tmp_path):
    heard = []

    def embed(samples, rate):
        heard.append(rate)
        return np.ones((10, 128), np.float32)

    sample = next(Dataset(folder).samples("train"))
    features = ClipFeatures(tmp_path / "kept", embed, "test")
    first, again = features.of(sample), features.of(sample)
    assert len(heard) == 1
    assert [tuple(m.shape) for m in first.eyes] == [(10, 64, 32, 32), (10, 128, 16, 16), (10, 192, 8, 8)]
    assert all(torch.equal(a, b) for a, b in zip(first.eyes, again.eyes, strict=True))
    soundfile.write(sample.audio_path, np.full(160000, 0.1), 16000)
    features.of(sample)
    assert len(heard) == 2


def test_a_missing_sound_is_told_with_its_clip(folder, tmp_path):
    (folder / "media" / "b" / "audio.wav").unlink()
    with pytest.raises(DatasetError, match="of b cannot be read"):
        task_of(folder, tmp_path)


def test_targets_of_a_null_pair_are_empty_and_mirrored_ones_are_mirrored(folder):
    samples = list(Dataset(folder).samples("train"))
    seconds = np.array([0, 5])
    plain, flipped = (teaching.targets(samples[0], seconds, flip) for flip in (False, True))
    assert plain.sum() > 0
    np.testing.assert_array_equal(plain[..., ::-1], flipped)
    assert teaching.targets(samples[2], seconds, False).sum() == 0


def test_null_pairs_are_null_rows_and_sentences_that_name_what_is_not_in_the_clip(folder, tmp_path):
    task = task_of(folder, tmp_path)
    rng = np.random.default_rng(0)
    drawn = {(sample.row.v, said, null) for sample, said, null in (task._draw(rng) for _ in range(300))}
    assert drawn == {
        ("a", "The dog on the left.", False),
        ("b", "The cat on the right.", False),
        ("null_c-a", "The sounding object.", True),
        ("a", "The cat on the right.", True),
        ("b", "The dog on the left.", True),
    }


def test_few_clips_are_also_seen_mirrored_and_always_the_same_ones():
    turned = [teaching._turns(f"world{k}") for k in range(1000)]
    assert 0.05 < np.mean(turned) < 0.15
    assert turned == [teaching._turns(f"world{k}") for k in range(1000)]


def test_the_loss_is_5_bce_5_dice_2_class_of_the_best_query():
    torch.manual_seed(0)
    target = (torch.rand(1, 2, 64, 64) > 0.5).float()
    good, bad = (2 * target - 1) * 6, (1 - 2 * target) * 6
    output = EemcOutput((torch.stack([bad, good], 2),), torch.randn(1, 2, 2, 2))
    total, _ = eemc_loss(output, target, torch.tensor([False]))
    chance = torch.sigmoid(good)
    bce = -(target * chance.log() + (1 - target) * (1 - chance).log()).mean()
    dice = 1 - (2 * (chance * target).sum() + 1) / (chance.sum() + target.sum() + 1)
    wrong = -output.classes.log_softmax(-1)
    classes = (wrong[0, :, 1, 0].sum() + 0.1 * wrong[0, :, 0, 1].sum()) / 2.2
    torch.testing.assert_close(total, 5 * bce + 5 * dice + 2 * classes, atol=1e-4, rtol=1e-4)


def test_a_null_pair_teaches_the_classes_alone():
    masks = torch.randn(1, 2, 3, 8, 8, requires_grad=True)
    classes = torch.randn(1, 2, 3, 2, requires_grad=True)
    total, _ = eemc_loss(EemcOutput((masks,), classes), torch.zeros(1, 2, 64, 64), torch.tensor([True]))
    total.backward()
    assert masks.grad.abs().max() == 0
    assert (classes.grad[..., 1] < 0).all()


def test_of_a_null_pair_the_surest_query_is_taught_most():
    start = torch.tensor([0.0, 2.0, -1.0])  # how sure each query is
    classes = torch.stack([start, -start], -1).expand(1, 2, 3, 2).clone().requires_grad_()
    output = EemcOutput((torch.zeros(1, 2, 3, 8, 8),), classes)
    eemc_loss(output, torch.zeros(1, 2, 64, 64), torch.tensor([True]))[0].backward()
    pull = classes.grad[..., 0].mean(1)[0]
    assert pull[1] > 8 * pull[0] > 8 * pull[2] > 0


def test_a_few_steps_learn_two_clips_by_heart(folder, tmp_path):
    torch.manual_seed(0)
    task = task_of(folder, tmp_path)
    first = task.loss(0, 0.0)[1]["loss"]
    train(task, tmp_path / "out", Schedule(steps=36, warm_up=4, rate=4e-3))
    with torch.no_grad():
        late = [task.loss(k, 1.0) for k in range(3)]
    assert np.mean([figures["loss"] for _, figures in late]) < 0.4 * first
    assert np.mean([figures["iou"] for _, figures in late]) > 0.6


def test_training_goes_on_after_a_stop_with_the_same_losses_and_weights(folder, tmp_path):
    schedule = Schedule(steps=4, warm_up=2, save_minutes=0)

    def run(out, stop):
        task = task_of(folder, tmp_path)
        inner, losses = task.loss, {}

        def watched(step, progress):
            if step == stop:
                raise KeyboardInterrupt
            loss, figures = inner(step, progress)
            losses[step] = figures["loss"]
            return loss, figures

        task.loss = watched
        try:
            train(task, out, schedule)
        except KeyboardInterrupt:
            assert stop < 4
        return losses, task.network.state_dict()

    losses, straight = run(tmp_path / "one", 4)
    before, _ = run(tmp_path / "two", 2)
    after, resumed = run(tmp_path / "two", 4)
    assert (sorted(before), sorted(after)) == ([0, 1], [2, 3])
    assert {**before, **after} == pytest.approx(losses)
    for name, value in straight.items():
        torch.testing.assert_close(resumed[name], value, msg=name)


def test_it_learns_in_bfloat16_nearly_what_it_learns_in_float32(folder, tmp_path):
    losses = {}
    for bf16 in (False, True):
        task = task_of(folder, tmp_path)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            losses[bf16] = task.loss(0, 0.0)[1]["loss"]
        train(task, tmp_path / f"out-{bf16}", Schedule(steps=1, bf16=bf16))
        assert all(p.dtype == torch.float32 and torch.isfinite(p).all() for p in task.network.parameters())
    assert losses[True] == pytest.approx(losses[False], rel=0.03)
    assert losses[True] != losses[False]


def test_the_clips_that_are_named_are_those_of_the_batch(folder, tmp_path, monkeypatch):
    task, seen = task_of(folder, tmp_path), []
    inner = task.features.of
    monkeypatch.setattr(task.features, "of", lambda s, **options: seen.append(s.row.v) or inner(s, **options))
    task.loss(3, 0.0)
    assert task.named(3) == "clips " + ", ".join(seen)


def test_a_folder_with_another_network_s_checkpoint_is_refused_and_left_as_it_is(folder, tmp_path):
    train(task_of(folder, tmp_path), tmp_path / "out", Schedule(steps=1))
    before = (tmp_path / "out" / "checkpoint.pt").read_bytes()
    other = EemcTask(
        [folder], tmp_path.parent / "features", EemcConfig(width=16, queries=3, decoder_layers=2)
    )
    with pytest.raises(RefavsError, match="no checkpoint of this network"):
        train(other, tmp_path / "out", Schedule(steps=2))
    assert (tmp_path / "out" / "checkpoint.pt").read_bytes() == before


def test_a_loss_that_is_no_number_stops_and_names_the_clips(folder, tmp_path):
    task = task_of(folder, tmp_path)
    task.network.tokens.data.fill_(float("nan"))
    with pytest.raises(RefavsError, match=r"step 0 is no number \(clips (a|b|null_c-a), .*nothing was saved"):
        train(task, tmp_path / "out", Schedule(steps=2))


def test_the_command_writes_weights_that_load(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    cli = typer.Typer()
    command.register(cli)

    def run(dataset, *options):
        return CliRunner().invoke(
            cli, ["train", "eemc", dataset, "--out", str(tmp_path / "out"), "--steps", "1", *options]
        )

    done = run(f"refavs:{folder}")
    assert done.exit_code == 0, done.output
    assert load(tmp_path / "out").config.width == EemcConfig().width
    assert (tmp_path / "out" / "tokenizer.json").is_file()
    assert isinstance(run(str(folder)).exception, RefavsError)
    assert isinstance(run(f"refavs:{folder}", "--config", "huge").exception, RefavsError)
