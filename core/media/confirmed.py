"""Whether every frame of a long video is where its packets say: all are decoded once, in the background.

A long file's table is read off its packets, so that it can be worked on at once (core.media.table). Before
anything leaves the program, an export waits here.
"""

import hashlib
import os
import subprocess
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

NICE = 10  # who works at the video comes first
TOLD = 250  # frames after which it is told how far it is
CHILD = "from core.media.confirmed import main; main()"

_begun: dict[str, Future[None]] = {}
_found: dict[str, int] = {}  # frames that were decoded by now
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
    if _known(video):
        done.set_result(None)
    else:  # it ends with the program: nothing is lost when it is cut off
        threading.Thread(target=_decode, args=(video, done), daemon=True, name="confirm").start()
    return done


def confirm(video: Video) -> None:
    """Wait until all frames were decoded. MediaError when they are not those of the table."""
    confirming(video).result()


def confirmed_share(video: Video) -> float:
    """How much of the video was decoded by now, 0 to 1; 1 when nothing is left to do, whatever was found."""
    with _lock:
        done = _begun.get(video.sha256)
    if done.done() if done else _known(video):
        return 1.0
    return min(_found.get(video.sha256, 0) / len(video), 0.999)


def _known(video: Video) -> bool:
    return video.table is None or video.table.decoded or _note(video).is_file()


def _note(video: Video) -> Path:
    identity = f"{video.sha256} {video.decoder}"
    return paths.cache_dir() / "confirmed" / hashlib.sha256(identity.encode()).hexdigest()[:32]


def _decode(video: Video, done: Future[None]) -> None:
    try:
        with _turn:
            _check(video)
        _note(video).parent.mkdir(parents=True, exist_ok=True)
        _note(video).touch()
    except Exception as error:
        done.set_exception(error)
    else:
        done.set_result(None)


def _check(video: Video) -> None:
    """In a process of its own: a thread that gets little time would keep the interpreter from the others."""
    assert video.table is not None
    assert video.facts is not None
    command = [sys.executable, "-c", CHILD, str(video.path), str(video.facts.video_stream)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        told = bytearray()
        while piece := child.stdout.read(8 * TOLD):
            told += piece
            _found[video.sha256] = len(told) // 8
    found = np.frombuffer(told[: len(told) // 8 * 8], np.int64)
    expected = video.table.ticks
    shared = min(len(found), len(expected))
    same = int(np.argmin(np.append(found[:shared] == expected[:shared], False)))
    if child.returncode or same != len(expected) or same != len(found):
        time = int(video.pts[min(same, len(expected) - 1)])
        raise MediaError(
            f"{video.path.name!r} cannot be exported: expected {len(expected)} frames at the times its packets "
            f"tell, but from {time} s on they cannot be decoded like that; convert the file (for example with "
            "ffmpeg -i IN -c:v libx264 OUT.mp4) and work on the copy."
        )


def main() -> None:
    """Decode all frames of stream ARGV[2] of file ARGV[1], and write their ticks, as they come, up to where it
    is damaged. On all cores: what threads make of damage depends on chance, but not whether there is any."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICE)
    damage: list[str] = []
    with open_container(Path(sys.argv[1])) as container:
        stream = container.streams[int(sys.argv[2])]
        stream.thread_type = "AUTO"
        stream.codec_context.options = COUNTING
        for frame in decoded(stream, packets(container, stream), damage):
            if damage or frame.pts is None:
                break
            os.write(1, frame.pts.to_bytes(8, sys.byteorder, signed=True))
    os._exit(1 if damage else 0)


def _end_with_the_parent() -> None:
    os.read(0, 1)  # ends when the parent does
    os._exit(2)
