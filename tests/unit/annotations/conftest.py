"""A small video and a store."""

import shutil
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from makers import make_clip, tone
from store_desk import Desk

from annotations.store import Store
from app.cli import postgres
from core import media


@pytest.fixture(scope="session")
def video(tmp_path_factory) -> media.Video:
    """12.4 s at 10 frames a second, 96 x 128, with sound: one whole window and a padded one."""
    path = tmp_path_factory.mktemp("clips") / "a clip's «name».mp4"
    return media.open(make_clip(path, frames=124, rate=Fraction(10), sound=tone(12.4)))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """A store that has been opened once; to be copied, because making the tables takes a while."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def url(tmp_path: Path, empty_database: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'work.db')}"


@pytest.fixture
def other(tmp_path: Path, empty_database: Path):
    """A second store."""
    with Store.open(f"sqlite:///{shutil.copy(empty_database, tmp_path / 'other.db')}") as opened:
        yield opened


@pytest.fixture
def store(url: str):
    with Store.open(url) as opened:
        yield opened


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server for all tests: to make one takes seconds."""
    if reason := postgres.missing():
        pytest.skip(reason)
    with postgres.temporary_server() as started:
        yield started


@pytest.fixture
def own_database(server) -> str:
    """URL of an empty database on it."""
    name = f"t{uuid4().hex}"
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def desk(store: Store, video: media.Video) -> Desk:
    return Desk(store, video)
