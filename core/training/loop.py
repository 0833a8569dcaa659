"""The training loop: warm-up and cosine, averaged weights, checkpoints that are whole or not there."""

import math
import os
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Protocol

import torch
from torch import Tensor, nn

from core.errors import RefavsError


class Task(Protocol):
    """What is learnt."""

    @property
    def network(self) -> nn.Module:
        """What is trained, in place."""
        ...

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """The loss of one batch and figures to print; depends on its arguments and the weights alone."""
        ...


@dataclass(frozen=True)
class Schedule:
    """Ends after `minutes` of training or `steps`, whichever is given; at least one must be."""

    minutes: float | None = None
    steps: int | None = None
    rate: float = 1.5e-3
    warm_up: int = 200
    decay: float = 0.05
    average: float = 0.998
    save_minutes: float = 3.0

    def progress(self, step: int, seconds: float) -> float:
        """0 to 1."""
        by_time = seconds / (60 * self.minutes) if self.minutes else 0.0
        by_step = step / self.steps if self.steps else 0.0
        return min(max(by_time, by_step), 1.0)

    def rate_at(self, step: int, progress: float) -> float:
        """Linear over the first `warm_up` steps, then a cosine down to one hundredth."""
        rising = min((step + 1) / self.warm_up, 1.0) if self.warm_up else 1.0
        return self.rate * rising * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * progress)))


def train(task: Task, out: Path, schedule: Schedule) -> nn.Module:
    """Train until the schedule ends, going on from out/checkpoint.pt. Returns the averaged network.

    Raises RefavsError for a schedule without an end or a checkpoint of another network.
    """
    if not schedule.minutes and not schedule.steps:
        raise RefavsError("Training needs an end: expected minutes or steps above 0; got neither.")
    out.mkdir(parents=True, exist_ok=True)
    network = task.network
    average = deepcopy(network).requires_grad_(False)
    optimiser = torch.optim.AdamW(
        _groups(network, schedule.decay), lr=schedule.rate, betas=(0.9, 0.98), fused=True
    )
    checkpoint = out / "checkpoint.pt"
    step, seconds = _resume(checkpoint, network, average, optimiser)
    network.train()
    saved, shown, figures = time.monotonic(), time.monotonic(), dict[str, float]()
    while (progress := schedule.progress(step, seconds)) < 1:
        started = time.monotonic()
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate_at(step, progress)
        loss, latest = task.loss(step, progress)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 3.0)
        optimiser.step()
        _follow(average, network, min(schedule.average, (step + 1) / (step + 10)))
        step += 1
        seconds += time.monotonic() - started
        figures = {k: 0.98 * figures.get(k, v) + 0.02 * v for k, v in latest.items()}
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            _show(step, seconds, schedule, figures)
        if time.monotonic() - saved > 60 * schedule.save_minutes:
            saved = time.monotonic()
            _save(checkpoint, network, average, optimiser, step, seconds)
    _save(checkpoint, network, average, optimiser, step, seconds)
    _show(step, seconds, schedule, figures)
    return average


def _groups(network: nn.Module, decay: float) -> list[dict[str, object]]:
    """Weights of convolutions and matrices decay; scales and shifts do not."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    for slow, fast in zip(_state(average), _state(network), strict=True):
        if slow.is_floating_point():
            slow.lerp_(fast, 1 - keep)
        else:
            slow.copy_(fast)


def _state(network: nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from network.buffers()


def _save(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    step: int,
    seconds: float,
) -> None:
    """Written beside and moved into place, so a crash leaves the last whole one."""
    part = path.with_suffix(".part")
    state = {
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
        "seconds": seconds,
    }
    torch.save(state, part)
    os.replace(part, path)


def _resume(
    path: Path, network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[int, float]:
    if not path.exists():
        return 0, 0.0
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
    except (RuntimeError, KeyError, ValueError, EOFError, UnpicklingError) as error:
        raise RefavsError(
            f"{path} is no checkpoint of this network ({str(error).splitlines()[0]}); "
            "name another --out, or remove it to start again."
        ) from None
    print(f"going on from step {state['step']}", file=sys.stderr)
    return int(state["step"]), float(state["seconds"])


def _show(step: int, seconds: float, schedule: Schedule, figures: dict[str, float]) -> None:
    progress = schedule.progress(step, seconds)
    left = seconds * (1 - progress) / progress if progress > 0 else 0.0
    values = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
    print(
        f"step {step}  {100 * progress:.1f} %  {left / 60:.1f} min left  {values}",
        file=sys.stderr,
        flush=True,
    )
