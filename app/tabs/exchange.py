"""Export and import of datasets, one at a time each, while the page asks how far it is."""

import hashlib
import json
import logging
import shutil
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from annotations import exchange
from annotations.records import PairFilter
from annotations.store import Store
from app.exports import Exports, Zipped
from app.library import Library, clean_name
from app.tabs.selection import selection
from core import paths
from core.datasets.check import check as find_defects
from core.datasets.defects import summary
from core.errors import DatasetError, RefavsError

log = logging.getLogger("refavs.app")
FILES = 500_000  # in one archive
BYTES = 20 * 2**30  # of one archive, unpacked
REFUSED = 50  # reasons that are told
PHASES = {"writing": "Writing frames, sound and masks …", "packing": "Packing …"}
MARKS = (  # what is found in a dataset's folder tells its format
    ("metadata.csv", "refavs"),
    ("annotations.json", "coco"),
    ("mask_dict.json", "mevis"),
    ("train/Annotations", "youtube-vos"),
    ("Annotations/480p", "davis"),
)


class Exchange:
    """The newest job of each person is remembered, so that a reloaded page finds it."""

    def __init__(self, store: Store, library: Library, exports: Exports) -> None:
        self.store, self.exports = store, exports
        self.inbox = library.inbox
        self.kept = paths.data_dir() / "imports"
        self._jobs: dict[str | None, dict[str, Any]] = {}
        self._busy = threading.Lock()

    def state(self, request: dict[str, Any], person: str | None) -> dict[str, Any]:
        """How far the person's newest job is: {id, kind, words, done, error, ...}; None = there was none."""
        return {"job": self._jobs.get(person)}

    def export(self, request: dict[str, Any], person: str | None) -> dict[str, Any]:
        layout = exchange.check(str(request.get("format") or "refavs"))
        which = replace(selection(request), text=None)
        return self._begin("export", person, lambda job: self._export(job, layout, which))

    def import_(self, request: dict[str, Any], person: str | None) -> dict[str, Any]:
        path = Path(str(request.get("path") or "")).resolve()
        if not path.is_relative_to(self.inbox) or not path.is_file():
            raise RefavsError("The upload did not arrive; upload the file again.")
        name = clean_name(str(request.get("name") or "dataset.zip"))
        return self._begin("import", person, lambda job: self._import(job, path, name))

    def _begin(self, kind: str, person: str | None, do: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        now = self._jobs.get(person)
        if now and not now["done"]:
            raise RefavsError(f"Your {now['kind']} is still running; wait for it to end.")
        job: dict[str, Any] = {
            "id": uuid4().hex,
            "kind": kind,
            "words": "Waiting for others …",
            "done": False,
        }
        self._jobs[person] = job

        def run() -> None:
            try:
                with self._busy:
                    do(job)
            except RefavsError as error:
                job["error"] = str(error)
            except Exception:
                log.exception("An %s failed", kind)
                job["error"] = "Something went wrong in the program; its log has the details."
            job["done"] = True

        threading.Thread(target=run, daemon=True, name=kind).start()
        return {"job": job}

    def _export(self, job: dict[str, Any], layout: str, which: PairFilter) -> None:
        for now in self.exports.zipped(layout, which):
            if not isinstance(now, Zipped):
                job["words"] = PHASES[now]
                continue
            report = now.report
            job |= {
                "link": now.link,
                "name": now.name,
                "size": now.size,
                "words": f"{report.written} of {_some(report.pairs, 'pair')} in {_some(report.rows, 'row')}.",
                "details": [f"“{r.expression or ''}”: {r.reason}" for r in report.refused[:REFUSED]]
                + list(report.notes),
            }

    def _import(self, job: dict[str, Any], upload: Path, name: str) -> None:
        job["words"] = "Unpacking …"
        try:
            with upload.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            root = self.kept / sha256[:32]
            known = root.is_dir()
            if not known:
                unpack(upload, root, name)
            try:
                folder, layout = dataset_in(root, name)
                job["words"] = f"Checking the dataset ({layout}) …"
                defects: list[Any] = []
                if layout == "refavs":
                    _, found = find_defects(folder, layout)
                    defects += found
                job["words"] = f"Taking the dataset in ({layout}) …"
                report = exchange.import_folder(self.store, folder, layout)
            except BaseException:
                if not known:
                    shutil.rmtree(root, ignore_errors=True)
                raise
        finally:
            upload.unlink(missing_ok=True)
        defects = sorted({*defects, *report.defects})
        job |= {
            "words": f"{name}: {report.imported} of {report.rows} rows were taken into {report.clips} clips; "
            f"{report.known} were there already, {report.skipped} were left out.",
            "details": summary(defects).splitlines() if defects else ["No defect was found."],
        }


def unpack(archive: Path, root: Path, name: str) -> None:
    """Unpack a zip into the new folder `root`: all of it or nothing. DatasetError when it cannot be trusted."""
    work = root.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            if len(members) > FILES or sum(m.file_size for m in members) > BYTES:
                raise DatasetError(f"{name!r} holds more than this server unpacks; use: refavs import DIR")
            for member in members:
                target = (work / member.filename).resolve()
                link = (member.external_attr >> 16) & 0o170000 == 0o120000
                if link or not target.is_relative_to(work.resolve()):
                    raise DatasetError(f"{name!r} holds {member.filename!r}, which leads out of its folder.")
            packed.extractall(work)
        work.rename(root)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise DatasetError(
            f"{name!r} cannot be unpacked ({error}): expected a .zip of a dataset's folder."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def dataset_in(root: Path, name: str) -> tuple[Path, str]:
    """The dataset's folder in what was unpacked, and its format."""
    folder = root
    while len(inside := [p for p in folder.iterdir() if p.name != "__MACOSX"]) == 1 and inside[0].is_dir():
        folder = inside[0]
    with suppress(OSError, ValueError, AttributeError):
        told = json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("format")
        if told in exchange.LAYOUTS:
            return folder, told
    for mark, layout in MARKS:
        if (folder / mark).exists():
            return folder, layout
    raise DatasetError(
        f"{name!r} is no dataset known here; expected the folder that an export makes, as a .zip."
    )


def _some(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
