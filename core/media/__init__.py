"""Videos: frames by index, times, sound."""

from core.media.clip import Clip
from core.media.confirmed import confirm, confirmed_share, confirming
from core.media.proxy import playable, player_times, proxy
from core.media.video import Video, open

__all__ = [
    "Clip",
    "Video",
    "confirm",
    "confirmed_share",
    "confirming",
    "open",
    "playable",
    "player_times",
    "proxy",
]
