"""A module of the page without a browser: in the Node that Playwright brings."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright._impl._driver import compute_driver_executable

MODULES = Path(__file__).parents[3] / "app" / "player" / "js"


def run(folder: Path, module: str, stand_ins: Mapping[str, str], script: str) -> Any:
    """What the script, which may import the module, ends with as `result`; stand_ins: name -> text of its imports."""
    shutil.copy(MODULES / module, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    for name, text in stand_ins.items():
        (folder / name).write_text(text)
    (folder / "script.js").write_text(script + "\nconsole.log(JSON.stringify(result));")
    node = compute_driver_executable()[0]
    ended = subprocess.run([node, "script.js"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
