"""The cue reasoner with eyes and ears from the hub: GroundingDINO finds nouns, SigLIP 2 and CLAP name things
and sounds. What cannot be had is the cue reasoner's own.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.errors import RefavsError
from core.expressions import Head, Thing
from core.masks import FrameMask
from core.media import Clip
from core.segment.checkpoints import CLAP, GROUNDING_DINO, SIGLIP2, Checkpoint
from core.segment.protocol import Prompts
from core.segment.slot import compute_slot
from core.systems.cue import keep
from core.systems.cue.candidate import Candidate
from core.systems.cue.hub_names import HubNamer
from core.systems.cue.hub_nouns import HubFinder, Spot
from core.systems.cue.hub_sounds import HubEars
from core.systems.cue.look import Looked
from core.systems.cue.names import Ears
from core.systems.cue.propose import SAME, Proposal, iou, keys, small_clip
from core.systems.cue.system import CueReasoner
from core.systems.cue.weigh import Scene
from core.systems.protocol import Referral, Step

PARTS: tuple[tuple[Checkpoint, Callable[[Path | None], Any], str], ...] = (
    (SIGLIP2, HubNamer, "things are named by SigLIP 2"),
    (GROUNDING_DINO, HubFinder, "nouns are found by GroundingDINO"),
    (CLAP, HubEars, "sounds are named by CLAP"),
)
MOST = 3  # things of one noun


class CueHub(CueReasoner):
    """A `System`. weights: a folder that holds one of the three checkpoints, or the folders siglip2,
    grounding-dino and clap, or some of them; without it, the hub's are fetched.
    """

    name = "cue-hub"

    def __init__(self, weights: Path | None = None, segmenter: str = "nano-segmenter") -> None:
        super().__init__(segmenter=segmenter)
        self._parts: dict[str, Any] = {}
        errors = []
        for checkpoint, make, _ in PARTS:
            folder = None if weights is None else _own(weights, checkpoint)
            if weights is not None and folder is None:
                continue
            try:
                self._parts[checkpoint.name] = make(folder)
            except RefavsError as error:
                if weights is not None:
                    raise
                errors.append(error)
        if not self._parts:
            known = ", ".join(f"{c.hub} (about {c.megabytes} MB)" for c, _, _ in PARTS)
            what = f"in {weights} there is none" if weights else "none can be had now"
            raise RefavsError(
                f"cue-hub needs at least one of {known}: {what}; download them with a connection, or give their "
                "folder with --weights; the system cue works without."
            ) from next(iter(errors), None)
        self._mark = [str(weights), *sorted(self._parts)]

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """As the cue reasoner; the first step says what comes from the hub."""
        used = [(c.hub, says) for c, _, says in PARTS if c.name in self._parts]
        said = "; ".join(f"{says} ({hub})" for hub, says in used)
        words = f"{said[0].upper()}{said[1:]}; the rest is the cue reasoner's own."
        first = Step("look", words, {"hub": [hub for hub, _ in used]}, 0.0)
        yield first
        for item in super().refer(clip, expression):
            yield replace(item, steps=(first, *item.steps)) if isinstance(item, Referral) else item

    @cached_property
    def _name(self):
        return self._parts.get(SIGLIP2.name) or super()._name

    @property
    def _ears(self) -> Ears:
        return self._parts.get(CLAP.name) or super()._ears

    def _seek(self, thing: Thing, scene: Scene, looked: Looked, clip: Clip) -> list[Candidate]:
        """Whatever GroundingDINO finds by the nouns of the sentence, and what the cue reasoner sees itself."""
        finder: HubFinder | None = self._parts.get(GROUNDING_DINO.name)
        found: list[Candidate] = []
        for head in _heads(thing) if finder else ():
            spots = self._spots(finder, head.name, looked, clip) if finder else []
            scene.spotted[head.name] = max((spot.score for _, spot in spots), default=0.0)
            for one in self._followed(spots, head.name, looked, clip, scene):
                scene.add(one)
                found.append(one)
        return found + super()._seek(thing, scene, looked, clip)

    def _spots(self, finder: HubFinder, noun: str, looked: Looked, clip: Clip) -> list[tuple[int, Spot]]:
        """Places on the frames that were looked at best, surest first; kept on disk."""
        path = keep.place("noun", clip.video.sha256, clip.first, clip.last, noun, self._mark)
        kept = keep.load_rows(path)
        if kept is None:
            rows = []
            for key in keys(looked.sight):
                with compute_slot():
                    spots = finder(looked.sight.fine[key], noun)
                rows += [(key, *spot.box, spot.score) for spot in spots]
            kept = np.array(rows, float).reshape(-1, 6)
            keep.save_rows(path, kept)
        found = [(int(row[0]), Spot(tuple(row[1:5].tolist()), float(row[5]))) for row in kept]
        return sorted(found, key=lambda one: -one[1].score)

    def _followed(
        self, spots: list[tuple[int, Spot]], noun: str, looked: Looked, clip: Clip, scene: Scene
    ) -> Iterator[Candidate]:
        """The first few different things in the boxes, cut out and followed, each with its name."""
        small = small_clip(clip, looked.sight.indices, looked.sight.fine)
        height, width = small.size
        h, w = looked.sight.figure.shape[1:]
        number = max((c.id for c in scene.candidates), default=0)
        taken: list[Candidate] = []
        for key, spot in spots:
            x0, y0, x1, y1 = spot.box
            box = (x0 * width, y0 * height, x1 * width, y1 * height)
            answer = self._tool().segment(small, looked.sight.indices[key], Prompts((), box=box))
            mask = cv2.resize(answer.mask.decode().astype(np.float32), (w, h)) > 0.5
            if not mask.any() or any(iou(mask, one.masks[key]) >= SAME for one in taken):
                continue
            one = looked.follow(Proposal(key, mask, 0.5 + 0.5 * spot.score, "noun"), number + len(taken) + 1)
            one = replace(one, names={**one.names, noun: max(spot.score, one.names.get(noun, 0.0))})
            taken.append(one)
            yield one
            if len(taken) == MOST:
                return

    def _looked_with(self) -> list[Any]:
        return [*super()._looked_with(), *self._mark]

    def _heard_with(self) -> list[Any]:
        return [*super()._heard_with(), *self._mark]


def _heads(thing: Thing) -> list[Head]:
    """The known nouns of the thing and of every thing it mentions that can be seen."""
    things = [thing, *(other for part in thing.deep() for other in part.of)]
    heads = {t.head.name: t.head for t in things if t.head.family not in ("object", "worn", "body")}
    return [head for head in heads.values() if head.known and not head.generic]


def _own(weights: Path, checkpoint: Checkpoint) -> Path | None:
    """The folder of this checkpoint in, or as, `weights`."""
    for folder in (weights / checkpoint.name, weights):
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(config, dict) and config.get("model_type") in checkpoint.types:
            return folder
    return None
