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
    "nano-segmenter": "core.segment.nano.segmenter:NanoSegmenter",
    "classical": "core.segment.classical:ClassicalSegmenter",
}
SYSTEMS = {
    "whole-frame": "core.systems.baselines:WholeFrame",
    "centre-box": "core.systems.baselines:CentreBox",
    "largest-motion": "core.systems.baselines:LargestMotion",
    "cue": "core.systems.cue.system:CueReasoner",
}
AUTO_SEGMENTERS = ("nano-segmenter", "classical")  # best first; `auto` takes the first that has its weights


@cache
def segmenter(name: str = "auto") -> Segmenter:
    """The segmenter of that name, made once."""
    return _make(SEGMENTERS, "segmenter", _best() if name == "auto" else name)


@cache
def system(name: str = "cue", weights: Path | None = None) -> System:
    """The system of that name, made once; `weights` is a folder saved by training."""
    return _make(SYSTEMS, "system", name, **({} if weights is None else {"weights": weights}))


def _best() -> str:
    """The first of AUTO_SEGMENTERS whose weights came with the program."""
    shipped = files("assets") / "weights"
    present = (n for n in AUTO_SEGMENTERS if (shipped / n / "model.safetensors").is_file())
    return next(present, AUTO_SEGMENTERS[-1])


def _make(table: dict[str, str], kind: str, name: str, **options: Any) -> Any:
    if name not in table:
        raise RefavsError(f"There is no {kind} named {name!r}; choose one of: {', '.join(sorted(table))}.")
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)(**options)
