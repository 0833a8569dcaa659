"""Makes scripts by chance: who is on, where, when and how loud. The same seed gives the same script."""

from dataclasses import dataclass, field, replace

import numpy as np

from core.datasets.world.cast import Cast, Kind
from core.datasets.world.drawn.looks import Look, person_look
from core.datasets.world.script import Actor, Camera, Key, Note, OffScreen, Script
from core.datasets.world.sounds import voice_of
from core.datasets.world.tunes import Band, Manner, notes
from core.errors import DatasetError

FAMILIES = ("person", "instrument", "animal", "vehicle", "device", "static")
ROOM = {"person": 0.24, "instrument": 0.3, "animal": 0.34, "vehicle": 0.62, "device": 0.4, "static": 0.55}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a set of clips asks for. kinds: names in the cast that may appear; stages likewise.

    sources: how many things sound, None = as it comes. rivals: all of one category. audio: see script.Script.
    phase: where in its second a frame is taken (0 to 1). whole: what sounds, sounds all the time.
    """

    kinds: tuple[str, ...]
    stages: tuple[str, ...]
    must: tuple[str, ...] = ()  # at least one thing of these; () = any
    seconds: float = 10.0
    sources: int | None = None
    rivals: bool = False
    audio: str = "normal"
    phase: float = 0.0
    whole: bool = False
    noise: float | None = None
    blur: float = 0.0
    dark: float = 0.0


@dataclass
class _Part:
    """A group while the script is made: one thing, or a player with an instrument."""

    kinds: list[str]
    sounds: bool
    sings: bool = False
    numbers: list[int] = field(default_factory=list)


def compose(seed: int, cast: Cast, wish: Wish, aspect: float = 1.0) -> Script:
    """A script by chance. aspect: width over height of the frames."""
    rng = np.random.default_rng((seed, 5))
    parts = _choose(cast, wish, rng)
    stage = _stage(parts, cast, wish, rng)
    band = Band(int(rng.integers(48, 60)), float(rng.choice([0.5, 0.5, 0.4, 0.6])))
    actors = _place(parts, cast, wish, aspect, rng)
    actors = _sound(actors, parts, cast, wish, band, rng)
    off = _off_screen(actors, cast, wish, band, rng)
    camera = Camera()
    if rng.random() < 0.55:
        camera = Camera(
            float(rng.uniform(-0.07, 0.07)), float(rng.uniform(-0.02, 0.02)), float(rng.uniform(-0.07, 0.07))
        )
    return Script(
        seed, wish.seconds, stage, tuple(actors), off, camera, wish.audio, wish.noise, wish.blur, wish.dark
    )


def _choose(cast: Cast, wish: Wish, rng: np.random.Generator) -> list[_Part]:
    by = {f: [k for k in wish.kinds if cast[k].family == f] for f in FAMILIES}
    players = [k for k in by["person"] if cast[k].voices != ("baby",)]
    sounding = [k for k in wish.kinds if cast[k].voices]
    must = [k for k in wish.must if k in wish.kinds]
    total = int(rng.choice([1, 2, 3, 4], p=[0.42, 0.36, 0.17, 0.05]))
    total = max(total, wish.sources or 1)
    if not sounding and wish.audio == "normal":
        raise DatasetError("Nothing in this cast sounds; give it a thing with a sound of its category.")
    out: list[_Part] = []
    if wish.rivals:
        one = str(rng.choice([k for k in (must or sounding) if k in sounding]))
        loud = wish.sources or 1
        count = max(loud, int(rng.integers(2, 4)))
        return [_group(one, cast, players, rng, i < loud) for i in range(count)]
    if must:
        out.append(_group(str(rng.choice(must)), cast, players, rng, True))
    band = bool(by["instrument"]) and bool(players) and rng.random() < 0.62
    if out:
        band = cast[out[0].kinds[-1]].family == "instrument"
    while len(out) < total:
        if band and rng.random() < 0.85:
            out.append(_group(str(rng.choice(by["instrument"])), cast, players, rng, rng.random() < 0.88))
            continue
        near = _company(out, cast, by, band, rng) if out or not sounding else sounding
        kind = str(rng.choice(near))
        out.append(_group(kind, cast, players, rng, bool(cast[kind].voices) and rng.random() < 0.72))
    if rng.random() < 0.16 and len(out) < 4:  # a silent one of the same category
        twin = out[int(rng.integers(len(out)))]
        if cast[twin.kinds[-1]].family != "static":
            out.append(_Part(list(twin.kinds), False))
    return _count(out, wish, cast, rng)


def _company(
    out: list[_Part], cast: Cast, by: dict[str, list[str]], band: bool, rng: np.random.Generator
) -> list[str]:
    """Kinds that stand well beside what is there."""
    families = ["person"] * 3 + ["animal"] * 3 + ["vehicle"] * 2 + ["device"] * 2 + ["instrument", "static"]
    if out:
        places = set(cast.suits(out[0].kinds[-1]))
        families = [f for f in families if by[f] and places & set(cast.suits(by[f][0]))]
    if band:
        families = ["person", "person", "animal", "static"]
    families = [f for f in families if by[f]]
    if not families:
        return [k for kinds in by.values() for k in kinds]
    return by[str(rng.choice(families))]


def _group(kind: str, cast: Cast, players: list[str], rng: np.random.Generator, sounds: bool) -> _Part:
    made = cast[kind]
    if made.family == "instrument" and (made.hold or made.beside) and players and rng.random() < 0.93:
        who = str(rng.choice(players))
        return _Part(
            [who, kind],
            sounds,
            sounds
            and rng.random() < 0.14
            and made.voices[0] not in ("flute", "saxophone", "trumpet", "tuba"),
        )
    return _Part([kind], sounds and bool(made.voices))


def _count(parts: list[_Part], wish: Wish, cast: Cast, rng: np.random.Generator) -> list[_Part]:
    able = [p for p in parts if any(cast[k].voices for k in p.kinds)]
    if wish.audio == "off-screen" or (wish.audio == "muted" and rng.random() < 0.5):
        for part in parts:
            part.sounds = part.sings = False
        return parts
    if wish.sources is None:
        if able and not any(p.sounds for p in parts):
            able[0].sounds = True
        return parts
    for i, part in enumerate(able):
        part.sounds, part.sings = i < wish.sources, False
    return parts


def _stage(parts: list[_Part], cast: Cast, wish: Wish, rng: np.random.Generator) -> str:
    fits = [s for s in wish.stages if all(s in cast.suits(p.kinds[-1]) for p in parts)]
    main = [s for s in wish.stages if s in cast.suits(parts[0].kinds[-1])]
    return str(rng.choice(fits or main or list(wish.stages)))


def _place(
    parts: list[_Part], cast: Cast, wish: Wish, aspect: float, rng: np.random.Generator
) -> list[Actor]:
    """Side by side in a random order, nearer ones larger; some walk, come in, go out or pass before
    another.
    """
    order = rng.permutation(len(parts))
    width = [
        max(ROOM[cast[k].family] * cast[k].size for k in p.kinds) + (0.12 if len(p.kinds) > 1 else 0.0)
        for p in parts
    ]
    fit = 1.04 * aspect / max(sum(width[i] for i in order), 0.1)
    actors: list[Actor] = []
    left = 0.0
    for i in order:
        part, share = parts[i], width[i] / sum(width)
        x = left + share * (0.5 + rng.uniform(-0.1, 0.1))
        left += share
        depth = rng.uniform(0, 1)
        y = 0.80 + 0.14 * depth
        scale = float(np.clip(min(fit, 1.35) * (0.84 + 0.2 * depth) / 0.6 * 0.62, 0.34, 1.45))
        if cast[part.kinds[-1]].category == "helicopter":
            y -= rng.uniform(0.02, 0.12)
        path = _path(
            cast[part.kinds[-1]], len(part.kinds), float(x), float(y), scale, wish.seconds, wish.whole, rng
        )
        made = _actors(part, cast, path, len(actors), aspect, rng)
        part.numbers = [actor.number for actor in made]
        actors += made
    return actors


def _path(
    kind: Kind,
    members: int,
    x: float,
    y: float,
    scale: float,
    seconds: float,
    whole: bool,
    rng: np.random.Generator,
) -> tuple[Key, ...]:
    if members > 1 or kind.moves in ("stays",) or rng.random() < 0.5:
        return (Key(0, x, y, scale),)
    way = rng.choice(["shift", "enter", "leave"], p=[0.6, 0.2, 0.2])
    side = 1 if x > 0.5 else -1
    outside = 0.5 + side * (0.56 + 0.8 * ROOM[kind.family] * kind.size)
    if way != "shift" and whole:
        way = "shift"
    if way == "enter":
        return (Key(0, outside, y, scale), Key(seconds * rng.uniform(0.3, 0.5), x, y, scale))
    if way == "leave":
        return (
            Key(0, x, y, scale),
            Key(seconds * rng.uniform(0.5, 0.65), x, y, scale),
            Key(seconds * 0.95, outside, y, scale),
        )
    to = float(np.clip(x + rng.uniform(-0.16, 0.16), 0.14, 0.86))
    return (Key(0, x, y, scale), Key(seconds * rng.uniform(0.6, 1.0), to, y, scale))


def _actors(
    part: _Part, cast: Cast, path: tuple[Key, ...], first: int, aspect: float, rng: np.random.Generator
) -> list[Actor]:
    out: list[Actor] = []
    facing = int(rng.choice([-1, 1]))
    if len(path) > 1 and path[0].x != path[-1].x:
        facing = 1 if path[-1].x > path[0].x else -1
    key = path[0]
    for j, name in enumerate(part.kinds):
        kind = cast[name]
        way, near = path, key.y
        if kind.family == "person" and kind.colours:
            look, turn = person_look(kind.category, kind.colours, rng), 1
        else:
            colour = str(rng.choice(kind.colours)) if kind.colours else ""
            look, turn = Look(colour, int(rng.integers(1 << 30))), facing
        if j == 1:
            turn = 1
            body = cast[part.kinds[0]].size
            if kind.beside:
                dx, dy = kind.beside
                small = key.scale * (0.85 if body < 0.9 else 1.0)
                way = (
                    Key(0, key.x + dx * 0.6 * key.scale * body / aspect, key.y + dy * 0.6 * key.scale, small),
                )
            near += 0.001
        plays = first + 1 if len(part.kinds) == 2 and j == 0 else None
        out.append(Actor(first + j, name, look, way, plays=plays, facing=turn, depth=near))
    return out


def _sound(
    actors: list[Actor], parts: list[_Part], cast: Cast, wish: Wish, band: Band, rng: np.random.Generator
) -> list[Actor]:
    """Give voices, notes and levels to the things that sound."""
    loud: list[int] = []
    for part in parts:
        if part.sounds:
            loud.append(part.numbers[-1])
            loud += [part.numbers[0]] if part.sings else []
    out = list(actors)
    for number, level in zip(loud, _levels(len(loud), rng), strict=True):
        actor = actors[number]
        kind = cast[actor.cast]
        # who plays, sings rather than speaks
        voice = kind.voices[0] if actor.plays is not None else str(rng.choice(kind.voices))
        stretches = _stretches(actor, wish, rng)
        manner = _manner(voice, band, rng)
        out[number] = replace(
            actor, voice=voice, notes=notes(voice, stretches, manner, band, rng), level=level
        )
    return out


def _levels(count: int, rng: np.random.Generator) -> list[float]:
    """dBFS; most often clearly ranked (6.5 dB and more apart), else all alike."""
    if rng.random() < 0.7:
        steps = rng.uniform(6.5, 8.5, count)
        ranked = -18.5 - np.concatenate([[0], np.cumsum(steps)])[:count]
    else:
        ranked = -22 - rng.uniform(0, 2, count)
    return [float(v) for v in rng.permutation(ranked)]


def _manner(voice: str, band: Band, rng: np.random.Generator) -> Manner:
    style, rate = voice_of(voice).style, voice_of(voice).rate
    if style == "notes":
        speed = float(rng.choice([0.5, 1.0, 2.0])) / band.beat
        speed = float(np.clip(speed, 0.6, 4.5))
    elif style == "hits":
        speed = rate * float(rng.choice([0.5, 1.0, 1.6]))
    else:
        speed = rate * float(rng.uniform(0.75, 1.3))
    drawn = rng.random()
    swell = 0.0 if drawn > 0.14 else float(rng.choice([-14.0, 14.0]))
    hurry = float(rng.choice([0.4, 2.6])) if 0.14 < drawn < 0.24 and style in ("notes", "hits") else 1.0
    return Manner(speed, swell, hurry)


def _stretches(actor: Actor, wish: Wish, rng: np.random.Generator) -> list[tuple[float, float]]:
    """When it sounds: within the time it is in the picture; begins just before a frame, so that the frame
    of that second shows it.
    """
    seconds = wish.seconds
    first, last = 0, round(seconds)
    if len(actor.path) > 1:
        if not 0 <= actor.path[0].x <= 1:
            first = int(np.ceil(actor.path[1].t * 0.75))
        if not 0 <= actor.path[-1].x <= 1:
            last = int(actor.path[-2].t + (actor.path[-1].t - actor.path[-2].t) * 0.35)
    shape = rng.choice(["all", "late", "early", "middle", "twice"], p=[0.4, 0.2, 0.15, 0.1, 0.15])
    shape = "all" if wish.whole else shape
    room = max(last - first, 2)
    a, b = first, last
    if shape in ("late", "middle"):
        a = first + int(rng.integers(1, max(2, room // 2 + 1)))
    if shape in ("early", "middle"):
        b = max(a + 2, last - int(rng.integers(1, max(2, room // 2 + 1))))
    whole = [(a, b)]
    if shape == "twice" and room >= 6:
        cut = first + int(rng.integers(2, room - 3))
        whole = [(first, cut), (min(cut + 2 + int(rng.integers(0, 2)), last - 1), last)]
    if wish.phase > 0.5:  # frames at the ends of seconds: whole seconds sound or do not
        return [
            (max(0.0, a + float(rng.uniform(-0.04, 0.1))), b - float(rng.uniform(0, 0.04))) for a, b in whole
        ]
    out = []
    for start, end in whole:
        early = 0.0 if start == 0 else start - float(rng.uniform(0.06, 0.2))
        late = seconds if end >= seconds else end - 1 + float(rng.uniform(0.35, 0.8))
        out.append((early, max(late, early + 1.2)))
    return out


def _off_screen(
    actors: list[Actor], cast: Cast, wish: Wish, band: Band, rng: np.random.Generator
) -> tuple[OffScreen, ...]:
    """Now and then a sound from outside the picture; always in clips whose audio is "off-screen"."""
    wanted = wish.audio == "off-screen"
    if not wanted and not (wish.audio == "normal" and wish.sources is None and rng.random() < 0.07):
        return ()
    here = {cast[a.cast].category for a in actors}
    away = [k for k in wish.kinds if cast[k].voices and cast[k].category not in here]
    if not away:
        return ()
    name = str(rng.choice(away))
    voice = str(rng.choice(cast[name].voices))
    made: tuple[Note, ...] = notes(
        voice, [(0.0, wish.seconds)] if wanted else [(2.0, 7.5)], _manner(voice, band, rng), band, rng
    )
    return (OffScreen(name, voice, made, -21.0 if wanted else -31.0),)
