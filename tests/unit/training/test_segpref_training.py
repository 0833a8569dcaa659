"""How SegPref learns, on two drawn clips in the MS3 layout."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

import small_sets as small

from app.cli import train_avs as command
from core.datasets.avsbench_write import AvsClip, write_avs
from core.errors import DatasetError, RefavsError
from core.systems.protocol import Step
from core.systems.segpref.config import SegPrefConfig
from core.systems.segpref.describe import Description, potential
from core.systems.segpref.network import SegPrefOutput
from core.systems.segpref.system import load
from core.training import segpref as teaching
from core.training.loop import Schedule, train
from core.training.segpref import Descriptions, SegPrefTask, segpref_loss


@pytest.fixture
def described(monkeypatch):
    """Describes by the pitch: 300 Hz is a dog, 400 Hz a cello; both see a dog. Counts its clips."""
    asked = []

    class Quick:
        name = "cue"

        def __call__(self, clip):
            asked.append(clip)
            yield Step("look", "Looks.")
            spectrum = np.abs(np.fft.rfft(clip.audio(16000)[:16000]))
            heard = ("dog",) if spectrum.argmax() < 350 else ("cello",)
            return Description("", potential(("dog",), heard, "sound"), ("dog",), heard)

    monkeypatch.setattr(teaching, "CueDescriber", Quick)
    return asked


@pytest.fixture
def folder(tmp_path):
    """A dog on the left that barks, and one on the right that does not while a cello is heard off the picture."""
    root = tmp_path / "ms3"

    def clips():
        for seed, (name, left) in enumerate((("one", 4), ("two", 30))):
            shown = [small.square(k, left=left) for k in range(5)]
            masks = shown if not seed else [np.zeros_like(m) for m in shown]
            frames = [small.picture(m, seed=seed) for m in shown]
            yield AvsClip(name, "train", frames, masks, small.tone(5, 300 + 100 * seed), 16000)

    write_avs(root, "ms3", clips())
    return root


def task_of(folder, tmp_path, **options):
    sizes = {"width": 32, "queries": 3, "decoder_layers": 2}
    return SegPrefTask([f"ms3:{folder}"], tmp_path / "cache", SegPrefConfig(**sizes), **options)


def test_clips_are_described_once(folder, tmp_path, described):
    task = task_of(folder, tmp_path)
    assert [(t.seen, t.heard) for t in task.told] == [(("dog",), ("dog",)), (("dog",), ("cello",))]
    assert all(t.audible.tolist() == [True] * 5 for t in task.told)
    again = Descriptions(task.clips).of(task.samples[0])
    assert again.heard == ("dog",)
    assert len(described) == 2


def test_another_clips_sound_is_taken_where_nothing_that_is_seen_or_heard_can_make_it(
    folder, tmp_path, described
):
    task = task_of(folder, tmp_path)
    rng = np.random.default_rng(0)
    drawn = {task._pair(rng) for _ in range(200)}
    assert drawn == {(0, None), (1, None), (0, 1)}  # a dog is seen in both: its bark fits either
    row = task._row(rng, task.clips.of(task.samples[0]), 0, 1)
    assert row.target.abs().max() == 0
    assert row.judged.all()
    assert set(row.ears.std(1).tolist()) <= set(task.clips.of(task.samples[1]).ears.std(1).tolist())
    own = task._row(rng, task.clips.of(task.samples[0]), 0, None)
    assert own.target.sum() > 0


def test_of_s4_training_clips_the_first_frame_alone_is_judged(tmp_path, described):
    root = small.avs_folder(tmp_path / "s4", "s4", splits=("train",))
    task = SegPrefTask([f"s4:{root}"], tmp_path / "cache", SegPrefConfig(width=32))
    row = task._row(np.random.default_rng(0), task.clips.of(task.samples[0]), 0, None)
    assert row.judged.tolist() == [True, False, False]
    assert row.target[0].sum() > 0


def output(masks, sure):
    shape = sure.shape
    return SegPrefOutput(
        masks, sure, torch.ones(*shape, 1, dtype=torch.bool), torch.zeros(1), torch.zeros(1), torch.zeros(1)
    )


def test_the_loss_is_5_bce_5_dice_and_2_bce_of_whether_anything_sounds():
    torch.manual_seed(0)
    target = torch.zeros(1, 2, 56, 56)
    target[0, 0, :20, :30] = 1
    masks, sure = torch.randn(1, 2, 56, 56), torch.randn(1, 2)
    found, _ = segpref_loss(output((masks,), sure), target, torch.ones(1, 2, dtype=torch.bool))
    chance = masks.sigmoid()
    bce = -(target * chance.log() + (1 - target) * (1 - chance).log()).mean()
    first = chance[0, 0]
    dice = 1 - (2 * first[:20, :30].sum() + 1) / (first.sum() + 600 + 1)  # of the frame with a target
    there = -(torch.sigmoid(sure[0, 0]).log() + (1 - torch.sigmoid(sure[0, 1])).log()) / 2
    torch.testing.assert_close(found, 5 * bce + 5 * dice + 2 * there, atol=1e-4, rtol=1e-4)


def test_frames_without_a_label_teach_nothing():
    masks = torch.randn(1, 2, 56, 56, requires_grad=True)
    sure = torch.randn(1, 2, requires_grad=True)
    judged = torch.tensor([[True, False]])
    segpref_loss(output((masks,), sure), torch.zeros(1, 2, 56, 56), judged)[0].backward()
    assert masks.grad[0, 0].abs().max() > 0
    assert masks.grad[0, 1].abs().max() == 0
    assert sure.grad[0, 1] == 0


def test_the_cues_of_other_clips_are_pushed_unless_they_say_the_same(
    folder, tmp_path, described, monkeypatch
):
    task = task_of(folder, tmp_path)
    monkeypatch.setattr(task, "_draw", lambda rng: [(0, None), (1, None), (0, 1)])
    seen = {}

    def watched(supported, own, same, tau):
        seen.update(own=own, same=same)
        return supported.sum() * 0

    monkeypatch.setattr(teaching, "info_nce", watched)
    task.loss(0, 0.0)
    own, same = (seen[k].view(3, 3, 3, 4)[:, 0] for k in ("own", "same"))
    # cues of clip 0: dog, anything; of 1: cello, dog, anything; of 2, which has the sound of 1: the same
    assert own[0].int().tolist() == [[1, 1, 0, 0], [0] * 4, [0] * 4]
    assert same[0].int().tolist() == [[0, 0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]]
    assert not own[2].any()  # of another clip's sound nothing is pulled


def test_a_few_steps_learn_from_two_clips(folder, tmp_path, described, monkeypatch):
    monkeypatch.setattr(teaching, "BATCH", 2)
    task = task_of(folder, tmp_path)
    with torch.no_grad():
        first = np.mean([task.loss(k, 0.0)[1]["loss"] for k in range(4)])
    train(task, tmp_path / "out", Schedule(steps=16, warm_up=2, rate=3e-3, average=0.5))
    with torch.no_grad():
        late = np.mean([task.loss(k, 1.0)[1]["loss"] for k in range(4)])
    assert late < 0.8 * first


def test_no_clips_to_train_on_is_told(tmp_path):
    root = small.avs_folder(tmp_path / "ms3", "ms3", splits=("test",))
    with pytest.raises(DatasetError, match="train"):
        SegPrefTask([f"ms3:{root}"], tmp_path / "cache")


def test_the_command_writes_weights_that_load(folder, tmp_path, described, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    cli = typer.Typer()
    cli.callback()(lambda: None)
    command.register(cli)

    def run(dataset, *options):
        return CliRunner().invoke(
            cli, ["segpref", dataset, "--out", str(tmp_path / "out"), "--steps", "1", *options]
        )

    done = run(f"ms3:{folder}")
    assert done.exit_code == 0, done.output
    assert load(tmp_path / "out").config.width == SegPrefConfig().width
    assert (tmp_path / "out" / "tokenizer.json").is_file()
    assert isinstance(run(str(folder)).exception, RefavsError)
    assert isinstance(run(f"ms3:{folder}", "--config", "huge").exception, RefavsError)
