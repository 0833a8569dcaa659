"""The stages by name, and which things belong on them."""

from collections.abc import Callable

import numpy as np

from core.datasets.world import indoors, outdoors
from core.datasets.world.stage import Stage

MakeStage = Callable[[tuple[int, int], np.random.Generator], Stage]
STAGES: dict[str, MakeStage] = {
    "living-room": indoors.living_room,
    "concert": indoors.concert,
    "kitchen": indoors.kitchen,
    "studio": indoors.studio,
    "park": outdoors.park,
    "street": outdoors.street,
    "farmyard": outdoors.farmyard,
}
WHERE: dict[str, tuple[str, ...]] = {
    "person": tuple(STAGES),
    "instrument": ("living-room", "concert", "studio", "park"),
    "animal": ("park", "farmyard", "living-room", "street"),
    "vehicle": ("street", "farmyard", "park"),
    "device": ("kitchen", "living-room", "studio"),
    "static": ("living-room", "studio", "kitchen"),
}
