"""Who may sign in, and who is asking: names with salted hashes in one file, and the person of a request."""

import getpass
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from core.errors import RefavsError

NAME = re.compile(r"[^\W_][\w.@+-]{0,59}")
SHORTEST = 8  # characters of a password
COST = {"n": 2**14, "r": 8, "p": 1}  # of scrypt: about 16 MB and 50 ms a try
TRIES, PAUSE = 10, 60.0  # wrong passwords of a name within so many seconds, then none is taken
DESKS = 4096  # tokens whose owner is remembered

_acting: ContextVar[str | None] = ContextVar("refavs_person", default=None)


class People:
    """The file: {"people": {name: {"salt", "hash"}}}; read again when it has changed. Safe for threads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read_at: tuple[int, int] | None = None
        self._people: dict[str, dict[str, str]] = {}
        self._wrong: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        return sorted(self._known())

    def add(self, name: str, password: str) -> None:
        """Add a person, or give one a new password. RefavsError when the name or the password is not usable."""
        if not NAME.fullmatch(name):
            raise RefavsError(
                f"A name is 1 to 60 letters, digits and . _ @ + -, beginning with a letter or a digit; got {name!r}."
            )
        if len(password) < SHORTEST:
            raise RefavsError(f"A password has at least {SHORTEST} characters; choose a longer one.")
        people = dict(self._known())
        salt = secrets.token_bytes(16)
        people[name] = {"salt": salt.hex(), "hash": _hash(password, salt).hex()}
        self._write(people)

    def remove(self, name: str) -> None:
        people = dict(self._known())
        if name not in people:
            raise RefavsError(f"There is no person {name!r} in {self.file}.")
        del people[name]
        self._write(people)

    def verify(self, name: str, password: str) -> bool:
        """Whether the password is the person's; takes as long for a name that is not there."""
        now = time.monotonic()
        with self._lock:
            wrong = [t for t in self._wrong.get(name, []) if now - t < PAUSE]
            if len(wrong) >= TRIES:
                return False
        known = self._known().get(name)
        salt = bytes.fromhex(known["salt"]) if known else bytes(16)
        right = hmac.compare_digest(_hash(password, salt).hex(), known["hash"] if known else "")
        with self._lock:
            self._wrong = {n: t for n, t in self._wrong.items() if now - t[-1] < PAUSE}
            if not right:
                self._wrong[name] = [*wrong, now]
        return right

    def _known(self) -> dict[str, dict[str, str]]:
        try:
            state = self.file.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self._read_at:
                self._people = json.loads(self.file.read_text("utf-8"))["people"]
                self._read_at = stamp
        except FileNotFoundError:
            self._people, self._read_at = {}, None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RefavsError(
                f"{self.file} is no file of people ({error}); make one with: refavs user add NAME --auth FILE"
            ) from error
        return self._people

    def _write(self, people: dict[str, dict[str, str]]) -> None:
        """The whole file or nothing, readable by its owner alone."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=".people")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"people": people}, file, indent=1, ensure_ascii=False)
            os.replace(name, self.file)
        except OSError as error:
            raise RefavsError(
                f"{self.file} cannot be written ({error.strerror}); name another file."
            ) from error


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **COST)


def person_of(request: Any) -> str | None:
    """Who sent a Gradio or Starlette request; None = nobody has to sign in here."""
    name = getattr(request, "username", None)
    if isinstance(name, str):
        return name
    request = getattr(request, "request", request)
    app = getattr(request, "app", None)
    if app is None or not hasattr(app, "cookie_id"):
        return None
    for kind in ("access-token", "access-token-unsecure"):
        if found := app.tokens.get(request.cookies.get(f"{kind}-{app.cookie_id}")):
            return found
    return None


@contextmanager
def acting(person: str | None) -> Iterator[None]:
    """What is saved meanwhile is theirs."""
    before = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(before)


def author() -> str:
    """Whose name a change is saved under: the person signed in, else the user of this computer."""
    try:
        return _acting.get() or getpass.getuser()
    except (OSError, KeyError):
        return "annotator"


class Owners:
    """Which person a desk's token was given to; nobody else's request reaches it."""

    def __init__(self) -> None:
        self._owners: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def given(self, token: object, person: str | None) -> None:
        if person is None or not isinstance(token, str):
            return
        with self._lock:
            self._owners.setdefault(_digest(token), person)
            while len(self._owners) > DESKS:
                self._owners.popitem(last=False)

    def may(self, token: object, person: str | None) -> bool:
        """True also for a token that nobody has: what it opens belongs to whoever can name it."""
        with self._lock:
            owner = self._owners.get(_digest(token)) if isinstance(token, str) else None
        return owner is None or owner == person

    def only_own(self, request: Any, person: str | None) -> Any:
        """The request without tokens of other people, as if those had never been."""
        if not isinstance(request, dict):
            return request
        own = dict(request)
        if not self.may(own.get("token"), person):
            own["token"] = None
        if isinstance(own.get("desks"), list):
            own["desks"] = [token for token in own["desks"] if self.may(token, person)]
        return own


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
