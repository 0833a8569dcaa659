"""Work out of the store and into it: one file a format, found by its name.

Every format has `export(store, root, which) -> Report` and `import_folder(store, root) -> Report`, here too.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RefavsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annotations.exchange.gather import Report, Seal
    from annotations.exchange.refavs_import import Report as Imported
    from annotations.records import PairFilter
    from annotations.store import Store

# name -> layout class for the formats that hold every frame; refavs has ten frames of each ten seconds
LAYOUTS = {
    "coco": "annotations.exchange.coco:Coco",
    "davis": "annotations.exchange.davis:Davis",
    "huggingface": "annotations.exchange.huggingface:HuggingFace",
    "mevis": "annotations.exchange.mevis:Mevis",
    "refavs-full": "annotations.exchange.refavs_full:RefavsFull",
    "youtube-vos": "annotations.exchange.youtube_vos:YoutubeVos",
}
OUT_ONLY = ("avss",)
FORMATS = ("refavs", *LAYOUTS, *OUT_ONLY)


def export(
    store: "Store",
    root: Path | str,
    name: str,
    which: "PairFilter | None" = None,
    shares: "Mapping[str, float] | None" = None,
    seal: "Seal | None" = None,
) -> "Report":
    """Write the chosen pairs (None = all) in the format of that name: all of it or nothing. RefavsError.

    shares: by split, such as {"train": 80, "val": 20}, to deal whole videos anew; see `splits.assign`. seal:
    called with the report and the folder before that takes its name. Killed, the same call goes on from the
    clips that were finished.
    """
    if check(name) == "refavs":
        from annotations.exchange import refavs_export

        return refavs_export.export(store, root, which, shares, seal)
    if name == "avss":
        from annotations.exchange import avss

        return avss.export(store, root, which, shares, seal)
    from annotations.exchange import frames

    return frames.export(store, root, _layout(name), which, shares, seal)


def import_folder(store: "Store", root: Path | str, name: str) -> "Imported":
    """Take a folder of that format into the store; what is there already stays as it stands. RefavsError."""
    if check(name) == "refavs":
        from annotations.exchange import refavs_import

        return refavs_import.import_folder(store, root)
    if name in OUT_ONLY:
        raise RefavsError(f"The format {name} is only written: it holds no sentences to take in.")
    from annotations.exchange import frames

    return frames.import_folder(store, root, _layout(name))


def check(name: str) -> str:
    if name not in FORMATS:
        raise RefavsError(f"There is no format {name!r}; choose one of: {', '.join(FORMATS)}.")
    return name


def _layout(name: str) -> Any:
    module, _, attribute = LAYOUTS[name].partition(":")
    return getattr(import_module(module), attribute)()
