"""The widget's ES modules and style sheet, read once; modules have a hash in their address, so browsers may keep them for ever."""

import hashlib
import json
from importlib.resources import files

from core.datasets import avss

FOLDERS = (files("app.player") / "js", files("app.tabs") / "js")  # names are unique over both
MODULES = {
    file.name: file.read_text("utf-8")
    for folder in FOLDERS
    for file in sorted(folder.iterdir(), key=lambda file: file.name)
    if file.name.endswith(".js")
}
WORDS = {  # name -> the table of a language, as a module of the page's
    file.name.removesuffix(".json"): file.read_text("utf-8")
    for file in (files("app.player") / "words").iterdir()
    if file.name.endswith(".json")
}
MODULES |= {f"words_{name}.js": f"export default {table}" for name, table in sorted(WORDS.items())}
_CLASSES = dict(zip(avss.CLASSES[1:], avss.PALETTE[1:].tolist(), strict=True))
MODULES["classes.js"] = f"// Colours of AVSBench, by class.\nexport default {json.dumps(_CLASSES)}"
VERSION = hashlib.sha256("\0".join(f"{n}\0{t}" for n, t in MODULES.items()).encode()).hexdigest()[:16]
CSS = "\n".join(
    (files(room) / sheet).read_text("utf-8")
    for room, sheet in (("app.player", "player.css"), ("app.tabs", "tabs.css"))
)
