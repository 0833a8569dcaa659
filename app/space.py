"""Requirements of the hosted Space, derived from pyproject.toml: `python -m app.space > requirements.txt`.

The Space's own `sdk_version` installs Gradio, and its GPUs offer torch below 2.12. Beside what the program always
needs, a Space signs people in and sends accepted pairs to the hub (the extra [space]).
"""

import re
import tomllib
from pathlib import Path

TORCH = "torch>=2.8,<2.12"


def requirements(pyproject: Path) -> str:
    """Text of requirements.txt: one dependency a line, in the order of pyproject.toml, then those of the extra [space]."""
    lines = ["# Made by: python -m app.space > requirements.txt"]
    project = tomllib.loads(pyproject.read_text())["project"]
    for dependency in [*project["dependencies"], *project["optional-dependencies"]["space"]]:
        name = re.split(r"[^A-Za-z0-9_-]", dependency, maxsplit=1)[0]
        if name != "gradio":
            lines.append(TORCH if name == "torch" else dependency)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(requirements(Path(__file__).parents[1] / "pyproject.toml"), end="")
