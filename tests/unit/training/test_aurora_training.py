"""The stages of AURORA on drawn clips, and the arithmetic of its reinforcement learning."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import typer
from aurora_sets import Eyes, broken_off, draw
from typer.testing import CliRunner

from app.cli import chains as chains_command
from app.cli import train as command
from core.datasets.refavs import Dataset
from core.errors import DatasetError, RefavsError
from core.systems.aurora.chain import WAIT, Chain, write
from core.systems.aurora.system import load
from core.training import aurora, aurora_chains, aurora_grpo, aurora_stages, clip_features
from core.training.aurora import Pair, SftTask, padded
from core.training.aurora_chains import Scene, judge
from core.training.aurora_grpo import GrpoTask, Reward, advantages, policy_loss, reward
from core.training.loop import train

SIZES = {"width": 16, "heads": 2, "layers": 1, "prompt": 16, "chain_length": 10}
SCENE = Scene(frozenset({"dog", "cat"}), ("dog", "cat"), ("dog",), None, ())


@pytest.fixture(scope="module", autouse=True)
def quick_eyes():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip_features, "NanoEyes", Eyes)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two clips with a bright square, and a null one; in the Ref-AVS layout."""
    root = tmp_path_factory.mktemp("set")
    rows = [
        ("a", "a_dog_1", "train", "0", "The dog on the left."),
        ("b", "b_teddy-bear_1", "train", "0", "The teddy bear on the right."),
        ("a", "null_c-a_null_1", "train", "0", "The sounding object."),
    ]
    return draw(root, rows, {"a": 2, "b": 20, "null_c-a": 2})


@pytest.fixture(scope="module")
def chains(folder, tmp_path_factory):
    """A file of right chains of the drawn clips."""
    path = tmp_path_factory.mktemp("chains") / "chains.jsonl"
    with path.open("w") as file:
        for sample in Dataset(folder).samples():
            seen = (sample.row.category,) if not sample.row.is_null else ("dog",)
            heard = () if sample.row.is_null else seen
            chain = Chain(seen, heard, None, (), ("sound",), aurora_chains.target(sample))
            file.write(json.dumps({"uid": sample.row.uid, "chain": write(chain)}) + "\n")
    return path


def stage(name, folder, chains, out, **options):
    plan = {key: options.pop(key) for key in ("weights", "steps") if key in options}
    size = aurora_stages.Nano([folder], out.parent / "cache", chains, **options)
    return aurora_stages.task(name, size, out, **plan)


@pytest.fixture(scope="module")
def taught(folder, chains, tmp_path_factory):
    """Weights of the first stage after three steps."""
    out = tmp_path_factory.mktemp("stages") / "sft"
    task, schedule = stage("sft", folder, chains, out, steps=3, **SIZES)
    task.save(train(task, out, schedule), out)
    return out


def test_reflection_and_reinforcement_follow_and_a_broken_off_grpo_goes_on_as_if_it_had_not_been(
    taught, folder, chains, tmp_path, monkeypatch
):
    assert (taught / "teacher" / "model.safetensors").is_file()
    first = taught.parent / "reflect"
    task, schedule = stage("reflect", folder, chains, first, weights=taught, steps=1)
    task.save(train(task, first, schedule), first)
    monkeypatch.setattr(aurora_grpo, "TRIES", 1)

    def run(out, stop):
        task, _ = stage("grpo", folder, chains, taught.parent / out, weights=first)
        return broken_off(task, tmp_path / out, stop, steps=3, rate=1e-3)

    straight = run("one", 3)
    run("two", 2)
    resumed = run("two", 3)
    begun = load(first).state_dict()
    assert any(not torch.equal(value, begun[name]) for name, value in straight.items())
    for name, value in straight.items():
        torch.testing.assert_close(resumed[name], value, msg=name)


def test_a_step_of_grpo_depends_on_its_number_and_the_weights_alone(taught, folder, chains):
    losses = []
    for _ in range(2):
        task, _ = stage("grpo", folder, chains, taught.parent / "g", weights=taught, steps=1)
        torch.manual_seed(len(losses))  # of no account
        losses.append(task.loss(7, 0.0)[0].item())
    assert losses[0] == losses[1]


