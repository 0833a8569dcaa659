"""Accepted pairs on their way to a dataset repository of the Hugging Face hub: files that never change.

A shard holds one clip's newly accepted pairs, with its pictures, sound and masks (the format `huggingface`): a Parquet
file for each split in `data/`, and a JSON file in `pairs/` that says which pairs are in them. They lie in `shards/` of
the data directory; what was once written there is not written again.
"""

import hashlib
import json
import logging
import os
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from uuid import UUID

from huggingface_hub import CommitScheduler, get_token

from annotations import exchange
from annotations.records import PairFilter, PairLine
from annotations.store import Store
from app.snapshots import put
from core import paths
from core.errors import RefavsError

log = logging.getLogger("refavs.app")
MINUTES = 5.0  # between two pushes
LOOK = 30.0  # seconds between two looks for accepted pairs
WAIT = 20.0  # seconds for the last push, when the server ends


class Pusher(Protocol):
    """What sends the folder's files. `lock` is held while files are added."""

    lock: Any

    @property
    def trouble(self) -> str | None:
        """A sentence of why the last push failed."""
        ...

    def push(self) -> None:
        """Send what is new now."""
        ...

    def stop(self) -> None: ...


class NoPusher:
    """Where there is no token: the shards stay here."""

    trouble = None

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def push(self) -> None:
        pass

    def stop(self) -> None:
        pass


class _Scheduler(CommitScheduler):
    """Remembers what became of its last push; the library only logs it."""

    error: Exception | None = None

    def push_to_hub(self) -> Any:
        try:
            told = super().push_to_hub()
        except Exception as error:
            self.error = error
            raise
        self.error = None
        return told


class HubPusher:
    """huggingface_hub's CommitScheduler on the folder. Making one asks the hub for the repository; RefavsError."""

    def __init__(self, folder: Path, repo: str, token: str, *, minutes: float = MINUTES) -> None:
        self.repo = repo
        try:
            self._scheduler = _Scheduler(
                repo_id=repo,
                repo_type="dataset",
                folder_path=folder,
                every=minutes,
                private=True,
                token=token,
                path_in_repo="",
            )
        except Exception as error:  # the hub's client has errors of many families
            raise RefavsError(hub_in_words(error, repo)) from error
        self.lock = self._scheduler.lock

    def push(self) -> None:
        with suppress(Exception):  # `trouble` tells it
            self._scheduler.trigger().result(timeout=WAIT)

    @property
    def trouble(self) -> str | None:
        error = self._scheduler.error
        return hub_in_words(error, self.repo) if error else None

    def stop(self) -> None:
        self._scheduler.stop()


def hub_in_words(error: Exception, repo: str) -> str:
    """One sentence for what the hub said."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    kept = "The pairs are kept here, and are sent as soon as it can be done."
    if status == 401:
        return f"The hub does not know the token (it may have expired); set a new HF_TOKEN to send to {repo}. {kept}"
    if status in (403, 404):
        return f"The token has no right to write the dataset {repo}; give it one, or name another in REFAVS_DATASET. {kept}"
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"The dataset {repo} could not be reached ({said}). {kept}"


def pusher(folder: Path) -> Callable[[], Pusher]:
    """Makes what sends the folder: to the dataset that REFAVS_DATASET names, where there is a token."""
    repo = os.environ.get("REFAVS_DATASET")
    if not repo:
        return NoPusher
    token = get_token()
    if not token:
        log.warning("REFAVS_DATASET names %s, but there is no HF_TOKEN: accepted pairs stay here", repo)
        return NoPusher
    return lambda: HubPusher(folder, repo, token)


class Shards:
    """One for the server. make: called until it succeeds, so that a hub that is away costs no start."""

    def __init__(self, store: Store, make: Callable[[], Pusher], folder: Path | None = None) -> None:
        self.folder = folder or paths.data_dir() / "shards"
        self._away: str | None = None
        self._refused: dict[tuple[str, int], str] = {}  # pairs that cannot go, and why
        self._store, self._make = store, make
        self._pusher: Pusher | None = None
        self._done: set[tuple[str, int]] = set()
        self._read: set[Path] = set()  # what `_done` was read from
        self._looked = -1  # the newest change when all was made that can be
        self._over = threading.Event()
        self._turn = threading.Lock()

    @property
    def trouble(self) -> str | None:
        """Why something does not get to the hub, in a sentence."""
        told = (self._away, *self._refused.values(), self._pusher.trouble if self._pusher else None)
        return next((each for each in told if each), None)

    def start(self) -> None:
        threading.Thread(target=self._keep, daemon=True, name="shards").start()

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                self.collect()
            except Exception:
                log.exception("Accepted pairs could not be made into shards")
            self._over.wait(LOOK)

    def collect(self) -> int:
        """Make shards of the pairs accepted since the last time; how many pairs. What cannot go is in `trouble`."""
        with self._turn:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._pusher is None:
                try:
                    self._pusher, self._away = self._make(), None
                except RefavsError as error:
                    self._away = str(error)
            for told in set((self.folder / "pairs").glob("*.json")) - self._read:  # a shard never changes
                self._done |= {
                    (pair["id"], pair["version"]) for pair in json.loads(told.read_text())["pairs"]
                }
                self._read.add(told)
            newest = self._store.newest()
            if newest == self._looked:
                return 0
            accepted = {
                (str(line.pair.id), line.pair.version): line
                for line in self._store.pairs(PairFilter(status="accepted"), limit=None)
            }
            self._refused = {key: why for key, why in self._refused.items() if key in accepted}
            clips: dict[UUID, list[PairLine]] = defaultdict(list)
            for key, line in accepted.items():
                if key not in self._done and key not in self._refused:
                    clips[line.clip.id].append(line)
            made = sum(self._shard(lines) for lines in clips.values())
            self._looked = newest
            return made

    def _shard(self, lines: list[PairLine]) -> int:
        pairs = [
            {"id": str(line.pair.id), "version": line.pair.version, "annotator": line.pair.annotator}
            for line in sorted(lines, key=lambda line: line.pair.created)
        ]
        name = hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:20]
        chosen = PairFilter(status="accepted", pairs=tuple(line.pair.id for line in lines))
        with TemporaryDirectory(dir=paths.cache_dir(), prefix="shard-") as work:
            root = Path(work) / "export"
            try:
                report = exchange.export(self._store, root, "huggingface", chosen)
            except RefavsError as error:
                said = f"{len(pairs)} accepted pair(s) cannot be sent: {error}"
                self._refused |= {(str(line.pair.id), line.pair.version): said for line in lines}
                return 0
            told = Path(work) / f"{name}.json"
            files = {
                path: self.folder / "data" / f"{path.stem}-{name}.parquet"
                for path in (root / "data").iterdir()
            }
            refused = {str(each.pair): each.reason for each in report.refused}
            told.write_text(json.dumps({"pairs": pairs, "refused": refused}, indent=1), "utf-8")
            files[told] = self.folder / "pairs" / told.name  # last: it says that the others are there
            with self._pusher.lock if self._pusher else threading.Lock():
                for source, target in files.items():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    put(source, target)
        return len(pairs)

    def stop(self) -> None:
        """Send what there is; for the end of the server."""
        self._over.set()
        try:
            self.collect()
        except Exception:
            log.exception("Accepted pairs could not be made into shards")
        if self._pusher:
            self._pusher.push()
            self._pusher.stop()
