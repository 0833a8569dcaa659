"""A PostgreSQL server that lives as long as a measurement or a test."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import RefavsError

START_S = 30.0


def missing() -> str | None:
    """Why no server can be started here; None = one can."""
    if _program("initdb") is None or _program("postgres") is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return 'its driver is not installed (pip install "refavs-studio[postgres]")'
    return None


@contextmanager
def temporary_postgres() -> Iterator[str]:
    """The URL of an empty database on a server of its own, reached by a socket; gone at the end.

    Raises RefavsError when there is none to start; see `missing`.
    """
    if reason := missing():
        raise RefavsError(f"No PostgreSQL server can be started: {reason}.")
    folder = Path(tempfile.mkdtemp(prefix="refavs-pg-"))
    # the server refuses to run as root; Debian's package makes a user for it
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    try:
        made = subprocess.run(
            [str(_program("initdb")), "-D", str(data), "-U", "refavs", "--auth=trust", "--encoding=UTF8"],
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RefavsError(f"PostgreSQL cannot make a database: {made.stderr.strip().splitlines()[-1]}.")
        settings = ["-c", "listen_addresses=", "-c", "max_connections=100"]
        server = subprocess.Popen(
            [str(_program("postgres")), "-D", str(data), "-k", str(folder), *settings],
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(folder, server)
            yield f"postgresql+psycopg://refavs@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    import psycopg

    until = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(host=str(folder), user="refavs", dbname="postgres").close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > until:
                raise RefavsError("The PostgreSQL server did not start.") from error
            time.sleep(0.1)


def _program(name: str) -> str | None:
    """In PATH, or where Debian keeps the newest version."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[4]))
    return shutil.which(name) or (str(versions[-1]) if versions else None)
