"""The cue reasoner with names from the hub; everything else is the cue reasoner's own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from core.errors import RefavsError
from core.masks import FrameMask
from core.media import Clip
from core.segment.checkpoints import SIGLIP2
from core.systems.cue.hub_names import HubNamer
from core.systems.cue.system import CueReasoner
from core.systems.protocol import Referral, Step


class CueHub(CueReasoner):
    """A `System`. weights: a folder that holds the checkpoint of SigLIP 2; without it, the hub's is fetched."""

    name = "cue-hub"

    def __init__(self, weights: Path | None = None, segmenter: str = "nano-segmenter") -> None:
        super().__init__(segmenter=segmenter)
        try:
            self._names_things = HubNamer(weights)
        except RefavsError as error:
            if weights is not None:
                raise
            raise RefavsError(
                f"cue-hub needs {SIGLIP2.hub} (about {SIGLIP2.megabytes} MB), which cannot be had now; download "
                "it with a connection, or give its folder with --weights; the system cue works without."
            ) from error

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """As the cue reasoner; the first step says what comes from the hub."""
        words = (
            f"Things are named by SigLIP 2 ({SIGLIP2.hub}); sounds and candidates are the cue reasoner's own."
        )
        first = Step("look", words, {"hub": [SIGLIP2.hub]}, 0.0)
        yield first
        for item in super().refer(clip, expression):
            yield replace(item, steps=(first, *item.steps)) if isinstance(item, Referral) else item

    @property
    def _name(self) -> HubNamer:  # type: ignore[override]
        return self._names_things
