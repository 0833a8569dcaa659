"""What outlives this computer: snapshots of the databases and the media files, kept on a mounted volume.

On a Space the disk is emptied at every restart. The live databases stay on it, for a bucket knows no file locks; what
they hold is copied to the volume while people work and when the server ends, and is brought back at the next start.
"""

import errno
import logging
import os
import secrets
import shutil
import threading
import time
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import snapshots
from app.snapshots import PackError, Part
from core import paths
from core.errors import RefavsError

log = logging.getLogger("refavs.app")
MOUNT = "/data"  # where a Space mounts its bucket
FOLDERS = ("videos", "shards")  # of files that never change once they are there
EVERY = 60.0  # seconds at least between two snapshots
LOOK = 5.0  # seconds between two looks for something new
SHARE = 20  # a snapshot takes at most one part in so many of the time
NOTHING_MOUNTED = (
    "Nothing durable is mounted here: what is saved is lost when this Space restarts. Mount a storage bucket at "
    f"{MOUNT} (Settings of the Space, Storage), or export before you leave."
)


def volume() -> Path | None:
    """The folder that outlives this computer: REFAVS_VOLUME_DIR, else what is mounted at /data of a Space.

    None = there is none. RefavsError when the one that is named is not there.
    """
    if named := os.environ.get("REFAVS_VOLUME_DIR"):
        if not Path(named).is_dir():
            raise RefavsError(
                f"REFAVS_VOLUME_DIR names {named!r}, which is no folder here; mount the volume there."
            )
        return Path(named).absolute()
    return Path(MOUNT) if on_space() and os.path.ismount(MOUNT) else None


def on_space() -> bool:
    return "SPACE_ID" in os.environ


