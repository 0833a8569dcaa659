"""Writes the sentences of a clip: true of exactly one object, and that object can be told by what is seen."""

from dataclasses import dataclass

import numpy as np

from core.datasets.world.conditions import Holds
from core.datasets.world.forms import FORMS, NULLS
from core.datasets.world.truth import Fact, Truth


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, the form it has, and the numbers of the objects it is true of (none for null)."""

    text: str
    form: str
    numbers: tuple[int, ...]


def candidates(truth: Truth, rng: np.random.Generator, count: int = 1) -> dict[str, list[Said]]:
    """By form, all sentences that are true of exactly `count` objects, and rightly seen of each.

    A target must be visible, and where the form speaks of its sound, seen while it sounds.
    """
    out: dict[str, list[Said]] = {}
    for name, (form, _, by_sound) in FORMS.items():
        seen: set[str] = set()
        for text, holds in form(truth, rng):
            targets = _true_of(truth, holds)
            fit = all(f.visible and (f.articulated or not by_sound) for f in targets)
            if len(targets) == count and fit and text not in seen:
                seen.add(text)
                out.setdefault(name, []).append(Said(text, name, tuple(f.number for f in targets)))
    return out


def _true_of(truth: Truth, holds: Holds) -> list[Fact]:
    return [fact for fact in truth.facts if holds(fact)]


def write(truth: Truth, rng: np.random.Generator, *, count: int = 1) -> list[Said]:
    """About six sentences, forms in the shares of real ones; [] when nothing unique can be said."""
    offered = candidates(truth, rng, count)
    wanted = int(np.clip(rng.normal(3.2 + 2.0 * len(truth.facts) ** 0.5, 1.6), 2, 14))
    out: list[Said] = []
    begin = sum(FORMS[name][1] for name in offered)
    while offered and len(out) < wanted:
        names = list(offered)
        weights = np.array([FORMS[name][1] for name in names])
        if len(out) >= 2 and rng.random() > weights.sum() / begin:
            break  # what people say most is said; the rest would weigh too much
        name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        out.append(offered[name].pop(int(rng.integers(len(offered[name])))))
        if not offered[name]:
            del offered[name]
    return out


def write_null(rng: np.random.Generator) -> list[Said]:
    """Four of the benchmark's eight null sentences."""
    return [Said(NULLS[i], "null", ()) for i in sorted(rng.choice(len(NULLS), 4, replace=False))]
