"""What every test stands on: real material by environment, no network, a data directory of its own."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as core has it; torch is loaded here before core is

if "PYTEST_XDIST_WORKER" in os.environ:  # two workers share the cores; four threads would fight over them
    os.environ["OMP_NUM_THREADS"] = "1"

settings.register_profile("untimed", deadline=None)  # speed is measured by `refavs bench`, not here
settings.load_profile("untimed")

SHARED = Path(os.environ.get("REFAVS_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")

if find_spec("torchvision"):
    # Beside a CPU torch, the registry's torchvision lacks its compiled operators; declared, it imports, and nothing
    # here calls them.
    import torch

    _torchvision = torch.library.Library("torchvision", "DEF")
    _torchvision.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _torchvision.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


class Compiled(dict):
    """Statements that SQLAlchemy has compiled, by the kind of database: hundreds of tests have an engine of their own,
    and would compile the same ones anew.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        dialect, *rest = key
        return super().get((dialect.name, *rest), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        dialect, *rest = key
        super().__setitem__((dialect.name, *rest), value)


_compiled = Compiled()


@sa.event.listens_for(sa.Engine, "engine_connect")
def _share_what_is_compiled(connection: sa.Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)


class ByFile(LoadScopeScheduling):
    """A file's tests go to one worker, one after the other, and all browser tests to the same one: two browsers at
    once would wait for each other.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "tests/e2e" if file.startswith("tests/e2e/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the real clips, masks and sentences; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real material is not at {SHARED} (REFAVS_TEST_DATA names another place)")
    return SHARED


@pytest.fixture(autouse=True)
def _own_directories(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's own database or cache."""
    root = tmp_path_factory.mktemp("user")
    monkeypatch.setenv("REFAVS_DATA_DIR", str(root / "data"))
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(root / "cache"))
