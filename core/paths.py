"""Where the program keeps what it makes: per user, outside the working and the temp directory."""

import os
from pathlib import Path

import platformdirs


def data_dir() -> Path:
    """Folder of the database and the uploaded videos (REFAVS_DATA_DIR overrides it); made when missing."""
    return _made(os.environ.get("REFAVS_DATA_DIR") or platformdirs.user_data_dir("refavs-studio"))


def cache_dir() -> Path:
    """Folder of what can be made again: proxies, features (REFAVS_CACHE_DIR overrides it); made when missing."""
    return _made(os.environ.get("REFAVS_CACHE_DIR") or platformdirs.user_cache_dir("refavs-studio"))


def _made(path: str) -> Path:
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