def test_the_teacher_is_followed_by_its_weight_in_the_config(taught, folder, chains):
    task, _ = stage("sft", folder, chains, taught.parent / "again", weights=taught / "teacher", steps=3)
    assert isinstance(task, SftTask)
    torch.nn.init.normal_(task.network.point[2].bias)
    total, figures = task.loss(0, 0.0)
    task.network.config.distillation = 3.0
    more, _ = task.loss(0, 0.0)
    assert figures["apart"] > 0.1
    assert (more - total).item() == pytest.approx(2 * figures["apart"], rel=1e-3)


def test_a_wrong_chain_of_its_own_is_read_and_reconsidered_but_not_learnt(taught, folder, chains):
    task, _ = stage("reflect", folder, chains, taught.parent / "r", weights=taught, steps=1)
    task.network.config.chain_length = 140
    sample = next(s for s in Dataset(folder).samples() if s.row.category == "dog")
    pair = Pair(sample, sample.row.exp, "dog")
    right = task.lessons.chain(pair)
    wrong = right.replace("the dog. [SEG]", "the cat. [SEG]")
    tokens, unlearnt = task.corrected(wrong, pair)
    said = task.words.text(tokens)
    assert said == f"{wrong.replace(' [SEG]', '')} {WAIT} {right}"
    assert task.words.text(tokens[1 + unlearnt :]) == f"{WAIT} {right}"
    assert task.corrected(right, pair) == (task.words.answer(right, reasons=True), 0)
    assert task.corrected("no chain at all", pair) == (task.words.answer(right, reasons=True), 0)


def test_chains_come_back_from_their_tokens_letter_by_letter(taught, folder, chains):
    task, _ = stage("grpo", folder, chains, taught.parent / "t", weights=taught, steps=1)
    for said in aurora_chains.read_file(chains).values():
        assert task.words.text(task.words.answer(said, reasons=True)) == said
    assert padded([[1, 2], [3]]).tolist() == [[1, 2], [3, 0]]


def test_the_policy_gradient_of_a_toy_policy_is_the_known_one():
    """One token, three choices, a softmax: d/d logits of -A log p(a) = -A (1[a] - p)."""
    logits = torch.tensor([[0.2, -0.4, 0.7]] * 4, requires_grad=True)
    chosen, gains = torch.tensor([0, 2, 1, 2]), torch.tensor([1.0, -0.5, 0.25, 2.0])
    log_probs = logits.log_softmax(-1).gather(1, chosen[:, None])
    policy_loss(log_probs, gains, torch.ones(4, 1, dtype=torch.bool)).backward()
    known = -gains[:, None] * (torch.eye(3)[chosen] - logits.detach().softmax(-1)) / 4
    torch.testing.assert_close(logits.grad, known)


def test_tokens_that_were_not_sampled_do_not_count_and_kl_pulls_back():
    log_probs = torch.tensor([[-1.0, -2.0]], requires_grad=True)
    there = torch.tensor([[True, False]])
    policy_loss(log_probs, torch.tensor([2.0]), there).backward()
    assert log_probs.grad.tolist() == [[-2.0, 0.0]]
    log_probs.grad = None
    kept = torch.tensor([[-0.5, -9.0]])
    policy_loss(log_probs, torch.tensor([0.0]), there, kept, kl=1.0).backward()
    torch.testing.assert_close(log_probs.grad, torch.tensor([[1 - torch.e**0.5, 0.0]]))  # likelier, as before


def test_advantages_are_even_in_a_group_and_nothing_where_all_are_alike():
    found = advantages(torch.tensor([[1.0, 2.0, 3.0, 2.0], [2.0, 2.0, 2.0, 2.01]]))
    assert found[0].mean().abs() < 1e-6
    assert float(found[0].std()) == pytest.approx(1, abs=1e-3)
    assert found[1].tolist() == [0.0] * 4


def test_groups_without_spread_are_drawn_again(taught, folder, chains, monkeypatch):
    task, _ = stage("grpo", folder, chains, taught.parent / "g", weights=taught, steps=1)
    assert isinstance(task, GrpoTask)
    given = iter([[1.0] * 8, [0.0, 1.0] * 4])

    def rewards(pairs, batch, tokens):
        worth = next(given)
        return [[Reward(w, 0, 0) for w in worth[k : k + 4]] for k in (0, 4)]

    monkeypatch.setattr(task, "rewards", rewards)
    assert task.loss(0, 0.0)[1]["drawn"] == 2.0


