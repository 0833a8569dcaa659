"""Videos behind links: fetched from public addresses while people go on working, then kept as an upload is."""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.library import Library
from app.limits import upload_mb
from core.errors import MediaError
from core.media import afar

LONGEST = 2000  # characters of a link
AT_ONCE = 3  # for all people; the next ones wait
WAITING = 12  # being fetched, and waiting for it
PATIENCE = 900.0  # seconds that one may take
REMEMBERED = 600.0  # seconds after its end


@dataclass
class Fetch:
    """One link on its way. done, total: bytes; source: key of the video, once it is kept."""

    name: str
    begun: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int | None = None
    source: str | None = None
    error: Exception | None = None
    ended: float | None = None
    stopped: bool = False

    def tell(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total
        if self.stopped:
            raise MediaError("Cancelled.")
        if time.monotonic() - self.begun > PATIENCE:
            raise MediaError(
                f"{self.name!r} did not arrive within {PATIENCE / 60:.0f} minutes; download it, and upload the file."
            )


class Fetching:
    """One for the server: what is fetched, by a name that only the page knows that asked for it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._fetches: dict[str, Fetch] = {}
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(AT_ONCE)

    def begin(self, link: Any) -> str:
        """Fetch it in the background; the name to ask for it by. MediaError: no such link, or too many now."""
        url = str(link or "").strip()
        if not url:
            raise MediaError("There is no link yet; paste the address of a video file.")
        if len(url) > LONGEST:
            raise MediaError(f"A link has at most {LONGEST} characters; this one has {len(url)}.")
        afar.check_public(url)
        fetch, name = Fetch(afar.name_of(url)), secrets.token_urlsafe(24)
        with self._lock:
            now = time.monotonic()
            for old in [n for n, f in self._fetches.items() if f.ended and now - f.ended > REMEMBERED]:
                del self._fetches[old]
            if sum(not (each.ended or each.stopped) for each in self._fetches.values()) >= WAITING:
                raise MediaError("Many links are being fetched now; try again in a minute.")
            self._fetches[name] = fetch
        threading.Thread(target=self._run, args=(fetch, url), daemon=True, name="fetching").start()
        return name

    def state(self, name: Any) -> Mapping[str, Any]:
        """{name, done, total: bytes (total None = not known), source: the video's key or None = still going}.

        Raises what went wrong.
        """
        fetch = self._fetches.get(name) if isinstance(name, str) else None
        if fetch is None:
            raise MediaError("That link is not being fetched any more; open it again.")
        if fetch.error is not None:
            raise fetch.error
        return {"name": fetch.name, "done": fetch.done, "total": fetch.total, "source": fetch.source}

    def cancel(self, name: Any) -> None:
        """It ends at its next piece, and what has arrived is thrown away; nothing happens when it has ended already."""
        if isinstance(name, str) and (fetch := self._fetches.get(name)):
            fetch.stopped = True

    def _run(self, fetch: Fetch, url: str) -> None:
        try:
            with self._turn:
                fetch.begun = time.monotonic()
                path = afar.fetch_public(url, most=upload_mb() * 2**20, tell=fetch.tell)
                fetch.tell(fetch.done, fetch.total)
                fetch.source = self._library.take_fetched(path).key
        except Exception as error:
            fetch.error = error
        finally:
            fetch.ended = time.monotonic()
