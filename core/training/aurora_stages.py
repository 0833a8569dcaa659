"""The stages of AURORA by name: what each begins with, and how long and how fast it learns."""

import sys
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, ClassVar, Protocol

from core.systems.aurora.network import AuroraForReferringSegmentation
from core.systems.aurora.system import load
from core.systems.aurora.tokens import ChainWords, Spells
from core.systems.aurora.writing import Reasoning
from core.systems.blocks.words import Words
from core.training.aurora import BATCH, AuroraTask, Lessons, SftTask, fresh
from core.training.aurora_grpo import GROUPS, GrpoTask
from core.training.aurora_reflect import ReflectTask
from core.training.loop import Schedule, train

TEACHING = 1 / 3  # of the time of the first stage, for the teacher
DICE = 3.0  # a mask decoder that begins new stays at empty masks for long with the paper's 0.5
RATES = {"sft": 1e-3, "reflect": 1e-4, "grpo": 3e-5}


class Size(Protocol):
    """What the stages are for one size of the network. batches: pairs a batch, rates: of learning, by stage."""

    batches: ClassVar[Mapping[str, int]]
    rates: ClassVar[Mapping[str, float]]

    @property
    def lessons(self) -> Lessons: ...

    def fresh(self) -> tuple[Reasoning, Spells]:
        """An untrained network and how it spells."""
        ...

    def begin(self, folder: Path | None) -> tuple[Reasoning, Spells]:
        """Of a folder, ready to learn; None = what ships. Raises RefavsError."""
        ...


class Nano:
    """Implements Size: the network that ships, on the eyes and ears that the small systems share. options:
    AuroraConfig's, of a new one.
    """

    batches: ClassVar[Mapping[str, int]] = {"sft": BATCH, "reflect": BATCH, "grpo": GROUPS}
    rates: ClassVar[Mapping[str, float]] = RATES

    def __init__(
        self, folders: Sequence[Path], cache: Path, chains: Path | None = None, **options: Any
    ) -> None:
        self.lessons = Lessons(folders, cache, chains)
        self._options = {"dice": DICE, **options}

    def fresh(self) -> tuple[AuroraForReferringSegmentation, ChainWords]:
        return fresh(self.lessons, **self._options)

    def begin(self, folder: Path | None) -> tuple[AuroraForReferringSegmentation, ChainWords]:
        with as_file(files("assets") / "weights" / "aurora-nano") as shipped:
            return begin(folder or shipped)


def task(
    stage: str,
    size: Size,
    out: Path,
    *,
    weights: Path | None = None,
    minutes: float = 30.0,
    steps: int | None = None,
    batch: int | None = None,
    accumulate: int = 1,
    bf16: bool = False,
) -> tuple[AuroraTask, Schedule]:
    """What is to be trained in `out`. batch: pairs a batch; None = as the size has it.

    Without weights, sft trains its teacher first, in out/teacher, in a third of the minutes and steps; the
    others begin with what ships. Raises RefavsError for weights that cannot be used.
    """
    batch = batch or size.batches[stage]

    def plan(minutes: float, steps: int | None) -> Schedule:
        return Schedule(
            minutes=minutes,
            steps=steps,
            rate=size.rates[stage],
            warm_up=30,
            average=0.98,
            accumulate=accumulate,
            bf16=bf16,
        )

    if stage == "sft":
        begun = weights or out / "teacher"
        if weights is None and not (begun / "model.safetensors").is_file():
            network, words = size.fresh()
            teaching = SftTask(size.lessons, network, words, chains=False, batch=batch)
            print("the teacher, without chains and with the category given", file=sys.stderr)
            part = steps and max(round(steps * TEACHING), 1)
            taught = train(teaching, begun, plan(minutes * TEACHING, part))
            assert isinstance(taught, Reasoning)
            teaching.save(taught, begun)
        if weights is None:
            minutes, steps = minutes * (1 - TEACHING), steps and max(round(steps * (1 - TEACHING)), 1)
        network, words = size.begin(begun)
        return SftTask(size.lessons, network, words, teacher=network, batch=batch), plan(minutes, steps)
    network, words = size.begin(weights)
    kind = ReflectTask if stage == "reflect" else GrpoTask
    return kind(size.lessons, network, words, batch=batch), plan(minutes, steps)


def begin(folder: Path) -> tuple[AuroraForReferringSegmentation, ChainWords]:
    """The network and the tokenizer of a folder, ready to learn."""
    network = load(folder).requires_grad_(True)
    return network, ChainWords(Words.load(folder), network.config)
