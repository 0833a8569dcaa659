"""Copies of the databases on a volume that outlives this computer: one file each, whole or not there at all.

A snapshot is a zip of one SQLite backup for each database and `manifest.json`; its name counts up. It is made here
first and then copied in one stream, for a mounted bucket knows no locks and takes no writes in the middle.
"""

import json
import logging
import os
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from core.errors import RefavsError

log = logging.getLogger("refavs.app")
KEPT = 5
NAME = re.compile(r"refavs-(\d{8})-([0-9a-f]{8})\.zip")  # its number, and which run of a server made it
MANIFEST = "manifest.json"
BROKEN = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error, sqlite3.Error)


@dataclass(frozen=True)
class Part:
    """A SQLite database. name: in the snapshot; file: where it lies here."""

    name: str
    file: Path


@dataclass(frozen=True)
class Restored:
    """at: when it was made. home: the data directory it came from. broken: newer ones that cannot be read."""

    path: Path
    at: datetime
    home: Path
    broken: tuple[str, ...]


class PackError(RefavsError):
    """The copy could not be made on this computer; the volume was not asked yet."""


def newest_first(folder: Path) -> list[Path]:
    """The snapshots of a folder. OSError when it cannot be read."""
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=lambda path: path.name, reverse=True)


def number(path: Path) -> int:
    return int(path.name.split("-")[1])


def write(parts: Sequence[Part], folder: Path, *, run: str, home: Path, work: Path) -> Path:
    """Add a snapshot of the databases that are there, in the order given; its path.

    What a page does between two of them is in the second: give drafts before the store, so that nothing is in
    neither. run: 8 hex digits, of this run of the server. work: a folder here. PackError: nothing was made; OSError:
    the volume does not take it. Nothing half stays on either.
    """
    work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=work, prefix="snapshot-") as here:
        try:
            packed = _pack(parts, Path(here), {"at": datetime.now(UTC).isoformat(), "home": str(home)})
        except (OSError, sqlite3.Error) as error:
            raise PackError(
                f"A copy of the database cannot be made in {work} ({error}); make room there."
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        last = max((number(path) for path in newest_first(folder)), default=0)
        target = folder / f"refavs-{last + 1:08d}-{run}.zip"
        put(packed, target)
    return target


def _pack(parts: Sequence[Part], here: Path, manifest: dict[str, Any]) -> Path:
    packed = here / "snapshot.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in parts:
            if not part.file.exists():
                continue
            copy = here / part.name
            live = f"file:{quote(str(part.file))}?mode=ro"
            with (
                closing(sqlite3.connect(live, uri=True, timeout=30)) as old,
                closing(sqlite3.connect(copy)) as new,
            ):
                old.backup(new)
                new.execute("PRAGMA journal_mode=DELETE")
            archive.write(copy, part.name)
            copy.unlink()
        archive.writestr(MANIFEST, json.dumps(manifest))
    return packed


def put(source: Path, target: Path) -> None:
    """Copy a file so that its name is there only when all of it is. OSError."""
    part = target.with_name(f".{target.name}.part")
    try:
        with source.open("rb") as old, part.open("wb") as new:
            shutil.copyfileobj(old, new, 2**20)
            new.flush()
            os.fsync(new.fileno())
        os.replace(part, target)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # a bucket has no folders to sync
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def prune(folder: Path, *, run: str, before: int) -> None:
    """Keep the newest few; those that another run made since this one started (from number `before` on) stay."""
    for path in newest_first(folder)[KEPT:]:
        if run in path.name or number(path) < before:
            with suppress(OSError):
                path.unlink()


def others_since(folder: Path, *, run: str, before: int) -> list[Path]:
    """Snapshots of other runs from number `before` on: two servers write to one volume."""
    return [path for path in newest_first(folder) if number(path) >= before and run not in path.name]


def restore(parts: Sequence[Part], folder: Path) -> Restored | None:
    """Put the newest snapshot that can be read in place of what lies here; None = there is none.

    The last of `parts` takes its place last. RefavsError when none of several can be read, or the folder cannot be.
    """
    try:
        found = newest_first(folder)
    except OSError as error:
        raise RefavsError(
            f"The snapshots in {folder} cannot be listed ({error.strerror}); mount the volume so that it can be read."
        ) from error
    broken: list[str] = []
    for path in found:
        try:
            manifest = _unpack(path, parts)
            return Restored(
                path, datetime.fromisoformat(manifest["at"]), Path(manifest["home"]), tuple(broken)
            )
        except BROKEN as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            log.warning("The snapshot %s cannot be read (%s); the one before it is tried", path.name, said)
            broken.append(f"{path.name}: {said}")
    if broken:
        raise RefavsError(
            f"None of the {len(broken)} snapshots in {folder} can be read (the newest, {broken[0]}); bring one back "
            "from elsewhere, or move them away to begin anew. They were not changed."
        )
    return None


def _unpack(path: Path, parts: Sequence[Part]) -> dict[str, Any]:
    """All parts beside their places, checked, then into them."""
    ready: list[tuple[Path, Path]] = []
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            for part in parts:
                if part.name not in archive.namelist():
                    continue
                part.file.parent.mkdir(parents=True, exist_ok=True)
                copy = part.file.with_name(f"{part.file.name}.restoring")
                ready.append((copy, part.file))
                with archive.open(part.name) as old, copy.open("wb") as new:
                    shutil.copyfileobj(old, new, 2**20)
                with closing(sqlite3.connect(copy)) as base:
                    (said,) = base.execute("PRAGMA quick_check").fetchone()
                if said != "ok":
                    raise ValueError(f"{part.name}: {said}")
        datetime.fromisoformat(manifest["at"]), Path(manifest["home"])
        for copy, file in ready:
            for left in ("-wal", "-shm"):  # of a database that is gone
                file.with_name(file.name + left).unlink(missing_ok=True)
            os.replace(copy, file)
    except BaseException:
        for copy, _ in ready:
            copy.unlink(missing_ok=True)
        raise
    return manifest
