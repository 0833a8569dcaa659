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
    with temporary_server() as server:
        yield server.url


@contextmanager
def temporary_server() -> Iterator["Server"]:
    """The same, for who wants to stop it on the way."""
    if reason := missing():
        raise RefavsError(f"No PostgreSQL server can be started: {reason}.")
    folder = Path(tempfile.mkdtemp(prefix="refavs-pg-"))
    server = Server(folder)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """PostgreSQL in a folder of its own; may be stopped, and started with the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"postgresql+psycopg://refavs@/postgres?host={folder}"
        # the server refuses to run as root; Debian's package makes a user for it
        self._user = "postgres" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        if self._user:
            shutil.chown(self.folder, self._user)
        how = ["-U", "refavs", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        made = subprocess.run(
            [str(_program("initdb")), "-D", str(self.folder / "data"), *how],
            user=self._user,
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RefavsError(f"PostgreSQL cannot make a database: {made.stderr.strip().splitlines()[-1]}.")

    def start(self) -> None:
        """Returns when it answers."""
        settings = ["-c", "listen_addresses=", "-c", "max_connections=100"]
        data = str(self.folder / "data")
        self._process = subprocess.Popen(
            [str(_program("postgres")), "-D", data, "-k", str(self.folder), *settings],
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait(self.folder, self._process)

    def stop(self) -> None:
        """At once, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None


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