class Durable:
    """One for the server. volume None = nothing outlives this computer: every method does nothing.

    store: file of the SQLite database; None = it lies on a server of its own. drafts: file of what is not saved yet.
    """

    def __init__(
        self, volume: Path | None, *, store: Path | None, drafts: Path, data: Path | None = None
    ) -> None:
        self.volume = volume
        self.folder = volume / "refavs" if volume else None
        self.data = data or paths.data_dir()
        self.parts = [Part("drafts.sqlite", drafts), *([Part("refavs.db", store)] if store else [])]
        self.run = secrets.token_hex(4)
        self.before = 1  # number of the first snapshot of this run or of those beside it
        self.trouble: str | None = None
        self.held: datetime | None = None  # when the volume was last known to hold everything
        self._copied: Any = None  # how the databases looked when they were copied last
        self._packed: set[str] = set()
        self._took = 0.0
        self._tried = float("-inf")
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    # At the start

    def restore(self) -> snapshots.Restored | None:
        """Before the databases are opened: bring back what is not here. RefavsError when there are snapshots and none
        can be read."""
        if self.folder is None:
            return None
        try:
            self.before = max(map(snapshots.number, snapshots.newest_first(self.folder)), default=0) + 1
        except OSError as error:
            raise RefavsError(
                f"The volume {self.volume} cannot be read ({error.strerror}); mount it so that it can be, or start "
                "without REFAVS_VOLUME_DIR."
            ) from error
        found = None
        if not self.parts[-1].file.exists():
            found = snapshots.restore(self.parts, self.folder)
            if found:
                self.held, self._copied = found.at, self._looks()
                if found.broken:
                    self.trouble = (
                        f"The newest snapshot could not be read ({found.broken[0]}); the one of "
                        f"{found.at:%Y-%m-%d %H:%M} UTC was brought back in its place."
                    )
        self._bring_back_files()
        return found

    def _bring_back_files(self) -> None:
        """Links to the media on the volume, and imported datasets unpacked."""
        assert self.folder is not None
        for name in FOLDERS:
            for kept in _files(self.folder / name):
                here = self.data / name / kept.relative_to(self.folder / name)
                if not here.exists():
                    here.parent.mkdir(parents=True, exist_ok=True)
                    here.unlink(missing_ok=True)
                    if kept.parent.name == "names":  # small, and written again by an upload of the same file
                        shutil.copyfile(kept, here)
                        continue
                    try:
                        here.symlink_to(kept)
                    except OSError:  # where links are not allowed
                        shutil.copyfile(kept, here)
        for packed in _files(self.folder / "imports"):
            here = self.data / "imports" / packed.stem
            if packed.suffix == ".zip" and not here.exists():
                work = here.with_suffix(".part")
                shutil.rmtree(work, ignore_errors=True)
                try:
                    with zipfile.ZipFile(packed) as archive:
                        archive.extractall(work)
                    work.rename(here)
                except snapshots.BROKEN as error:
                    log.error("The imported dataset %s cannot be brought back (%s)", packed.name, error)

    # While people work

    def start(self) -> None:
        if self.folder is not None:
            self._thread = threading.Thread(target=self._keep, daemon=True, name="durable")
            self._thread.start()

    def _keep(self) -> None:
        while not self._over.wait(LOOK):
            if time.monotonic() - self._tried >= max(EVERY, SHARE * self._took):
                try:
                    self.save()
                except Exception:  # the next turn may do better, and people go on working meanwhile
                    log.exception("What is saved could not be copied to %s", self.volume)
                    self.trouble = (
                        f"What is saved could not be copied to {self.volume}; the log has the details."
                    )

    def save(self) -> bool:
        """Copy what is new to the volume; whether it holds everything now. What fails is told in `status`, stays here,
        and is tried again."""
        if self.folder is None:
            return False
        with self._turn:
            begun = time.monotonic()
            try:
                looks = self._looks()
                if looks != self._copied:
                    snapshots.write(
                        self.parts,
                        self.folder,
                        run=self.run,
                        home=self.data,
                        work=paths.cache_dir() / "snapshots",
                    )
                    self._copied = looks
                    snapshots.prune(self.folder, run=self.run, before=self.before)
                self._copy_files()
            except PackError as error:
                self.trouble = str(error)
            except OSError as error:
                self.trouble = self._in_words(error)
            else:
                others = snapshots.others_since(self.folder, run=self.run, before=self.before)
                self.trouble = (
                    f"Another server has written to {self.volume} since this one started ({others[0].name}), and what "
                    "was saved there is not here; let only one run. Its snapshot stays on the volume."
                    if others
                    else None
                )
                self.held = datetime.now(UTC)
            finally:
                self._tried = time.monotonic()
                self._took = self._tried - begun
            if self.trouble:
                log.warning("%s", self.trouble)
            return self.trouble is None

    def stop(self) -> None:
        """The last copy; for the end of the server."""
        self._over.set()
        if self._thread:
            self._thread.join(0.1)
        self.save()

    def _looks(self) -> Any:
        """Changes whenever a database does."""
        looks = []
        for part in self.parts:
            for file in (part.file, part.file.with_name(part.file.name + "-wal")):
                with suppress(OSError):
                    state = file.stat()
                    if state.st_size:  # whoever reads may leave an empty log
                        looks.append((file.name, state.st_mtime_ns, state.st_size))
        return looks

    def _copy_files(self) -> None:
        assert self.folder is not None
        for name in FOLDERS:
            for file in _files(self.data / name):
                if file.is_symlink():
                    continue
                kept = self.folder / name / file.relative_to(self.data / name)
                key = f"{kept} {file.stat().st_size} {file.stat().st_mtime_ns}"
                if key in self._packed:
                    continue
                if not (kept.exists() and _same(file, kept)):
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    snapshots.put(file, kept)
                self._packed.add(key)
        imports = self.data / "imports"
        for folder in imports.iterdir() if imports.is_dir() else ():
            kept = self.folder / "imports" / f"{folder.name}.zip"
            if folder.suffix or folder.name in self._packed or not folder.is_dir():
                continue  # with a suffix: still being unpacked
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                packed = paths.cache_dir() / "snapshots" / f"{folder.name}.zip"
                try:
                    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
                        for file in _files(folder):
                            archive.write(file, file.relative_to(folder))
                    snapshots.put(packed, kept)
                finally:
                    packed.unlink(missing_ok=True)
            self._packed.add(folder.name)

    # What people are told

    def age(self) -> float | None:
        """Seconds since the volume was last known to hold everything; None = never."""
        return (datetime.now(UTC) - self.held).total_seconds() if self.held else None

    def status(self) -> dict[str, Any]:
        """{durable, age, words, trouble}. age: seconds since the volume was known to hold everything; None = never.
        words: one line for people. trouble: a sentence, or None."""
        if self.volume is None:
            return {
                "durable": False,
                "age": None,
                "words": "Nothing durable is mounted.",
                "trouble": NOTHING_MOUNTED,
            }
        age = self.age()
        words = "No snapshot yet." if age is None else f"Last snapshot {_ago(age)}."
        return {"durable": True, "age": age, "words": words, "trouble": self.trouble}

    def _in_words(self, error: OSError) -> str:
        kept = "what is saved stays on this computer meanwhile, and is copied as soon as it can be."
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"The volume {self.volume} is full; make room there: {kept}"
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return (
                f"The volume {self.volume} cannot be written ({error.strerror}); mount it read-write: {kept}"
            )
        return (
            f"The volume {self.volume} does not answer ({error.strerror or error}); look at its mount: {kept}"
        )


def _files(folder: Path) -> list[Path]:
    """All files below, without those still being written."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))


def _same(file: Path, kept: Path) -> bool:
    """Large files are named after their content; small ones are compared."""
    if file.stat().st_size != kept.stat().st_size:
        return False
    return file.parent.name != "names" or file.read_bytes() == kept.read_bytes()


def _ago(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute ago"
    return "1 minute ago" if minutes == 1 else f"{minutes} minutes ago"
