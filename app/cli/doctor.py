"""refavs doctor: is everything here that the program needs, and what to do about what is not."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

ROOM_WARN, ROOM_NEED = 5.0, 0.3  # GiB free
PACKAGES = ("gradio", "torch", "transformers", "sqlalchemy", "av", "opencv-python-headless", "numpy")

NONE_YET = "none yet; it is made at {} when the app starts"


@dataclass(frozen=True)
class Finding:
    level: Literal["ok", "warning", "error"]
    what: str
    words: str


def register(cli: typer.Typer) -> None:
    cli.command("doctor")(doctor)


def doctor(
    db: Annotated[str | None, typer.Option(help="Database URL; without it the one of this user.")] = None,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 7860,
) -> None:
    """Check versions, weights, store, disk and port; changes nothing. One line each: ok, warning or error.

    Exit status 1 when there is an error, with what to do about it.
    """
    worst = "ok"
    for finding in checked(db, host, port):
        print(f"{finding.level:8} {finding.what:9} {finding.words}", flush=True)
        if finding.level == "error" or worst == "ok":
            worst = finding.level
    print({"ok": "All is well.", "warning": "It runs; see the warnings."}.get(worst, "See the errors."))
    sys.exit(1 if worst == "error" else 0)


def checked(db: str | None, host: str, port: int) -> Iterator[Finding]:
    """Findings, in the order of their making; none raises."""
    yield _python()
    yield from _packages()
    yield _device()
    yield from _weights()
    yield _video()
    yield from _store(db)
    yield from _disks()
    yield _port(host, port)


def _python() -> Finding:
    import platform

    return Finding("ok", "python", f"{platform.python_version()} on {platform.platform(terse=True)}")


def _packages() -> Iterator[Finding]:
    """Those that the distribution asks for; of an installation without one, those that it cannot do without."""
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(each) for each in requires("refavs-studio") or ()]
    except PackageNotFoundError:
        wanted = [Requirement(name) for name in PACKAGES]
    found, wrong = [], []
    for each in wanted:
        if each.marker is not None and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            has = version(each.name)
        except PackageNotFoundError:
            wrong.append(f"{each.name} is not installed")
            continue
        if not each.specifier.contains(has.split("+")[0], prereleases=True):
            wrong.append(f"{each.name} is {has}, wanted {each.specifier}")
        elif each.name in PACKAGES:
            found.append(f"{each.name} {has}")
    yield Finding("ok", "packages", ", ".join(found))
    for words in wrong:
        yield Finding("error", "packages", f"{words}; pip install the program again")


def _device() -> Finding:
    import os

    try:
        import torch

        if torch.cuda.is_available():
            return Finding("ok", "device", f"{torch.cuda.get_device_name(0)}, {os.cpu_count()} cores")
    except Exception as error:  # a broken installation fails in many ways
        return Finding(
            "error", "device", f"torch does not load ({str(error).splitlines()[0]}); install it again"
        )
    return Finding("ok", "device", f"no GPU, {os.cpu_count()} cores: the small networks run on them")


def _weights() -> Iterator[Finding]:
    from importlib.resources import files

    from safetensors import SafetensorError, safe_open

    names, folder = [], files("assets") / "weights"
    try:
        for each in sorted(folder.iterdir(), key=lambda item: item.name):
            if not each.is_dir() or each.name.startswith("_"):
                continue
            try:
                with safe_open(str(each / "model.safetensors"), "np"):
                    names.append(each.name)
            except (OSError, SafetensorError) as error:
                what = f"{each.name} cannot be read ({error}); install the program again"
                yield Finding("error", "weights", what)
    except OSError:
        yield Finding("error", "weights", f"there is no folder {folder}; install the program again")
        return
    yield Finding("ok", "weights", ", ".join(names) or "none")


def _video() -> Finding:
    """Reading a clip, from the package to its pixels."""
    from importlib.resources import as_file, files

    from core import media
    from core.errors import RefavsError

    try:
        samples = [each for each in (files("assets") / "clips").iterdir() if each.name.endswith(".mp4")]
        with as_file(min(samples, key=lambda each: each.name)) as path:
            clip = media.open(path).clip()
            height, width = clip.frame(clip.last).shape[:2]
    except (OSError, ValueError, RefavsError) as error:
        return Finding("error", "video", f"a sample clip cannot be read ({error}); install the program again")
    return Finding("ok", "video", f"{len(clip.indices)} frames of {width}x{height} read from a sample clip")


def _store(db: str | None) -> Iterator[Finding]:
    from contextlib import closing

    import sqlalchemy as sa

    from annotations.database import Database, file_of
    from annotations.schema import HEAD, ChangeRow
    from core.errors import RefavsError

    try:
        file = file_of(db)
        if file is not None and not file.exists():
            yield Finding("ok", "store", NONE_YET.format(file))
            return
        with closing(Database(db, migrate=False)) as database:
            revision = database.revision()
            if revision is None:
                yield Finding("ok", "store", NONE_YET.format(database.name))
                return
            with database.reading() as session:
                health = session.scalar(sa.text("PRAGMA quick_check(1)")) if file else "ok"
                changes = session.scalar(sa.select(sa.func.count()).select_from(ChangeRow))
    except RefavsError as error:
        yield Finding("error", "store", str(error))
        return
    if health != "ok":
        yield Finding("error", "store", f"{database.name} is damaged ({health}); bring back a backup copy")
    elif revision > HEAD:
        words = f"{database.name} was made by a newer version ({revision}, this one knows {HEAD}); update the program"
        yield Finding("error", "store", words)
    elif revision != HEAD:
        words = f"{database.name} is of version {revision}; the app brings it to {HEAD} when it starts"
        yield Finding("warning", "store", words)
    else:
        yield Finding("ok", "store", f"{database.name}, version {revision}, {changes} changes")


def _disks() -> Iterator[Finding]:
    import os
    import shutil

    from core import paths

    for what, place, name in (
        ("data", paths.data_dir, "REFAVS_DATA_DIR"),
        ("cache", paths.cache_dir, "REFAVS_CACHE_DIR"),
    ):
        try:
            folder: Path = place()
            free = shutil.disk_usage(folder).free / 2**30
        except OSError as error:
            words = f"its folder cannot be made ({error}); name another by {name}"
            yield Finding("error", what, words)
            continue
        words = f"{folder}, {free:.1f} GiB free"
        if not os.access(folder, os.W_OK):
            yield Finding(
                "error", what, f"{words}; it cannot be written: allow it, or name another by {name}"
            )
        elif free < ROOM_WARN:
            level: Literal["warning", "error"] = "error" if free < ROOM_NEED else "warning"
            yield Finding(level, what, f"{words}; make room, or name another folder by {name}")
        else:
            yield Finding("ok", what, words)


def _port(host: str, port: int) -> Finding:
    from app.serve import check_free
    from core.errors import RefavsError

    try:
        check_free(host, port)
    except RefavsError as error:
        return Finding("warning", "port", f"{error} (If that is this program, all is well.)")
    return Finding("ok", "port", f"{host}:{port} is free")
