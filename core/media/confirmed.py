"""Whether every frame of a long video is where its packets say: all are decoded once, in the background.

A long file's table is read off its packets, so that it can be worked on at once (core.media.table). Before
anything leaves the program, an export waits here.
"""

import hashlib
import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from core import paths
from core.errors import MediaError
from core.media.decode import decoded, packets
from core.media.probe import open_container
from core.media.table import COUNTING
from core.media.video import Video

NICE = 19  # the lowest priority: who works at the video comes first

_begun: dict[str, Future[None]] = {}
_lock = threading.Lock()
_turn = threading.Lock()  # one video at a time


def confirming(video: Video) -> Future[None]:
    """Begin to decode all frames (once a video, and once for good: what was found true is remembered on disk).

    The future is done when all were decoded; it holds a MediaError when they are not those of the table.
    """
    with _lock:
        if video.sha256 in _begun:
            return _begun[video.sha256]
        done = _begun[video.sha256] = Future()
    if video.table is None or video.table.decoded or _note(video).is_file():
        done.set_result(None)
    else:  # a thread that ends with the program: nothing is lost when it is cut off
        threading.Thread(target=_decode, args=(video, done), daemon=True, name="confirm").start()
    return done


def confirm(video: Video) -> None:
    """Wait until all frames were decoded. MediaError when they are not those of the table."""
    confirming(video).result()


def _note(video: Video) -> Path:
    identity = f"{video.sha256} {video.decoder}"
    return paths.cache_dir() / "confirmed" / hashlib.sha256(identity.encode()).hexdigest()[:32]


def _decode(video: Video, done: Future[None]) -> None:
    try:
        with _turn:
            if sys.platform == "linux":  # elsewhere this is of the whole process
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            _check(video)
        _note(video).parent.mkdir(parents=True, exist_ok=True)
        _note(video).touch()
    except Exception as error:
        done.set_exception(error)
    else:
        done.set_result(None)


def _check(video: Video) -> None:
    assert video.table is not None
    assert video.facts is not None
    ticks, at = video.table.ticks, 0
    damage: list[str] = []
    with open_container(video.path) as container:
        stream = container.streams[video.facts.video_stream]
        stream.thread_type = "NONE"
        stream.codec_context.options = COUNTING
        for frame in decoded(stream, packets(container, stream), damage):
            if damage or at >= len(ticks) or frame.pts != ticks[at]:
                break
            at += 1
    if damage or at != len(ticks):
        time = float(video.pts[min(at, len(ticks) - 1)])
        raise MediaError(
            f"{video.path.name!r} cannot be exported: expected {len(ticks)} frames at the times its packets "
            f"tell, but from {int(np.floor(time))} s on they cannot be decoded like that; convert the file "
            "(for example with ffmpeg -i IN -c:v libx264 OUT.mp4) and work on the copy."
        )