def test_null_is_rewarded_as_an_answer_like_any_other():
    null = write(SCENE.chain("The sounding object.", None))
    there = write(SCENE.chain("The sounding object.", "vacuum-cleaner"))
    assert reward(null, True, None, 1.0) == Reward(1.0, 1.0, 1.0)
    assert reward(null, True, "dog", 0.0) == Reward(1.0, 0.0, 0.0)
    assert reward(there, True, "vacuum-cleaner", 0.5) == Reward(1.0, 1.0, 0.5)
    assert reward(there, False, "vacuum", 0.5) == Reward(0.0, 0.0, 0.5)
    assert reward("nonsense", True, None, 0.0) == Reward(0.0, 0.0, 0.0)


def test_a_chain_is_judged_by_what_is_true_of_the_clip():
    said = write(Chain(("dog", "piano"), ("dog",), None, (), (), "cat"))
    assert judge(said, SCENE, "cat") == aurora_chains.Judgement(True, True, 0.5, 1.0)
    assert judge("It is the cat.", SCENE, "cat") == aurora_chains.Judgement(False, False, None, None)
    silent = write(Chain((), (), None, (), (), None))
    assert judge(silent, SCENE, None) == aurora_chains.Judgement(True, True, 0.0, 0.0)


def test_a_script_becomes_a_chain_of_what_is_seen_and_heard(folder, tmp_path):
    folder = Path(shutil.copytree(folder, tmp_path / "set"))

    def fact(category, x, start, level, voice="v"):
        return {
            "category": category,
            "x": x,
            "size": 0.1,
            "shown": [True] * 10,
            "voice": voice,
            "start": start,
            "level": level,
        }

    facts = [fact("dog", 0.8, 0.5, -20), fact("cat", 0.2, 3.0, -10), fact("table", 0.5, 10, -120, "")]
    off = [{"cast": "duck"}]
    for v, audio in (("a", "normal"), ("b", "muted"), ("null_c-a", "off-screen")):
        script = {"audio": audio, "off_screen": off if audio == "off-screen" else []}
        path = folder / "media" / v / "script.json"
        path.write_text(json.dumps({"script": script, "truth": facts}))
    found = {sample.row.v: write(chain) for sample, chain in aurora_chains.samples(folder)}
    assert "shows cat, table, dog. The sound has dog, cat; the loudest is cat." in found["a"]
    assert "The sound has nothing. The sentence" in found["b"]
    assert (
        "The sound has nothing; out of sight duck. The sentence leans on sound. Nothing fits."
        in found["null_c-a"]
    )
    cli = typer.Typer()
    cli.callback()(lambda: None)
    chains_command.register(cli)
    out = tmp_path / "c.jsonl"
    done = CliRunner().invoke(cli, ["chains", f"refavs:{folder}", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert len(aurora_chains.read_file(out)) == 3
    out.write_text(out.read_text().replace("Nothing fits", "Nothing suits"))
    failed = CliRunner().invoke(cli, ["chains", f"refavs:{folder}", "--check", str(out)])
    assert isinstance(failed.exception, DatasetError)
    assert "line 3" in str(failed.exception)


def test_chains_that_a_model_wrote_are_learnt_from_without_scripts_and_rows_without_one_are_left_out(
    folder, tmp_path, capsys
):
    def ask(clip, sentence, wanted, earlier):
        return "No." if "teddy" in sentence else write(Chain(("dog",), (), None, (), ("sound",), wanted))

    out = tmp_path / "chains.jsonl"
    list(aurora_chains.fill(out, Dataset(folder).samples("train"), ask))
    lessons = aurora.Lessons([folder], tmp_path / "cache", out)
    assert [sample.row.uid for sample in lessons.samples] == ["a_dog_1", "null_c-a_null_1"]
    assert "1 rows are left out: no chain of their clip, b first" in capsys.readouterr().err
    assert lessons.chain(Pair(lessons.samples[1], "The sounding object.", None)).endswith(
        "Nothing fits. [SEG]"
    )
    out.write_text("")
    with pytest.raises(DatasetError, match="no chain for any row"):
        aurora.Lessons([folder], tmp_path / "cache", out)


def test_a_set_without_scripts_and_an_unknown_stage_are_refused_in_words(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    cli = typer.Typer()
    command.register(cli)

    def run(*options):
        line = [
            "train",
            "aurora",
            f"refavs:{folder}",
            "--out",
            str(tmp_path / "out"),
            "--steps",
            "1",
            *options,
        ]
        return CliRunner().invoke(cli, line).exception

    assert "world scene's script" in str(run())
    for wrong in (run("--stage", "dpo"), run("--config", "huge")):
        assert isinstance(wrong, RefavsError)
