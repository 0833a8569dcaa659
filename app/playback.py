"""What the browser is given to play: the video itself, or a copy for it, made once in the background."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from app.media_routes import Links
from core import media, paths
from core.errors import RefavsError
from core.media import Clip, Video
from core.media.proxy import playable, proxy

TYPES = {
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".ogv": "video/ogg",
}


def decoding(clip: Clip) -> Iterator[float]:
    """How much of the clip's video was decoded by now, 0 to 1, once a second until nothing is left to do."""
    done = media.confirming(clip.video)
    while not done.done():
        yield media.confirmed_share(clip.video)
        wait([done], timeout=1)


class Playback:
    """One copy is made at a time, and each only once; whoever asks meanwhile is told how far it is."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._folder = paths.cache_dir() / "proxies"
        self._copies: dict[str, Future[Path]] = {}
        self._done: dict[str, float] = {}
        self._lock = threading.Lock()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="proxy")

    def state(self, clip: Clip, *, failures: int = 0) -> dict[str, Any]:
        """{video: link or None, frames: link, progress: 0 to 1, words, error, checked: 0 to 1}.

        checked: how much of the video was decoded once in the background, which an export waits for.

        failures: how often in a row the browser could not play what it was given: once, the link may have
        expired; twice, it cannot play the video itself.
        """
        video = clip.video
        answer: dict[str, Any] = {
            "video": None,
            "frames": self._links.frames(clip),
            "progress": 0.0,
            "error": None,
            "checked": media.confirmed_share(video),
        }
        if playable(video) and failures < 2:
            kind = TYPES.get(video.path.suffix.lower(), "video/mp4")
            return {**answer, "video": self._links.file(video.path, kind), "progress": 1.0}
        copy = self._copy(video)
        answer["words"] = f"Making a copy that the browser can play (this file is {video.codec}) …"
        if not copy.done():
            return {**answer, "progress": self._done.get(video.sha256, 0.0)}
        try:
            return {**answer, "video": self._links.file(copy.result(), "video/mp4"), "progress": 1.0}
        except RefavsError as error:
            return {**answer, "error": str(error)}
        except Exception as error:  # of FFmpeg: the frames can still be looked at and clicked
            return {
                **answer,
                "error": f"No copy for playing could be made ({error}); frames can still be stepped.",
            }

    def _copy(self, video: Video) -> "Future[Path]":
        with self._lock:
            if video.sha256 not in self._copies:
                self._copies[video.sha256] = self._maker.submit(self._make, video)
            return self._copies[video.sha256]

    def _make(self, video: Video) -> Path:
        def progress(share: float) -> None:
            self._done[video.sha256] = share

        return proxy(video, self._folder, progress=progress)
