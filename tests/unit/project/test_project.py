"""The project's own promises: walls, the Space's requirements, the README's first commands, file sizes."""

import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from app.space import requirements

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = ("torch", "transformers", "gradio", "moviepy")
README = (ROOT / "README.md").read_text()


def test_requirements_of_the_space_come_from_pyproject():
    assert (ROOT / "requirements.txt").read_text() == requirements(ROOT / "pyproject.toml")
    names = [re.split(r"[^a-z0-9-]", line)[0] for line in requirements(ROOT / "pyproject.toml").splitlines()]
    assert "gradio" not in names
    assert "torchvision" not in names


def test_front_matter_names_the_gradio_that_pyproject_allows():
    front = README.split("---")[1]
    version = re.search(r"^sdk_version: ([\d.]+)$", front, re.M)[1]
    assert "sdk: gradio" in front
    assert 'python_version: "3.12.12"' in front
    assert "app_file: launch.py" in front
    assert "hf_oauth: true" in front
    assert tuple(map(int, version.split("."))) >= (6, 31)


def test_readme_gives_the_two_commands_first_and_a_reason_for_each_dependency():
    commands = [line for line in README.split("```")[1].splitlines() if line.startswith("pip")]
    assert commands[0] == "pip install -e . && python launch.py"
    assert commands[1].startswith('pip install -e ".[test]" && pytest')
    for dependency in PYPROJECT["project"]["dependencies"]:
        name = re.split(r"[^A-Za-z0-9_-]", dependency, maxsplit=1)[0]
        assert re.search(rf"^\| `?{re.escape(name)}`? ", README, re.M), f"README has no reason for {name}"


def test_rooms_keep_their_walls():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "module", ["app", "app.cli", "annotations.store", "core.media", "core.registry", "launch"]
)
def test_import_costs_no_model_framework(module):
    code = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_launch_help_names_the_options_without_loading_the_app():
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "launch.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    print(f"launch.py --help took {time.perf_counter() - start:.2f} s")
    assert done.returncode == 0
    assert "--db" in done.stdout
    assert "--port" in done.stdout


def test_no_source_file_passes_five_hundred_lines():
    sources = [
        p for p in ROOT.rglob("*") if p.suffix in {".py", ".js", ".css", ".html"} and ".venv" not in p.parts
    ]
    long = {str(p.relative_to(ROOT)): n for p in sources if (n := len(p.read_text().splitlines())) > 500}
    assert not long


def test_text_reaches_the_page_as_text_only():
    for script in (ROOT / "app").rglob("*.js"):
        for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
            assert name not in script.read_text(), f"{script.name} uses {name}"
