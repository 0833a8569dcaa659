"""The cast: kinds of things, what draws them, how they sound, how they are held and how they move."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.datasets.world.drawn import animals, devices, farm, people, strings, struck, vehicles, winds
from core.datasets.world.drawn.kit import Pen, Point, Puppet
from core.datasets.world.drawn.looks import Look
from core.datasets.world.stages import STAGES, WHERE, MakeStage

Draw = Callable[[Pen, Look], Puppet]
CLOTHES = ("red", "blue", "green", "yellow", "white", "black", "pink", "purple", "orange")
WOOD = ("brown", "orange", "red", "black")
BRASS = ("golden", "silver")
PAINT = ("red", "blue", "green", "yellow", "white", "black", "orange")
# held out of training, as in the benchmark: these are in no clip of train, val and test_s
UNSEEN = (
    "baby",
    "tuba",
    "sheep",
    "pig",
    "lion",
    "truck",
    "motorcycle",
    "emergency-car",
    "mower",
    "hair-dryer",
)


@dataclass(frozen=True, slots=True)
class Hold:
    """How a player holds it: its point `grip` comes to the person's `at`, turned by `angle` (radians)."""

    at: Point
    grip: Point
    angle: float
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """family: person, instrument, animal, vehicle, device, static. moves: stays, walks, drives, flies.

    size: units of the drawing become this many person heights. voices: one is chosen for a clip; () = silent.
    colours: of its looks; () = none that could be named. name: in the cast, where it is not the category.
    hold: held by its player; beside: where (dx, dy in person heights) an instrument stands before its player.
    """

    category: str
    family: str
    draw: Draw
    colours: tuple[str, ...]
    voices: tuple[str, ...] = ()
    size: float = 1.0
    moves: str = "stays"
    hold: Hold | None = None
    beside: Point | None = None
    name: str = ""

    def puppet(self, ppu: float, look: Look) -> Puppet:
        return self.draw(Pen(ppu, look.seed), look)


