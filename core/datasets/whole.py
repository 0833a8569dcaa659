"""A folder written whole or not at all; one that takes long goes on where it was cut off."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import DatasetError

SUMS = "SHA256SUMS"
JOURNAL = ".done.jsonl"


@contextmanager
def whole_folder(root: Path | str) -> Iterator[Path]:
    """A hidden folder beside `root` to write into; it takes the name `root` at the end, and is removed on
    an error.

    Raises DatasetError when `root` is there and not empty, or cannot be written.
    """
    target = _free(root)
    try:
        temp = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    except OSError as error:
        raise _refused(target, error) from None
    try:
        temp.chmod(0o755)
        yield temp
        _take_name(temp, target)
    except OSError as error:
        raise _failed(target, error) from error
    finally:
        shutil.rmtree(temp, ignore_errors=True)


class Staged:
    """The hidden folder of a long export, whose finished samples outlive a kill of the program.

    folder: to write into. What `once` has written there is kept for the next run, everything else is not.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = 0  # samples that an earlier run had finished
        self._done = self._read()
        self._used: set[str] = set()
        self._remove(set(files_of(folder)) - self._known().keys() - {JOURNAL})
        (folder / JOURNAL).write_text("".join(map(_line, self._done.values())), encoding="utf-8")

    def once(self, name: str, key: str, places: Sequence[Path | str], write: Callable[[], object]) -> None:
        """Call `write`, which fills `places`, unless an earlier run has done so from the same `key`.

        places: folders and files below `folder` that are this sample's alone. key: what its content follows
        from; "" = write in any case. A sample whose files are not as they were finished is written anew.
        """
        self._used.add(name)
        entry = self._done.pop(name, None)
        if entry and key and entry["key"] == key and entry["files"] == self._sums(places):
            self._done[name] = entry
            self.kept += 1
            return
        self._remove(path for place in places for path in files_of(self.folder, place))
        write()
        self._done[name] = {"name": name, "key": key, "files": self._sums(places)}
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(_line(self._done[name]))

    def drop_rest(self) -> None:
        """All samples were named to `once`: others, of an earlier run, go."""
        every = self._known().keys()
        self._done = {name: entry for name, entry in self._done.items() if name in self._used}
        self._remove(every - self._known().keys())

    def finish(self) -> None:
        """Write SHA256SUMS (for `sha256sum -c`); the folder is as it is to be."""
        known = self._known()
        (self.folder / JOURNAL).unlink()
        lines = (
            f"{known.get(name) or sum_of(self.folder / name)}  {name}\n" for name in files_of(self.folder)
        )
        (self.folder / SUMS).write_text("".join(lines), encoding="utf-8")

    def _read(self) -> dict[str, dict[str, Any]]:
        """What earlier runs had finished, as they said; a line that was cut off says nothing."""
        found = {}
        with suppress(OSError), (self.folder / JOURNAL).open(encoding="utf-8", errors="replace") as file:
            for line in file:
                with suppress(ValueError, TypeError, KeyError):
                    entry = json.loads(line)
                    found[str(entry["name"])] = {k: entry[k] for k in ("name", "key", "files")}
        return found

    def _known(self) -> dict[str, str]:
        return {path: sum for entry in self._done.values() for path, sum in entry["files"].items()}

    def _sums(self, places: Sequence[Path | str]) -> dict[str, str]:
        return {path: sum_of(self.folder / path) for place in places for path in files_of(self.folder, place)}

    def _remove(self, paths: Iterable[str]) -> None:
        """Files, and the folders that they leave empty."""
        for path in list(paths):
            (self.folder / path).unlink(missing_ok=True)
            for parent in (self.folder / path).relative_to(self.folder).parents[:-1]:
                with suppress(OSError):
                    (self.folder / parent).rmdir()


@contextmanager
def staged_folder(root: Path | str) -> Iterator[Staged]:
    """As `whole_folder`, for what takes long: cut off by a kill or Ctrl+C, the next run to the same `root`
    goes on from the samples that were finished. On an error nothing is left behind.

    Raises DatasetError, also when another program is writing to `root`.
    """
    target = _free(root)
    temp = target.parent / f".{target.name}.partial"
    try:
        temp.mkdir(mode=0o755, exist_ok=True)
        if temp.is_symlink():
            raise FileExistsError(17, "a link is in the way", str(temp))
    except OSError as error:
        raise _refused(target, error) from None
    with _alone(temp, target):
        try:
            staged = Staged(temp)
            yield staged
            staged.finish()
            _take_name(temp, target)
        except OSError as error:
            shutil.rmtree(temp, ignore_errors=True)
            raise _failed(target, error) from error
        except Exception:
            shutil.rmtree(temp, ignore_errors=True)
            raise


def files_of(root: Path, place: Path | str = "") -> list[str]:
    """Paths below `root`, sorted, of the files in the folder `place` of it, or of the file of that name."""
    start = root / place
    found = [start] if start.is_file() else (path for path in start.rglob("*") if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found)


def sum_of(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path, target: Path) -> Iterator[None]:
    """One program at a time writes into the folder; the system lets go of it when that program ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino != folder.stat().st_ino:
                raise BlockingIOError
        except OSError:
            raise DatasetError(
                f"Another program is writing {target}; wait for it, or name a new folder."
            ) from None
        yield
    finally:
        os.close(handle)


def _free(root: Path | str) -> Path:
    target = Path(root).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DatasetError(f"{target} is already there and not empty; name a new folder.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(target, error) from None
    return target


def _take_name(temp: Path, target: Path) -> None:
    if target.exists():
        target.rmdir()
    os.rename(temp, target)


def _refused(target: Path, error: OSError) -> DatasetError:
    return DatasetError(f"Cannot write {target}: {error.strerror}; name another folder.")


def _failed(target: Path, error: OSError) -> DatasetError:
    return DatasetError(f"Writing {target} failed: {error.strerror or error}; nothing was left behind.")


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry) + "\n"
