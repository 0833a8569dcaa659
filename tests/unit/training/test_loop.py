"""The training loop on a network of two weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from core.errors import RefavsError
from core.training import loop
from core.training.loop import Schedule, train


class Line:
    """Learns y = 3 x - 1; the batch of a step depends on the step alone."""

    def __init__(self, width=1):
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(width, 1), nn.BatchNorm1d(1, affine=False))
        self.steps = []

    def loss(self, step, progress):
        self.steps.append(step)
        x = torch.randn(16, 1, generator=torch.Generator().manual_seed(step))
        wrong = ((self.network[0](x) - (3 * x - 1)) ** 2).mean()
        return wrong, {"loss": wrong.item()}


def weights(network):
    return [p.detach().clone() for p in network.state_dict().values()]


def test_it_learns(tmp_path):
    train(task := Line(), tmp_path, Schedule(steps=300, rate=0.1, warm_up=5))
    assert task.network[0].weight.item() == pytest.approx(3, abs=0.2)
    assert task.network[0].bias.item() == pytest.approx(-1, abs=0.2)


def test_the_returned_network_is_the_average_of_the_last_weights(tmp_path):
    task = Line()
    average = train(task, tmp_path, Schedule(steps=40, rate=0.05, warm_up=1))
    assert average is not task.network
    assert not torch.equal(average[0].weight, task.network[0].weight)
    assert not any(p.requires_grad for p in average.parameters())


def test_going_on_after_a_stop_gives_exactly_the_weights_of_an_unbroken_run(tmp_path, monkeypatch):
    schedule = Schedule(steps=30, rate=0.05, warm_up=5)
    whole = train(Line(), tmp_path / "whole", schedule)

    class Stop(Exception):
        pass

    broken = Line()
    learn = broken.loss

    def until_twelve(step, progress):
        if step == 12:
            raise Stop
        return learn(step, progress)

    broken.loss = until_twelve
    with pytest.raises(Stop):
        train(broken, tmp_path / "broken", Schedule(steps=30, rate=0.05, warm_up=5, save_minutes=0))
    resumed = Line()
    again = train(resumed, tmp_path / "broken", schedule)
    assert resumed.steps[0] == 12
    for a, b in zip(weights(whole), weights(again), strict=True):
        assert torch.equal(a, b)


def test_a_crash_while_saving_leaves_the_last_whole_checkpoint(tmp_path, monkeypatch):
    train(Line(), tmp_path, Schedule(steps=5, warm_up=0))
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def crash(source, target):
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(OSError, match="no space"):
        train(Line(), tmp_path, Schedule(steps=9, warm_up=0))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_a_finished_training_does_nothing_more(tmp_path):
    train(Line(), tmp_path, Schedule(steps=5))
    task = Line()
    train(task, tmp_path, Schedule(steps=5))
    assert task.steps == []


@pytest.mark.parametrize("harm", ["another network", "broken"])
def test_a_checkpoint_that_cannot_be_used_is_named_in_one_sentence(tmp_path, harm):
    train(Line(), tmp_path, Schedule(steps=2))
    task = Line(width=2) if harm == "another network" else Line()
    if harm == "broken":
        (tmp_path / "checkpoint.pt").write_bytes(b"nothing")
    with pytest.raises(RefavsError) as caught:
        train(task, tmp_path, Schedule(steps=4))
    assert "checkpoint.pt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_accumulated_batches_make_the_step_that_all_of_them_at_once_would(tmp_path):
    class Twice(Line):
        def loss(self, step, progress):
            losses = [super(Twice, self).loss(2 * step + k, progress)[0] for k in (0, 1)]
            return sum(losses) / 2, {}

    apart = train(Line(), tmp_path / "a", Schedule(steps=5, accumulate=2, warm_up=0))
    at_once = train(Twice(), tmp_path / "b", Schedule(steps=5, warm_up=0))
    for a, b in zip(weights(apart), weights(at_once), strict=True):
        torch.testing.assert_close(a, b)


def test_networks_answer_in_bfloat16_when_asked_and_their_weights_stay_whole(tmp_path):
    kinds = set()

    class Watched(Line):
        def loss(self, step, progress):
            kinds.add(self.network[0](torch.ones(1, 1)).dtype)
            return super().loss(step, progress)

    average = train(Watched(), tmp_path, Schedule(steps=120, rate=0.1, warm_up=5, bf16=True))
    assert kinds == {torch.bfloat16}
    assert average[0].weight.dtype == torch.float32
    assert average[0].weight.item() == pytest.approx(3, abs=0.3)


class Failing(Line):
    """Something goes wrong at step 4; a checkpoint is kept after every step before."""

    lighter = "half of it"

    def __init__(self, how):
        super().__init__()
        self.how = how

    def named(self, step):
        return f"clip {step}"

    def loss(self, step, progress):
        loss, figures = super().loss(step, progress)
        if step == 4 and self.how == "loss":
            loss = loss * float("nan")
        elif step == 4 and self.how == "gradient":
            loss = loss + (self.network[0].weight * 0).sqrt().sum()
        elif step == 4:
            raise self.how
        return loss, figures


@pytest.mark.parametrize("how", ["loss", "gradient"])
def test_what_is_no_number_stops_keeps_the_last_good_checkpoint_and_names_the_batch(tmp_path, how):
    with pytest.raises(RefavsError, match=rf"The {how} of step 4 is no number \(clip 4\).*is kept"):
        train(Failing(how), tmp_path, Schedule(steps=9, save_minutes=0))
    task = Line()
    train(task, tmp_path, Schedule(steps=6))
    assert task.steps == [4, 5]
    assert all(torch.isfinite(w).all() for w in weights(task.network))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_too_little_memory_stops_and_says_what_would_fit(tmp_path, error):
    with pytest.raises(RefavsError, match=r"Step 4 found too little memory.*is kept.*half of it"):
        train(Failing(error), tmp_path, Schedule(steps=9, save_minutes=0))
    with pytest.raises(RuntimeError, match="a bug"):
        train(Failing(RuntimeError("a bug")), tmp_path / "other", Schedule(steps=9))


def test_the_curves_of_a_run_that_was_stopped_go_on_where_it_was(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(Line(), tmp_path, Schedule(steps=20))
    train(Line(), tmp_path, Schedule(steps=40))
    curves = EventAccumulator(str(tmp_path / "log"))
    curves.Reload()
    assert [point.step for point in curves.Scalars("loss")] == [10, 20, 30, 40]
    assert curves.Tags()["scalars"] == ["loss", "rate"]


def test_training_without_its_extra_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(RefavsError, match=r"refavs-studio\[train\]"):
        train(Line(), tmp_path, Schedule(steps=1))


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_from_two_batches_a_step(tmp_path):
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path; from test_loop import Line; from core.training.loop import Schedule, train\n"
        "train(Line(), Path(sys.argv[3]), Schedule(steps=6, warm_up=0)); print('behind it')"
    )
    here = Path(__file__).parent
    common = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29533"}
    common |= {"ACCELERATE_USE_CPU": "true", "LOCAL_WORLD_SIZE": "2"}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, here, here.parents[2], tmp_path / "two"],
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said == ["behind it\n", ""]
    train(Line(), tmp_path / "one", Schedule(steps=6, warm_up=0, accumulate=2))
    two, one = (torch.load(tmp_path / name / "checkpoint.pt")["network"] for name in ("two", "one"))
    for a, b in zip(two.values(), one.values(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_schedule_without_an_end_is_refused(tmp_path):
    with pytest.raises(RefavsError, match="minutes or steps"):
        train(Line(), tmp_path, Schedule())


def test_the_rate_rises_and_then_falls_like_a_cosine():
    schedule = Schedule(steps=100, rate=1.0, warm_up=10)
    rates = [schedule.rate_at(step, schedule.progress(step, 0)) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9]
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[50] == pytest.approx(0.505)
    assert rates[-1] < 0.02


def test_progress_is_of_whichever_end_comes_first():
    schedule = Schedule(minutes=10, steps=100)
    assert schedule.progress(50, 60) == 0.5
    assert schedule.progress(10, 480) == 0.8
    assert schedule.progress(10, 6000) == 1.0


def test_progress_is_printed_with_the_time_left(capsys):
    loop._show(50, 60.0, Schedule(steps=100), {"loss": 0.25})
    assert "step 50  50.0 %  1.0 min left  loss 0.250" in capsys.readouterr().err
