"""The stages of AURORA at the paper's size, with tiny parts of random weights."""

import json

import pytest
import tiny_omni
import torch
import typer
from aurora_sets import broken_off, draw
from safetensors.torch import load_file
from typer.testing import CliRunner

from app.cli import train as command
from core.datasets.refavs import Dataset
from core.errors import RefavsError
from core.systems.aurora.chain import WAIT, Chain, write
from core.training import aurora_chains, aurora_grpo, aurora_stages
from core.training.aurora import Pair
from core.training.aurora_grpo import Reward
from core.training.loop import Schedule, train

pytest.importorskip("peft", reason="LoRA needs the extra [train]")

from core.training.aurora_base import Base


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clip with a bright square, and a null one; in the Ref-AVS layout."""
    root = tmp_path_factory.mktemp("set")
    rows = [
        ("a", "a_teddy-bear_1", "train", "0", "The teddy bear on the left."),
        ("a", "null_c-a_null_1", "train", "0", "The sounding object."),
    ]
    draw(root, rows, {"a": 2, "null_c-a": 2})
    with (root / "chains.jsonl").open("w") as file:
        for sample in Dataset(root).samples():
            chain = Chain(("teddy-bear",), (), None, (), ("place",), aurora_chains.target(sample))
            file.write(json.dumps({"uid": sample.row.uid, "chain": write(chain)}) + "\n")
    return root


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    root = tmp_path_factory.mktemp("parts")
    tiny_omni.thinker(root / "omni")
    tiny_omni.segmenter(root / "sam2")
    return root


@pytest.fixture(scope="module")
def size(folder, parts):
    named = {"thinker": str(parts / "omni"), "segmenter": str(parts / "sam2")}
    return Base([folder], folder, folder / "chains.jsonl", **named)


@pytest.fixture(scope="module")
def begun(size, tmp_path_factory):
    """Weights of a network that writes [SEG] now and then, and little else."""
    out = tmp_path_factory.mktemp("begun")
    network, _ = size.fresh()
    torch.nn.init.normal_(network.say.weight)
    network.config.chain_length = 6
    network.store(out)
    return out


def test_the_command_trains_a_teacher_and_stages_whose_folders_load(folder, parts, tmp_path, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(aurora_grpo, "TRIES", 1)
    cli = typer.Typer()
    command.register(cli)
    named = ("--thinker", str(parts / "omni"), "--segmenter", str(parts / "sam2"))

    def run(out, stage, *options):
        line = ["train", "aurora", f"refavs:{folder}", "--config", "base", "--stage", stage]
        line += ["--chains", str(folder / "chains.jsonl"), "--out", str(tmp_path / out), *options]
        return CliRunner().invoke(cli, line)

    first = run("sft", "sft", "--steps", "2", "--accumulate", "2", "--bf16", *named)
    assert first.exit_code == 0, (first.output, first.exception)
    assert (tmp_path / "sft" / "teacher" / "model.safetensors").is_file()
    about = json.loads((tmp_path / "sft" / "config.json").read_text())
    assert about["thinker"] == str(parts / "omni")
    (tmp_path / "sft" / "config.json").write_text(json.dumps(about | {"chain_length": 6}))
    done = run("grpo", "grpo", "--steps", "1", "--weights", str(tmp_path / "sft"))
    assert done.exit_code == 0, (done.output, done.exception)
    assert (tmp_path / "grpo" / "model.safetensors").is_file()
    refused = run("x", "grpo").exception
    assert isinstance(refused, RefavsError)
    assert "--weights" in str(refused)
    nano = CliRunner().invoke(cli, ["train", "aurora", f"refavs:{folder}", "--out", "x", *named]).exception
    assert "--config base" in str(nano)


def test_the_loss_falls_over_a_few_steps_and_what_is_frozen_stays(size, begun, tmp_path):
    task, _ = aurora_stages.task("sft", size, tmp_path, weights=begun)
    thinker = {n: p.clone() for n, p in task.network.named_parameters() if not p.requires_grad}
    before, figures = task.loss(0, 0.0)
    assert set(figures) == {"words", "mask", "iou", "apart"}
    train(task, tmp_path, Schedule(steps=5, rate=1e-2, warm_up=0))
    after, _ = task.loss(0, 0.0)
    assert after.item() < 0.96 * before.item()
    for name, p in task.network.named_parameters():
        if name in thinker:
            assert torch.equal(p, thinker[name]), name
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert set(kept["network"]) == set(task.network.state_dict())


def test_a_broken_off_grpo_goes_on_as_if_it_had_not_been(size, begun, tmp_path, monkeypatch):
    monkeypatch.setattr(aurora_grpo, "TRIES", 1)
    monkeypatch.setattr(  # a tiny network of random weights earns nothing
        aurora_grpo, "reward", lambda text, *_: Reward(len(text) % 3 / 2, 0.0, 0.0)
    )

    def run(out, stop):
        task, _ = aurora_stages.task("grpo", size, tmp_path / out, weights=begun)
        return broken_off(task, tmp_path / out, stop, steps=2, rate=1e-2)

    straight = run("one", 2)
    run("two", 1)
    resumed = run("two", 2)
    start = load_file(begun / "model.safetensors")
    assert any("lora_B" in n and not torch.equal(value, start[n]) for n, value in straight.items())
    for name, value in straight.items():
        torch.testing.assert_close(resumed[name], value, msg=name)


def test_a_wrong_chain_in_a_thinkers_tokens_is_read_and_reconsidered_but_not_learnt(size, begun, tmp_path):
    task, _ = aurora_stages.task("reflect", size, tmp_path, weights=begun)
    sample = size.lessons.samples[0]
    pair = Pair(sample, sample.row.exp, "teddy-bear")
    right = task.lessons.chain(pair)
    wrong = right.replace("the teddy-bear. [SEG]", "the cat. [SEG]")
    assert task.words.text(task.words.answer(right, reasons=True)) == right
    task.network.config.chain_length = 600  # letters are tokens here
    tokens, unlearnt = task.corrected(wrong, pair)
    said = task.words.text(tokens)
    assert said == f"{wrong.replace(' [SEG]', '')} {WAIT} {right}"
    assert task.words.text(tokens[1 + unlearnt :]) == f"{WAIT} {right}"
    task.network.config.chain_length = 6
    total, figures = task.loss(0, 0.0)
    total.backward()
    assert figures["words"] > 0
