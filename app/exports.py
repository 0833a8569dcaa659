"""Saved pairs as a dataset's folder, zipped, behind a signed link."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from annotations import exchange
from annotations.exchange.gather import Report
from annotations.records import PairFilter
from annotations.store import Store
from app.media_routes import Links
from core import paths

Phase = Literal["writing", "packing"]


@dataclass(frozen=True)
class Zipped:
    """link: relative to this server; size: bytes."""

    report: Report
    link: str
    name: str
    size: int


class Exports:
    """One for the server; what earlier runs of the server left is removed."""

    def __init__(self, store: Store, links: Links) -> None:
        self._store, self._links = store, links
        self._folder = paths.cache_dir() / "exports"
        shutil.rmtree(self._folder, ignore_errors=True)

    def zipped(self, layout: str, which: PairFilter) -> Iterator[Phase | Zipped]:
        """Write the chosen pairs in a format and pack them: each is said before it begins; the zip is last.

        Raises RefavsError, and leaves nothing behind then.
        """
        exchange.check(layout)
        yield "writing"
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{layout}-{datetime.now():%Y%m%d-%H%M%S}"
        with tempfile.TemporaryDirectory(dir=self._folder) as work:
            report = exchange.export(self._store, Path(work) / name, layout, which)
            yield "packing"
            target = Path(tempfile.mkdtemp(dir=self._folder)) / f"{name}.zip"
            _zip(report.root, target)
        link = self._links.file(target, "application/zip", download=target.name)
        yield Zipped(report, link, target.name, target.stat().st_size)


def _zip(folder: Path, target: Path) -> None:
    """Stored, not packed again: pictures are packed already."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                kind = zipfile.ZIP_DEFLATED if path.suffix == ".wav" else zipfile.ZIP_STORED
                archive.write(path, f"{folder.name}/{path.relative_to(folder)}", compress_type=kind)
