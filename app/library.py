"""Where videos come from: uploads and links (kept under their sha256), samples, and the clip named at the start."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from core import media, paths
from core.errors import MediaError

NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Source:
    """A video that can be opened. key: what the page calls it; name: for people; expressions: to try."""

    key: str
    name: str
    path: Path
    expressions: tuple[str, ...] = ()


class Library:
    """folder: where uploads are kept; inbox: the only folder that uploads may come from."""

    def __init__(self, inbox: Path, first: Path | None = None) -> None:
        self.inbox = inbox.resolve()
        self.folder = paths.data_dir() / "videos"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.samples = _samples()
        self.first = Source("start", first.name, first) if first else None

    @property
    def start(self) -> Source | None:
        """What a new page opens: the clip named at the start, else the first sample."""
        return self.first or (self.samples[0] if self.samples else None)

    def source(self, key: str) -> Source:
        """By key: "start", "sample:FILE", or the sha256 of an uploaded video."""
        for source in self._named:
            if source.key == key:
                return source
        if re.fullmatch(r"[0-9a-f]{64}", key):
            for path in self.folder.glob(f"{key}.*"):
                return Source(key, self._name(path), path)
        raise MediaError("That video is not here any more; open it again.")

    def of_file(self, path: Path, sha256: str) -> Source | None:
        """The source of a file that was worked on earlier; None when it is gone."""
        for source in self._named:
            if source.path.resolve() == path.resolve():
                return source
        name = self._name(path) if path.parent == self.folder else path.name
        return Source(sha256, name, path) if path.exists() else None

    @property
    def _named(self) -> tuple[Source, ...]:
        return (*self.samples, *([self.first] if self.first else []))

    def _name(self, kept: Path) -> str:
        """The name under which the file was uploaded."""
        note = self.folder / "names" / kept.stem
        return note.read_text("utf-8") if note.is_file() else kept.stem[:8] + kept.suffix

    def take(self, upload: str, name: str) -> Source:
        """Move an uploaded file into the library; MediaError, and nothing kept, when it is no video."""
        path = Path(upload).resolve()
        if not path.is_relative_to(self.inbox) or not path.is_file():
            raise MediaError("The upload did not arrive; upload the file again.")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        suffix = Path(name).suffix.lower()
        suffix = suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ".video"
        kept = next(self.folder.glob(f"{sha256}.*"), None)
        try:
            if kept is None:
                self._check(path, name)
                kept = self.folder / f"{sha256}{suffix}"
                shutil.move(path, kept)
            note = self.folder / "names" / sha256
            note.parent.mkdir(exist_ok=True)
            note.write_text(clean_name(name), "utf-8")
        finally:
            path.unlink(missing_ok=True)
        return Source(sha256, clean_name(name), kept)

    def take_fetched(self, path: Path) -> Source:
        """Keep a file that was fetched from a link, as an upload of that name; it stays where it is, too."""
        folder = Path(tempfile.mkdtemp(dir=self.inbox))
        here = folder / "link"
        try:
            try:
                os.link(path, here)  # the cache and the library share its bytes
            except OSError:
                shutil.copyfile(path, here)
            return self.take(str(here), path.name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _check(self, path: Path, name: str) -> None:
        try:
            media.open(path)
        except MediaError as error:
            # The upload has a name of the server's making; people know their own.
            raise MediaError(str(error).replace(repr(path.name), repr(clean_name(name)))) from error


def _samples() -> tuple[Source, ...]:
    clips = Path(str(files("assets"))) / "clips"
    told = json.loads((clips / "samples.json").read_text("utf-8"))
    return tuple(
        Source(f"sample:{s['file']}", s["title"], clips / s["file"], tuple(s["expressions"])) for s in told
    )


def clean_name(name: str) -> str:
    """A file name for people: no folders, no control characters, not too long."""
    last = re.split(r"[\\/]", name)[-1]
    return "".join(c for c in last if c.isprintable())[:NAME_LENGTH] or "video"
