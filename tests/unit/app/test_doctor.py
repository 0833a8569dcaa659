"""refavs doctor tells what is wrong and what to do, and changes nothing."""

import socket
import sqlite3
from contextlib import closing

import pytest
import typer
from typer.testing import CliRunner

from annotations.store import Store
from app.cli import doctor
from core import paths


def told(*options: str) -> tuple[int, dict[str, str]]:
    """Exit status, and the last line about each thing."""
    cli = typer.Typer()
    doctor.register(cli)
    done = CliRunner().invoke(cli, list(options), catch_exceptions=False)
    return done.exit_code, {line[9:18].strip(): line for line in done.stdout.splitlines()[:-1]}


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_sound_installation_has_a_line_for_each_thing_and_no_store_is_made():
    status, lines = told("--port", free_port())
    things = ["python", "packages", "device", "weights", "video", "store", "data", "cache", "port"]
    assert list(lines) == things
    assert "error" not in {line[:8].strip() for line in lines.values()}
    assert status == 0
    assert "nano-segmenter" in lines["weights"]
    assert "none yet" in lines["store"]
    assert list(paths.data_dir().iterdir()) == []


@pytest.fixture
def file():
    with Store.open() as store:
        store.start_session("Ann")
        return store.database.file


def version(file, number: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (number,))


def only_store(db: str | None = None) -> list[tuple[str, str]]:
    return [(found.level, found.words) for found in doctor._store(db)]


def test_an_older_store_is_a_warning_and_stays_as_it_is(file):
    version(file, "0001")
    ((level, words),) = only_store()
    assert level == "warning"
    assert "0001" in words
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_a_newer_a_damaged_and_an_unreachable_store_are_errors(file, tmp_path):
    (tmp_path / "empty.db").touch()
    assert only_store(f"sqlite:///{tmp_path}/empty.db")[0][0] == "ok"
    version(file, "9999")
    assert only_store()[0][0] == "error"
    assert "update the program" in only_store()[0][1]
    (tmp_path / "notes.db").write_text("no database " * 500)
    assert "not a database" in only_store(f"sqlite:///{tmp_path}/notes.db")[0][1]
    ((level, words),) = only_store("postgresql://me:hunter2@127.0.0.1:9/none")
    assert level == "error"
    assert "does not answer" in words
    assert "hunter2" not in words


def test_an_error_is_exit_status_one_and_a_taken_port_a_warning(monkeypatch):
    monkeypatch.setattr(doctor, "ROOM_NEED", 1e6)
    monkeypatch.setattr(doctor, "ROOM_WARN", 1e6)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, lines = told("--port", str(taken.getsockname()[1]))
    assert status == 1
    assert lines["data"].startswith("error")
    assert "REFAVS_DATA_DIR" in lines["data"]
    assert lines["port"].startswith("warning")