class Cast(dict[str, Kind]):
    """Kinds by name, and the stages they stand on; where: the stages that suit a family, all when it is
    not named.
    """

    def __init__(
        self,
        kinds: Iterable[Kind],
        stages: Mapping[str, MakeStage],
        where: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__((kind.name or kind.category, kind) for kind in kinds)
        self.stages = stages
        self._where = where or {}

    def suits(self, kind: str) -> tuple[str, ...]:
        """Names of the stages on which a kind may stand."""
        return self._where.get(self[kind].family, tuple(self.stages))


def _people() -> list[Kind]:
    return [
        Kind("man", "person", people.man, CLOTHES, ("singing", "speech"), 1.0, "walks"),
        Kind("woman", "person", people.woman, CLOTHES, ("singing-high", "speech-high"), 0.96, "walks"),
        Kind("boy", "person", people.boy, CLOTHES, ("singing-high", "speech-high"), 0.74, "walks"),
        Kind("girl", "person", people.girl, CLOTHES, ("singing-high", "speech-high"), 0.72, "walks"),
        Kind("baby", "person", people.baby, CLOTHES, ("baby",), 0.9),
    ]


def _instruments() -> list[Kind]:
    lap, mouth = (0.0, -0.5), (0.0, -0.78)
    return [
        Kind("guitar", "instrument", strings.guitar, WOOD, ("guitar",), hold=Hold(lap, (0, -0.25), 1.15)),
        Kind(
            "ukulele",
            "instrument",
            strings.ukulele,
            WOOD,
            ("ukulele",),
            hold=Hold((0.0, -0.54), (0, -0.17), 1.15, 1.05),
        ),
        Kind(
            "violin",
            "instrument",
            strings.violin,
            WOOD,
            ("violin",),
            hold=Hold((0.07, -0.7), (0, -0.02), 1.75),
        ),
        Kind("cello", "instrument", strings.cello, WOOD, ("cello",), 0.86, beside=(0.1, 0.03)),
        Kind(
            "flute",
            "instrument",
            winds.flute,
            ("silver", "black", "golden"),
            ("flute",),
            hold=Hold(mouth, (0, -0.48), -1.4),
        ),
        Kind(
            "saxophone",
            "instrument",
            winds.saxophone,
            BRASS,
            ("saxophone",),
            hold=Hold(mouth, (0.12, -0.545), 0.0, 1.0),
        ),
        Kind("trumpet", "instrument", winds.trumpet, BRASS, ("trumpet",), hold=Hold(mouth, (0, -0.5), 1.25)),
        Kind(
            "tuba",
            "instrument",
            winds.tuba,
            BRASS,
            ("tuba",),
            hold=Hold((0.02, -0.77), (0.142, -0.42), 0.0, 1.05),
        ),
        Kind(
            "drum",
            "instrument",
            struck.drum,
            ("red", "blue", "black", "white", "green"),
            ("drum",),
            beside=(0.0, 0.06),
        ),
        Kind("marimba", "instrument", struck.marimba, WOOD, ("marimba",), 1.1, beside=(0.0, 0.06)),
        Kind(
            "piano",
            "instrument",
            struck.piano,
            ("black", "white", "brown", "red"),
            ("piano",),
            1.0,
            beside=(0.0, 0.07),
        ),
        Kind("bell", "instrument", struck.bell, BRASS, ("bell",)),
    ]


def _animals() -> list[Kind]:
    return [
        Kind("dog", "animal", animals.dog, ("brown", "black", "white", "golden"), ("dog",), 0.95, "walks"),
        Kind("cat", "animal", animals.cat, ("gray", "black", "white", "orange"), ("cat",), 0.95),
        Kind("lion", "animal", animals.lion, ("golden", "brown", "orange"), ("lion",), 1.05, "walks"),
        Kind("sheep", "animal", farm.sheep, ("white", "black", "gray", "brown"), ("sheep",), 1.0, "walks"),
        Kind("pig", "animal", farm.pig, ("pink", "brown", "black"), ("pig",), 1.0, "walks"),
        Kind("duck", "animal", farm.duck, ("white", "brown", "yellow", "gray"), ("duck",), 1.05, "walks"),
        Kind("bird", "animal", farm.bird, ("blue", "red", "yellow", "green", "black"), ("bird",), 1.05),
    ]


def _vehicles() -> list[Kind]:
    return [
        Kind("car", "vehicle", vehicles.car, PAINT, ("engine", "horn"), 1.25, "drives"),
        Kind(
            "emergency-car",
            "vehicle",
            vehicles.emergency_car,
            ("white", "black", "blue"),
            ("siren",),
            1.25,
            "drives",
        ),
        Kind("truck", "vehicle", vehicles.truck, PAINT, ("diesel", "horn"), 1.15, "drives"),
        Kind("motorcycle", "vehicle", vehicles.motorcycle, PAINT, ("motorcycle",), 1.1, "drives"),
        Kind("train", "vehicle", vehicles.train, ("red", "green", "blue", "black"), ("whistle",), 1.1),
        Kind("helicopter", "vehicle", vehicles.helicopter, PAINT, ("chop",), 1.0),
    ]


def _devices() -> list[Kind]:
    return [
        Kind("clock", "device", devices.clock, PAINT, ("alarm", "clock")),
        Kind("vacuum-cleaner", "device", devices.vacuum_cleaner, PAINT, ("vacuum",)),
        Kind("mower", "device", devices.mower, PAINT, ("mower",), 1.1, "drives"),
        Kind("keyboard", "device", devices.keyboard, ("black", "white", "gray"), ("keys",)),
        Kind("hair-dryer", "device", devices.hair_dryer, PAINT, ("dryer",)),
        Kind("couch", "static", devices.couch, ("red", "blue", "green", "brown", "gray")),
        Kind("table", "static", devices.table, ("brown", "white", "black")),
    ]


DRAWN = Cast((*_people(), *_instruments(), *_animals(), *_vehicles(), *_devices()), STAGES, WHERE)
