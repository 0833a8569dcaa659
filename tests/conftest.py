"""What every test stands on: real material by environment, no network, a data directory of its own."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as core has it; torch is loaded here before core is

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
