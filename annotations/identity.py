"""Whether a video is still the one that was annotated: the same file, read to the same frames."""

import hashlib

import numpy as np

from annotations.records import VideoInfo
from core.media import Video


def pts_hash(pts: np.ndarray) -> str:
    """sha256 of the PTS table (float64 [N], seconds) in whole microseconds."""
    return hashlib.sha256(np.round(pts * 1e6).astype("<i8").tobytes()).hexdigest()


def differences(stored: VideoInfo, video: Video) -> list[str]:
    """What is not as it was when the video was annotated, in words; [] = masks land on their frames."""
    found = []
    if video.sha256 != stored.sha256:
        found.append(f"the file is another one (sha256 {video.sha256[:11]}..., was {stored.sha256[:11]}...)")
    if len(video.pts) != stored.frame_count:
        found.append(f"it has {len(video.pts)} frames, had {stored.frame_count}")
    elif pts_hash(video.pts) != stored.pts_hash:
        found.append("its frames have other times")
    if video.size != stored.size:
        h, w = stored.size
        found.append(f"it is {video.size[1]}x{video.size[0]} pixels, was {w}x{h}")
    if found and video.decoder != stored.decoder:
        found.append(f"it was read with {video.decoder}, then with {stored.decoder}")
    return found
