"""Videos: frames by index, times, sound."""

from core.media.clip import Clip
from core.media.video import Video, open

__all__ = ["Clip", "Video", "open"]
