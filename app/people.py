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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.errors import RefavsError

NAME = re.compile(r"[^\W_][\w.@+-]{0,59}")
SHORTEST = 8  # characters of a password
COST = {"n": 2**14, "r": 8, "p": 1}  # of scrypt: about 16 MB and 50 ms a try
TRIES, PAUSE = 10, 60.0  # wrong passwords of a name within so many seconds, then none is taken
DESKS = 4096  # tokens whose owner is remembered
TOKEN = "refavs_"  # how a token for scripts begins
TOKENS = 20  # of one person
SAVING = frozenset(  # what a page asks for that is kept under a name
    {"save", "submit", "submit drafts", "remove", "found", "review next", "hold", "import dataset"}
)
PERSON = "refavs_person"  # in a request's scope: whose token came with it
SIGN_IN = "Sign in first: what is saved carries a name. What is drawn stays on this page."

_acting: ContextVar[str | None] = ContextVar("refavs_person", default=None)


class People:
    """The file: {"people": {name: {"salt", "hash", "tokens"}}}; read again when it has changed. Safe for threads.

    tokens, for scripts: [{"hash", "until"}]. A token is 32 random bytes, so that its hash needs no salt.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read_at: tuple[int, int] | None = None
        self._people: dict[str, dict[str, Any]] = {}
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

    def give_token(self, name: str, *, days: int) -> str:
        """A new token of the person for scripts, which is told only now. Refused without the person: RefavsError."""
        people = dict(self._known())
        if name not in people:
            raise RefavsError(
                f"There is no person {name!r} in {self.file}; add one with: refavs user add {name}"
            )
        if not 1 <= days <= 3660:
            raise RefavsError(f"A token is good for 1 to 3660 days; got {days}.")
        token = TOKEN + secrets.token_urlsafe(32)
        until = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
        made = [*people[name].get("tokens", []), {"hash": _digest(token).hex(), "until": until}]
        people[name] = {**people[name], "tokens": made[-TOKENS:]}
        self._write(people)
        return token

    def drop_tokens(self, name: str) -> int:
        """Make every token of the person useless; how many there were."""
        people = dict(self._known())
        if name not in people:
            raise RefavsError(f"There is no person {name!r} in {self.file}.")
        gone = people[name].get("tokens", [])
        people[name] = {key: value for key, value in people[name].items() if key != "tokens"}
        self._write(people)
        return len(gone)

    def of_token(self, token: str) -> str:
        """Whose token it is. RefavsError when it is nobody's, or its time is over."""
        digest = _digest(token).hex()
        for name, person in self._known().items():
            for each in person.get("tokens", []):
                if hmac.compare_digest(each["hash"], digest):
                    if datetime.fromisoformat(each["until"]) < datetime.now(UTC):
                        raise RefavsError(
                            f"This token expired on {each['until'][:10]}; ask for a new one, made with: refavs user "
                            f"token {name}"
                        )
                    return name
        raise RefavsError("This token is not known here; make one with: refavs user token NAME --auth FILE")

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

    def _known(self) -> dict[str, dict[str, Any]]:
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

    def _write(self, people: dict[str, dict[str, Any]]) -> None:
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
    """Who sent a Gradio or Starlette request, as the server knows it; None = nobody has signed in."""
    name = getattr(request, "username", None)
    if isinstance(name, str):
        return name
    request = getattr(request, "request", request)
    scope = getattr(request, "scope", None) or {}
    if isinstance(name := scope.get(PERSON), str):
        return name
    if name := _signed_in_at_the_hub(scope):
        return name
    app = getattr(request, "app", None)
    if app is None or not hasattr(app, "cookie_id"):
        return None
    for kind in ("access-token", "access-token-unsecure"):
        if found := app.tokens.get(request.cookies.get(f"{kind}-{app.cookie_id}")):
            return found
    return None


def _signed_in_at_the_hub(scope: Any) -> str | None:
    """From the session that the server signed when the hub sent the person back."""
    session = scope.get("session")
    told = session.get("oauth_info") if isinstance(session, dict) else None
    if not isinstance(told, dict) or told.get("expires_at", 0) < time.time():
        return None
    name = told.get("userinfo", {}).get("preferred_username")
    return name if isinstance(name, str) and name else None


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
    return _acting.get() or nobody()


def nobody() -> str:
    """The name of who has not signed in."""
    try:
        return getpass.getuser()
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
