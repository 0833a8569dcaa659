"""Systems: what answers sentences and clicks here, whether its weights are, and how well it was measured."""

import json
import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.work import SYSTEM
from core import registry
from core.paths import cache_dir

RESULTS = (
    Path(__file__).parents[2] / "docs" / "results.md"
)  # beside the program when it runs from its repository
ABOUT = {
    "cue": "Looks for things, listens for events, matches motion to sound, and gives its reasons.",
    "whole-frame": "Answers the whole picture: what a score must beat.",
    "centre-box": "Answers a box in the middle: what a score must beat.",
    "largest-motion": "Answers what moves most: what a score must beat.",
    "aurora-nano-direct": "The weights of aurora-nano, answering without a chain.",
    "classical": "GrabCut around the prompts, optical flow between frames.",
    "cue-hub": "The cue reasoner, with open networks of the hub that find and name things.",
    "eemc-nano": "Attends to picture, sound and sentence at once, as the first Ref-AVS system did.",
    "aurora-nano": "Writes down what it sees and hears, then points at the object.",
    "ssp-nano": "Marks everything that sounds and names it; reads no sentence.",
    "segpref-nano": "Marks everything that sounds; reads no sentence.",
    "nano-segmenter": "A small network that answers clicks and carries masks on.",
    "sam2-official": "The sam2 package, for checkpoints that were trained further with it.",
}
WEIGHTS = {"aurora-nano-direct": "aurora-nano"}  # of another system
BASELINES = ("whole-frame", "centre-box", "largest-motion")


def systems() -> dict[str, Any]:
    """{systems, usual, segmenters, device, tables}: rows for people, in the order of the registry; usual = the
    system that answers when none is chosen."""
    return {
        "usual": SYSTEM,
        "systems": [_system(name) for name in registry.SYSTEMS],
        "segmenters": [_segmenter(name) for name in registry.SEGMENTERS],
        "device": _device(),
        "tables": [*reports(), *(tables(RESULTS.read_text("utf-8")) if RESULTS.is_file() else [])],
    }


def _system(name: str) -> dict[str, Any]:
    if name == "cue-hub":
        from core.segment.checkpoints import CUE_HUB, local

        missing = [one for one in CUE_HUB if local(one) is None]
        size = sum(one.megabytes for one in missing)
        fetched = ", ".join(one.hub for one in missing)
        note = f" {size} MB would be fetched with its first use: {fetched}." if missing else ""
        about = f"The cue reasoner; nouns are found by GroundingDINO, things named by SigLIP 2, sounds by CLAP. Apache-2.0.{note}"
        whole = sum(one.megabytes for one in CUE_HUB)
        return _row(name, "not here" if missing else "ready", ABOUT[name], whole, card=about)
    shipped = _shipped(WEIGHTS.get(name, name)) or {}
    state = "a measure" if name in BASELINES else shipped.get("state", "ready")
    card = "" if name in WEIGHTS else shipped.get("card", "")
    return _row(name, state, ABOUT.get(name, ""), shipped.get("megabytes"), card=card)


def _segmenter(name: str) -> dict[str, Any]:
    from core.segment.checkpoints import CHECKPOINTS, local

    if known := CHECKPOINTS.get(name):
        here = local(known) is not None
        about = f"{known.licence}. {known.megabytes} MB would be fetched from {known.hub} with its first use."
        if known.gated:
            about = f"{about} Its hub page asks for an agreement first."
        return _row(
            name, "ready" if here else "not here", f"{known.licence}." if here else about, known.megabytes
        )
    if shipped := _shipped(name):
        return _row(name, shipped["state"], ABOUT.get(name, ""), shipped["megabytes"], card=shipped["card"])
    ready = name != "sam2-official" or find_spec("sam2") is not None
    needs = [] if ready else ['Needs: pip install -e ".[sam2]"']
    return _row(name, "ready" if ready else "not here", " ".join([ABOUT.get(name, ""), *needs]), None)


def _shipped(name: str) -> dict[str, Any] | None:
    """Of weights that come with the program: size, what its card says first, and whether it is trusted."""
    folder = files("assets") / "weights" / name
    weights, card = folder / "model.safetensors", folder / "README.md"
    if not weights.is_file():
        return None
    text = card.read_text("utf-8") if card.is_file() else ""
    about = next((p for p in text.split("\n\n")[1:] if not p.startswith("#")), "").replace("\n", " ")
    return {
        "state": "experimental" if re.search(r"\bexperimental\b", text, re.IGNORECASE) else "ready",
        "card": _plain(about),
        "megabytes": round(len(weights.read_bytes()) / 1e6, 1),
    }


def _row(name: str, state: str, about: str, megabytes: float | None, *, card: str = "") -> dict[str, Any]:
    """about: a sentence; card: what the weights' own card says, in English."""
    return {"name": name, "state": state, "about": about, "card": card, "megabytes": megabytes}


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return "CPU, 1 thread" if threads == 1 else f"CPU, {threads} threads"


def reports() -> list[dict[str, Any]]:
    """What `refavs preference` found here, newest first, as tables of the same form."""
    folder = cache_dir() / "preference"
    found = []
    for path in sorted(folder.glob("*.json"), key=lambda p: -p.stat().st_mtime):
        try:
            data = json.loads(path.read_text("utf-8"))
            rows = [_heard(name, one) for name, one in data["sounds"].items()]
            title = f"Does it listen, or does it guess? {data['system']} on {data['dataset']}"
            words = f"{data['words']} {data['clips']} clips; all in %, drop: fall of P1 mIoU."
        except (OSError, ValueError, KeyError, TypeError):
            continue  # cut off, or of another version: the command writes it anew
        head = ["sound", "P1 mIoU", "drop", "P2 J", "marked", "blank clips"]
        found.append({"title": title, "words": words, "head": head, "rows": rows})
    return found


def _heard(name: str, one: dict[str, Any]) -> list[str]:
    own = "marked" in one  # the clip's own sound
    drop, protocol = one["drop"]["p1"]["miou"], one["protocol"]
    marked = one["marked"] if own else one["false_positive_rate"]
    fallen = "" if own or drop is None else f"{drop:.1f}"
    scores = (protocol["p1"]["miou"], protocol["p2"]["j"], marked, one["blank"])
    miou, j, share, blank = (f"{value:.1f}" for value in scores)
    return [name, miou, fallen, j, share, blank]


def tables(text: str) -> list[dict[str, Any]]:
    """Tables of a Markdown page: {title, words: the paragraph before it, head, rows} of plain cells."""
    found: list[dict[str, Any]] = []
    title = ""
    words = ""
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip().splitlines()
        if not lines:
            continue
        if lines[0].startswith("#"):
            title, words = lines[0].lstrip("# "), ""
        elif len(lines) > 1 and lines[0].startswith("|") and set(lines[1]) <= set("|-: "):
            head, _, *rows = ([_plain(cell) for cell in line.strip().strip("|").split("|")] for line in lines)
            found.append({"title": title, "words": words, "head": head, "rows": rows})
            words = ""
        else:
            words = _plain(" ".join(lines))
    return found


def _plain(text: str) -> str:
    """Without the marks of links, code and stress."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[`*]|(?<!\w)_|_(?!\w)", "", text).strip()
