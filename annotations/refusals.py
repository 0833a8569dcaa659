"""What a database says, in one sentence for people."""

import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError

from annotations.records import StoreError, UnreachableError

# what PostgreSQL says to somebody it does not let in, and what helps; to connect again would not
REFUSED = {
    "password authentication failed": "refused the name or the password; check both in the URL",
    "no password supplied": "wants a password; put it into the URL, or into ~/.pgpass",
    "no pg_hba.conf entry": "does not let this computer in; allow it in the server's pg_hba.conf",
    "permission denied": "does not let this person do that; GRANT it, or make them the database's owner",
}
NOT_THERE = ("database", "role")  # what PostgreSQL says does not exist


def clear(error: DBAPIError, name: str, file: Path | None, *, in_doubt: bool = False) -> StoreError:
    """name: of the database; file: of SQLite's. in_doubt: the end of a save was being written."""
    said = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    low = said.lower()
    if "disk is full" in low or "no space left" in low:
        free = f" ({shutil.disk_usage(file.parent).free // 2**20} MiB free)" if file else ""
        return StoreError(f"The disk of {name} is full{free}: this save was not kept; make room.")
    if file and not os.access(file.parent, os.W_OK) and file.parent.exists():
        return StoreError(f"The disk of {name} is read-only; allow writing there, or name another place.")
    if "readonly" in low or "read-only" in low:
        return StoreError(f"The database {name} is read-only; allow writing it, or name another.")
    if is_locked(error) or "lock timeout" in low:
        return StoreError(f"The database {name} is held by another program; close that, try again.")
    if "unable to open database file" in low:
        return StoreError(f"The database {name} cannot be opened or made; name another place.")
    if "malformed" in low or "not a database" in low:
        return StoreError(f"The database {name} is damaged ({said}); bring back a backup copy.")
    if file is None:
        return _of_a_server(error, name, said, in_doubt)
    return StoreError(f"The database {name} refused: {said}.")


def _of_a_server(error: DBAPIError, name: str, said: str, in_doubt: bool) -> StoreError:
    for words, what in REFUSED.items():
        if words in said:
            return StoreError(f"The database {name} {what}.")
    if any(f'{what} "' in said for what in NOT_THERE) and "does not exist" in said:
        return StoreError(f"The database {name} is not there ({said}); make it, or name another.")
    if error.connection_invalidated or isinstance(error, OperationalError):
        return UnreachableError(
            f"The database {name} does not answer: {said}; what is not saved stays where it is: see whether the "
            "server runs and the URL is right, then try again.",
            in_doubt=in_doubt,
        )
    return StoreError(f"The database {name} refused: {said}.")


def is_locked(error: DBAPIError) -> bool:
    """Another connection holds SQLite's one write lock."""
    return isinstance(error.orig, sqlite3.OperationalError) and "locked" in str(error.orig)
