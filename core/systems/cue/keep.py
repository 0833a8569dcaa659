"""Keep: what was seen and heard of a clip, on disk under the hash of all that it came from."""

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from core.paths import cache_dir
from core.systems.cue.candidate import Candidate, Sight
from core.systems.cue.follow import Follower
from core.systems.cue.listen import Event, Hearing
from core.systems.cue.look import Looked, Name
from core.systems.cue.motion import Motion
from core.systems.cue.names import Named, Names
from core.systems.cue.propose import Proposal

FORM = 1  # counts up when looking or listening gives something else for the same clip
ROOM = 2**30  # bytes of kept clips; the longest unused go first
_SIGHT = ("times", "shot", "pictures", "figure", "moving", "moments", "broken")


def shipped_mark(*names: str) -> list[list[Any]]:
    """What tells shipped weights of these names from other ones: names, sizes and times of the files."""
    found = [files("assets") / "weights" / name / "model.safetensors" for name in names]
    paths = [Path(str(one)) for one in found]
    return [[p.parent.name, p.stat().st_size, p.stat().st_mtime_ns] for p in paths if p.is_file()]


def place(kind: str, *about: Any) -> Path:
    """The file for what came from `about` (JSON-ready); it need not be there."""
    mark = sha256(json.dumps([FORM, *about], default=str).encode()).hexdigest()
    return cache_dir() / "cue" / f"{kind}-{mark[:32]}.npz"


def load_look(path: Path, name: Name) -> Looked | None:
    """What `save_look` wrote there; None where there is nothing, or nothing whole."""
    if (kept := _read(path)) is None:
        return None
    try:
        about, arrays = kept
        fine = tuple(arrays["fine"])
        sight = Sight(
            indices=tuple(about["indices"]), fine=fine, **{field: arrays[field] for field in _SIGHT}
        )
        moved = Motion(arrays["flow"], arrays["change"], sight.broken, arrays["motion_shot"], about["steady"])
        shape = sight.figure.shape
        candidates = tuple(
            Candidate(
                id=one["id"],
                masks=_unpacked(arrays["masks"][i], shape),
                worth=one["worth"],
                source=one["source"],
                energy=arrays["energy"][i],
                sight=sight,
                names=one["names"],
            )
            for i, one in enumerate(about["candidates"])
        )
        pool = tuple(
            Proposal(one["key"], _unpacked(arrays["pool"][i], shape[1:]), one["worth"], one["source"])
            for i, one in enumerate(about["pool"])
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return Looked(sight, candidates, pool, Follower(sight, moved), name)


def save_look(path: Path, looked: Looked) -> None:
    sight, moved = looked.sight, looked.follower.moved
    about = {
        "indices": list(sight.indices),
        "steady": bool(moved.steady),
        "candidates": [
            {"id": c.id, "worth": float(c.worth), "source": c.source, "names": dict(c.names)}
            for c in looked.candidates
        ],
        "pool": [{"key": int(p.key), "worth": float(p.worth), "source": p.source} for p in looked.pool],
    }
    arrays = {field: getattr(sight, field) for field in _SIGHT}
    arrays |= {"fine": np.array(sight.fine), "flow": moved.flow, "change": moved.change}
    arrays["motion_shot"] = moved.shot
    arrays["masks"] = np.array([np.packbits(c.masks) for c in looked.candidates], np.uint8)
    arrays["energy"] = np.array([c.energy for c in looked.candidates], np.float32)
    arrays["pool"] = np.array([np.packbits(p.mask) for p in looked.pool], np.uint8)
    _write(path, about, arrays)


def load_hearing(path: Path) -> Hearing | None:
    """What `save_hearing` wrote there; None where there is nothing, or nothing whole."""
    if (kept := _read(path)) is None:
        return None
    try:
        about, arrays = kept
        names = about.pop("names")
        events = tuple(Event(**event) for event in about.pop("events"))
        heard = tuple(Named(**one) for one in names["heard"])
        return Hearing(
            level=arrays["level"],
            onsets=arrays["onsets"],
            events=events,
            names=Names(heard, names["most"], names["mean"], tuple(names["trusted"])),
            **about,
        )
    except (KeyError, TypeError, ValueError):
        return None


def save_hearing(path: Path, hearing: Hearing) -> None:
    about = asdict(hearing)
    arrays = {field: about.pop(field) for field in ("level", "onsets")}
    _write(path, about, arrays)


def load_rows(path: Path) -> np.ndarray | None:
    """What `save_rows` wrote there; None where there is nothing whole."""
    kept = _read(path)
    return None if kept is None else kept[1].get("rows")


def save_rows(path: Path, rows: np.ndarray) -> None:
    _write(path, {}, {"rows": rows})


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays.pop("about")))
        os.utime(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return about, arrays


def _write(path: Path, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """A full disk is no reason not to answer."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)
        part.replace(path)
        _make_room(path.parent)
    except OSError:
        part.unlink(missing_ok=True)


def _make_room(folder: Path) -> None:
    kept = sorted((p.stat().st_mtime_ns, p.stat().st_size, p) for p in folder.glob("*.npz"))
    size = sum(one[1] for one in kept)
    for _, own, path in kept[:-1]:
        if size <= ROOM:
            return
        path.unlink(missing_ok=True)
        size -= own


def _unpacked(bits: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.unpackbits(bits, count=int(np.prod(shape))).reshape(shape).astype(bool)
