"""The training loop on a network of two weights."""

import os

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
