"""What systems say of an answer, and its words in Chinese."""

import ast
import json
import re
from pathlib import Path

import pytest

from app.player import modules

ROOT = Path(__file__).parents[3]
REASONS = json.loads(modules.WORDS["zh_reasons"])
# What says why in sentences of its own; of AURORA only what its network did not write.
REASONING = (
    *("cue/system", "cue/tell", "cue/answer", "cue/weigh", "cue/names", "baselines"),
    *("eemc/system", "segpref/system", "ssp/system", "aurora/system"),
)
# Not for people: what is asked of a network when nobody asks, and what is read from its answer.
NOT_SAID = re.compile(r"[Tt]he sounding object|from left")


@pytest.mark.parametrize("module", REASONING)
def test_every_reason_of_a_system_has_words_in_both_languages(module):
    tree = ast.parse((ROOT / "core/systems" / f"{module}.py").read_text("utf-8"))
    thrown = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pieces = {
        node.value.strip(" .;:,(“”\"'")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in thrown | prose
    }
    known = "\n".join(REASONS)
    spoken = {piece for piece in pieces if re.search(r"[A-Za-z]{2,} [a-z]{2,}", piece)}
    assert not [piece for piece in spoken if piece not in known and not NOT_SAID.fullmatch(piece)]


def test_words_for_reasons_are_of_reasons_that_systems_give():
    folder = ROOT / "core/systems"
    rooms = [*(folder / f"{module}.py" for module in REASONING), *(ROOT / "core/expressions").glob("*.py")]
    said = "\n".join(text for path in [*rooms, ROOT / "app/work.py"] for text in _texts(path))
    for english, words in REASONS.items():
        pieces = [piece.strip(" .;:,()“”") for piece in re.split(r"{[#w]?}|: ", english)]
        assert not [p for p in pieces if len(p.split()) > 6 and p not in said], english
        asked = [int(k) for k in re.findall(r"{=?(\d)}", words)]
        assert sorted(asked) == list(range(len(re.findall(r"{[#w]?}", english)))), english


def _texts(path: Path) -> list[str]:
    tree = ast.walk(ast.parse(path.read_text("utf-8")))
    return [node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)]
