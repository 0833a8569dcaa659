"""Everything that is saved as one Ref-AVS folder, zipped, behind a signed link."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from annotations import exchange
from annotations.exchange import refavs_export
from annotations.records import PairFilter
from annotations.store import Store
from app.desk import Desk
from app.media_routes import Links
from core import paths


class Exports:
    """One for the server; what earlier runs of the server left is removed."""

    def __init__(self, store: Store, links: Links) -> None:
        self._store, self._links = store, links
        self._folder = paths.cache_dir() / "exports"
        shutil.rmtree(self._folder, ignore_errors=True)

    def make(self, desk: Desk, call: str | None) -> Iterator[None]:
        """Write and zip; the last message has the link, and what could not be written with the reasons."""
        desk.feed.say("export", words="Writing the dataset …")
        yield
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"refavs-{datetime.now():%Y%m%d-%H%M%S}"
        with tempfile.TemporaryDirectory(dir=self._folder) as work:
            report = refavs_export.export(self._store, Path(work) / name)
            desk.feed.say("export", words="Packing it …")
            yield
            handle = Path(tempfile.mkdtemp(dir=self._folder)) / f"{name}.zip"
            _zip(report.root, handle)
        desk.feed.say(
            "export",
            call=call,
            done=True,
            link=self._links.file(handle, "application/zip", download=handle.name),
            name=handle.name,
            size=handle.stat().st_size,
            pairs=report.pairs,
            written=report.written,
            rows=report.rows,
            refused=[{"expression": r.expression or "", "reason": r.reason} for r in report.refused],
            notes=list(report.notes),
        )
        yield

    def zipped(self, layout: str, which: PairFilter) -> dict[str, Any]:
        """The chosen pairs in a format, with a link to the zip. RefavsError."""
        exchange.check(layout)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{layout}-{datetime.now():%Y%m%d-%H%M%S}"
        with tempfile.TemporaryDirectory(dir=self._folder) as work:
            report = exchange.export(self._store, Path(work) / name, layout, which)
            handle = Path(tempfile.mkdtemp(dir=self._folder)) / f"{name}.zip"
            _zip(report.root, handle)
        return {
            "link": self._links.file(handle, "application/zip", download=handle.name),
            "name": handle.name,
            "size": handle.stat().st_size,
            "pairs": report.written,
            "rows": report.rows,
            "refused": [
                {"pair": str(r.pair), "expression": r.expression, "reason": r.reason} for r in report.refused
            ],
            "notes": list(report.notes),
        }


def _zip(folder: Path, target: Path) -> None:
    """Stored, not packed again: pictures are packed already."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                kind = zipfile.ZIP_DEFLATED if path.suffix == ".wav" else zipfile.ZIP_STORED
                archive.write(path, f"{folder.name}/{path.relative_to(folder)}", compress_type=kind)
