"""The player's ES modules, read once; their address holds a hash, so browsers may keep them for ever."""

import hashlib
from importlib.resources import files

HERE = files("app.player")
MODULES = {
    file.name: file.read_text("utf-8")
    for file in sorted(HERE.joinpath("js").iterdir(), key=lambda file: file.name)
    if file.name.endswith(".js")
}
VERSION = hashlib.sha256("\0".join(f"{n}\0{t}" for n, t in MODULES.items()).encode()).hexdigest()[:16]
