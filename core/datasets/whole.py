"""A folder written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import DatasetError


@contextmanager
def whole_folder(root: Path | str) -> Iterator[Path]:
    """A hidden folder beside `root` to write into; it takes the name `root` at the end, and is removed on
    an error.

    Raises DatasetError when `root` is there and not empty, or cannot be written.
    """
    target = Path(root).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DatasetError(f"{target} is already there and not empty; name a new folder.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temp = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    except OSError as error:
        raise DatasetError(f"Cannot write {target}: {error.strerror}; name another folder.") from None
    try:
        temp.chmod(0o755)
        yield temp
        if target.exists():
            target.rmdir()
        os.rename(temp, target)
    except OSError as error:
        raise DatasetError(
            f"Writing {target} failed: {error.strerror or error}; nothing was left behind."
        ) from error
    finally:
        shutil.rmtree(temp, ignore_errors=True)
