"""The training loop of all systems: warm-up and cosine, averaged weights, checkpoints that are whole or not there.

It runs on what `accelerate` finds: a processor, a GPU, or several, which share the work of a step
(`accelerate launch --no_python refavs train ...`). Figures are printed, and kept for TensorBoard in OUT/log.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn

from core.errors import RefavsError

if TYPE_CHECKING:
    from accelerate import Accelerator

LOGGED = 10  # steps between two points of a curve


class Task(Protocol):
    """What is learnt. It may also have

    any_device: bool, True if `loss` puts its batch where the network is; others stay on the processor;
    named(step) -> str: what the batch of that step is made of, for words about a failure;
    lighter: str, what to ask for where memory is short.
    """

    @property
    def network(self) -> nn.Module:
        """What is trained, in place."""
        ...

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """The loss of one batch and figures to print; depends on its arguments and the weights alone."""
        ...


@dataclass(frozen=True)
class Schedule:
    """Ends after `minutes` of training or `steps`, whichever is given; at least one must be.

    accumulate: batches whose gradients are averaged in a step. bf16: whether networks answer in bfloat16; the
    weights stay float32.
    """

    minutes: float | None = None
    steps: int | None = None
    rate: float = 1.5e-3
    warm_up: int = 200
    decay: float = 0.05
    average: float = 0.998
    save_minutes: float = 3.0
    accumulate: int = 1
    bf16: bool = False

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

    Of several processes only the first returns; the others end here, so that what follows is done once.

    Raises RefavsError for a schedule without an end, a checkpoint of another network, a loss or gradients that are
    no number, and too little memory; the last checkpoint stays as it is.
    """
    if not schedule.minutes and not schedule.steps:
        raise RefavsError("Training needs an end: expected minutes or steps above 0; got neither.")
    machine = _machine(task)
    out.mkdir(parents=True, exist_ok=True)
    network = task.network.to(machine.device)
    average = deepcopy(network).requires_grad_(False)
    optimiser = torch.optim.AdamW(
        _groups(network, schedule.decay), lr=schedule.rate, betas=(0.9, 0.98), fused=True
    )
    checkpoint = out / "checkpoint.pt"
    step, seconds = _resume(checkpoint, network, average, optimiser)
    network.train()
    saved, shown, figures = time.monotonic(), time.monotonic(), dict[str, float]()
    with _log(out, step, main=machine.is_main_process) as log:
        while (progress := schedule.progress(step, seconds)) < 1:
            started = time.monotonic()
            rate = schedule.rate_at(step, progress)
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad(set_to_none=True)
            with _kept(task, step, checkpoint):
                latest = _learn(machine, task, step, progress, schedule)
            optimiser.step()
            _follow(average, network, min(schedule.average, (step + 1) / (step + 10)))
            step += 1
            seconds = _agreed(machine, seconds + time.monotonic() - started)
            figures = {k: 0.98 * figures.get(k, v) + 0.02 * v for k, v in latest.items()}
            if step % LOGGED == 0:
                log({**latest, "rate": rate}, step)
            if machine.is_main_process and time.monotonic() - shown > 20:
                shown = time.monotonic()
                _show(step, seconds, schedule, figures)
            if machine.is_main_process and time.monotonic() - saved > 60 * schedule.save_minutes:
                saved = time.monotonic()
                _save(checkpoint, network, average, optimiser, step, seconds)
    if machine.is_main_process:
        _save(checkpoint, network, average, optimiser, step, seconds)
        _show(step, seconds, schedule, figures)
    if machine.num_processes > 1:
        machine.wait_for_everyone()
        machine.end_training()
        if not machine.is_main_process:
            raise SystemExit(0)
    return average


def _machine(task: Task) -> "Accelerator":
    try:
        from accelerate import Accelerator
    except ImportError:
        raise RefavsError(
            "Training needs the parts of the extra [train], which are not installed: "
            'run pip install "refavs-studio[train]".'
        ) from None
    return Accelerator(cpu=not getattr(task, "any_device", False))


def _learn(
    machine: "Accelerator", task: Task, step: int, progress: float, schedule: Schedule
) -> dict[str, float]:
    """Leave the step's gradients in the network: the mean over its batches, and over all processes.

    Every batch has a number of its own, which is the step where there is one of them a step.
    """
    bf16 = schedule.bf16 or machine.mixed_precision == "bf16"
    total: dict[str, float] = {}
    for part in range(schedule.accumulate):
        number = (step * schedule.accumulate + part) * machine.num_processes + machine.process_index
        with torch.autocast(machine.device.type, torch.bfloat16, enabled=bf16):
            loss, figures = task.loss(number, progress)
        if not torch.isfinite(loss):
            raise _NoNumber(f"loss of step {step}", number)
        machine.backward(loss / schedule.accumulate)
        total = {k: total.get(k, 0.0) + v / schedule.accumulate for k, v in figures.items()}
    if machine.num_processes > 1:  # by hand: a task may call any part of its network, not the whole alone
        for p in task.network.parameters():
            if p.requires_grad:
                p.grad = machine.reduce(torch.zeros_like(p) if p.grad is None else p.grad, "mean")
    if not torch.isfinite(nn.utils.clip_grad_norm_(task.network.parameters(), 3.0)):
        raise _NoNumber(f"gradient of step {step}", number)
    return total


class _NoNumber(Exception):
    """what, number of the batch"""


@contextmanager
def _kept(task: Task, step: int, checkpoint: Path) -> Iterator[None]:
    """Say in words why a step failed; what is saved stays."""
    kept = f"{checkpoint} is kept" if checkpoint.exists() else "nothing was saved yet"
    try:
        yield
    except _NoNumber as error:
        what, number = error.args
        named: Callable[[int], str] | None = getattr(task, "named", None)
        batch = f" ({named(number)})" if named else ""
        raise RefavsError(
            f"The {what} is no number{batch}; {kept}. Look at this batch, or train with a smaller rate."
        ) from None
    except (MemoryError, RuntimeError) as error:  # torch has no error of its own for the processor's memory
        said = str(error).splitlines()[0] if str(error) else "the memory is full"
        short = isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in said
        if not short:
            raise
        lighter = getattr(task, "lighter", "a smaller network or smaller batches")
        raise RefavsError(
            f"Step {step} found too little memory ({said[:160]}); {kept}. What would fit: {lighter}."
        ) from None


def _agreed(machine: "Accelerator", seconds: float) -> float:
    """The mean over the processes, so that all of them end at the same step."""
    if machine.num_processes == 1:
        return seconds
    return float(machine.reduce(torch.tensor(seconds, device=machine.device), "mean"))


@contextmanager
def _log(out: Path, step: int, *, main: bool) -> Iterator[Callable[[dict[str, Any], int], None]]:
    """Keeps figures for TensorBoard; those behind `step`, of a run that was stopped, are taken back."""
    if not main:
        yield lambda figures, step: None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(out / "log", purge_step=step + 1) as writer:

        def log(figures: dict[str, Any], step: int) -> None:
            for name, value in figures.items():
                writer.add_scalar(name, value, step)

        yield log


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
