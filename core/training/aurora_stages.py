"""The stages of AURORA by name: what each begins with, and how long and how fast it learns."""

import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from core.systems.aurora.network import AuroraForReferringSegmentation
from core.systems.aurora.system import load
from core.systems.blocks.words import Words
from core.training.aurora import AuroraTask, Lessons, SftTask, fresh
from core.training.aurora_grpo import GrpoTask
from core.training.aurora_reflect import ReflectTask
from core.training.loop import Schedule, train

TEACHING = 1 / 3  # of the time of the first stage, for the teacher
DICE = 3.0  # a mask decoder that begins new stays at empty masks for long with the paper's 0.5
RATES = {"sft": 1e-3, "reflect": 1e-4, "grpo": 3e-5}


def task(
    stage: str,
    folders: Sequence[Path],
    cache: Path,
    out: Path,
    *,
    weights: Path | None = None,
    chains: Path | None = None,
    minutes: float = 30.0,
    steps: int | None = None,
    **options: Any,
) -> tuple[AuroraTask, Schedule]:
    """What is to be trained in `out`. options: AuroraConfig's, of a new network.

    Without weights, sft trains its teacher first, in out/teacher, in a third of the minutes and steps; the
    others begin with what ships. Raises RefavsError for weights that cannot be used.
    """
    lessons = Lessons(folders, cache, chains)
    if stage == "sft":
        begun = weights or out / "teacher"
        if weights is None and not (begun / "model.safetensors").is_file():
            network, words = fresh(lessons, **{"dice": DICE, **options})
            teaching = SftTask(lessons, network, words, chains=False)
            print("the teacher, without chains and with the category given", file=sys.stderr)
            part = steps and max(round(steps * TEACHING), 1)
            taught = train(teaching, begun, schedule("sft", minutes * TEACHING, part))
            assert isinstance(taught, AuroraForReferringSegmentation)
            teaching.save(taught, begun)
        if weights is None:
            minutes, steps = minutes * (1 - TEACHING), steps and max(round(steps * (1 - TEACHING)), 1)
        network, words = begin(begun)
        return SftTask(lessons, network, words, teacher=network), schedule("sft", minutes, steps)
    with as_file(files("assets") / "weights" / "aurora-nano") as shipped:
        network, words = begin(weights or shipped)
    kind = ReflectTask if stage == "reflect" else GrpoTask
    return kind(lessons, network, words), schedule(stage, minutes, steps)


def schedule(stage: str, minutes: float, steps: int | None) -> Schedule:
    return Schedule(minutes=minutes, steps=steps, rate=RATES[stage], warm_up=30, average=0.98)


def begin(folder: Path) -> tuple[AuroraForReferringSegmentation, Words]:
    """The network and the tokenizer of a folder, ready to learn."""
    return load(folder).requires_grad_(True), Words.load(folder)
