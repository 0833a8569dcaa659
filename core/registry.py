"""Systems and segmenters by name; a module is imported only when its name is asked for."""

from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from core.errors import RefavsError
from core.segment.protocol import Segmenter
from core.systems.protocol import System

SEGMENTERS = {
    "sam2.1-large": "core.segment.sam2:large",
    "sam2.1-base": "core.segment.sam2:base",
    "sam2.1-small": "core.segment.sam2:small",
    "sam2.1-tiny": "core.segment.sam2:tiny",
    "edgetam": "core.segment.sam2:edgetam",
    "sam3-tracker": "core.segment.sam2:sam3_tracker",
    "sam2-official": "core.segment.sam2_official:official",
    "nano-segmenter": "core.segment.nano.segmenter:NanoSegmenter",
    "classical": "core.segment.classical:ClassicalSegmenter",
}
SYSTEMS = {
    "whole-frame": "core.systems.baselines:WholeFrame",
    "centre-box": "core.systems.baselines:CentreBox",
    "largest-motion": "core.systems.baselines:LargestMotion",
    "cue": "core.systems.cue.system:CueReasoner",
    "cue-hub": "core.systems.cue.hub:CueHub",
    "eemc-nano": "core.systems.eemc.system:EemcNano",  # experimental: see its card
    "aurora-nano": "core.systems.aurora.system:AuroraNano",  # experimental: see its card
    "aurora-nano-direct": "core.systems.aurora.system:AuroraNanoDirect",  # the same without its chain
    "ssp-nano": "core.systems.ssp.system:SspNano",  # what sounds, named; experimental: see its card
    "segpref-nano": "core.systems.segpref.system:SegPrefNano",  # experimental: see its card
}
# a system by its bare name is the one whose weights ship
SHORT = {"eemc": "eemc-nano", "aurora": "aurora-nano"}
# best first; `auto` takes the first that has its weights here: shipped, or downloaded from the hub before
AUTO_SEGMENTERS = (
    *("sam2.1-large", "sam2.1-base", "sam2.1-small", "sam2.1-tiny", "edgetam"),
    *("nano-segmenter", "classical"),
)


@cache
def segmenter(name: str = "auto") -> Segmenter:
    """The segmenter of that name, made once; NAME:FOLDER takes its weights from a folder."""
    name, _, folder = (best_segmenter() if name == "auto" else name).partition(":")
    if folder and name == AUTO_SEGMENTERS[-1]:
        raise RefavsError(f"{name} has no weights, so none can be taken from {folder}; ask for {name} alone.")
    return _make(SEGMENTERS, "segmenter", name, **({"weights": Path(folder)} if folder else {}))


@cache
def system(name: str = "cue", weights: Path | None = None) -> System:
    """The system of that name, made once; `weights` is a folder saved by training."""
    return _make(SYSTEMS, "system", full_name(name), **({} if weights is None else {"weights": weights}))


def full_name(system: str) -> str:
    """Of a system that was asked for by its bare name."""
    return SHORT.get(system, system)


def without_reasoning(system: str) -> str:
    """The name under which a system answers at once. Raises RefavsError for one that writes no chain first."""
    name = f"{full_name(system)}-direct"
    if name not in SYSTEMS:
        raise RefavsError(
            f"--no-reasoning is for a system that writes before it answers, as aurora does; {system} does not."
        )
    return name


def check_system(name: str) -> None:
    """RefavsError where there is no system of that name; nothing is loaded."""
    _known(SYSTEMS, "system", full_name(name))


def best_segmenter() -> str:
    """The name that `auto` stands for on this machine."""
    from core.segment.checkpoints import CHECKPOINTS, local

    def present(name: str) -> bool:
        if name in CHECKPOINTS:
            return local(CHECKPOINTS[name]) is not None
        return (files("assets") / "weights" / name / "model.safetensors").is_file()

    return next((name for name in AUTO_SEGMENTERS if present(name)), AUTO_SEGMENTERS[-1])


def _make(table: dict[str, str], kind: str, name: str, **options: Any) -> Any:
    _known(table, kind, name)
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)(**options)


def _known(table: dict[str, str], kind: str, name: str) -> None:
    if name not in table:
        raise RefavsError(f"There is no {kind} named {name!r}; choose one of: {', '.join(sorted(table))}.")
