"""Every word of the page in both languages, and no word of the page outside them."""

import ast
import json
import re
from pathlib import Path

import pytest

from app.player import modules
from app.tabs.systems import ABOUT
from core import registry

ROOT = Path(__file__).parents[3]
EN, ZH, SAID = (json.loads(modules.WORDS[name]) for name in ("en", "zh", "zh_said"))
SCRIPTS = {
    path.name: path.read_text("utf-8")
    for folder in ("app/player/js", "app/tabs/js")
    for path in (ROOT / folder).glob("*.js")
    if path.name != "words.js"
}
PAGE = (ROOT / "app/player/player.html").read_text("utf-8")
# Names, which stay as they are: formats, fonts, keys of the keyboard, and sentences in the language that systems read.
NAMES = re.compile(
    r"Ref-AVS|COCO|DAVIS|MeViS|YouTube-VOS|AVSBench-semantic|RefAVS Studio|Okabe"
    r"|system-ui, sans-serif|The (first )?object (making|to make) .*|Esc|Del|Space|Arrow|Ctrl\+|Shift\+|Refers to"
)
SERVER = (
    *("app/*.py", "app/tabs/*.py", "annotations/*.py", "annotations/exchange/*.py"),
    *("core/expressions/*.py", "core/media/*.py", "assets/clips/*.json"),
)


def test_both_languages_have_the_same_keys_and_places_for_values():
    ones = {key for key in EN if key.endswith(".one")}
    assert EN.keys() - ones == ZH.keys()
    assert {key.removesuffix(".one") for key in ones} <= EN.keys()
    for key, words in ZH.items():
        assert sorted(re.findall(r"{\w+}", words)) == sorted(re.findall(r"{\w+}", EN[key])), key
        assert words.strip()
        assert words != EN[key] or not re.search("[a-z]", re.sub("{.*?}", "", words)), key


def test_every_key_that_the_page_asks_for_is_there_and_every_key_is_asked_for():
    asked = set(re.findall(r'data-t(?:-\w+)?="([^"]+)"', PAGE)) | {"load.failed"}
    begun = set()
    for text in SCRIPTS.values():
        for call in re.findall(r"\bt\(([^()]*(?:\([^()]*\)[^()]*)*)", text):
            words = re.findall(r'"([^"]+)"', call.split("{")[0])
            asked |= {word for word in words if word in EN or not word.endswith(".")}
            begun |= {word for word in words if word.endswith(".")}
        begun |= {f"{prefix}." for prefix in re.findall(r'\bnamed\("([\w.]+)"', text)}
    unknown = {key for key in asked if key not in EN and not key.startswith(".")}
    assert not {key for key in unknown if "." in key or " " in key}
    assert not {start for start in begun if not any(key.startswith(start) for key in EN)}
    unused = {
        key
        for key in EN
        if key.removesuffix(".one") not in asked and not any(key.startswith(start) for start in begun)
    }
    assert not unused


def test_page_has_no_words_of_its_own():
    body = PAGE[PAGE.index('<header class="top">') :]
    texts = {text.strip() for text in re.findall(r">([^<>]+)<", body.replace("&times;", "×"))}
    assert {text for text in texts if re.search(r"[A-Za-z]{2}", text)} <= {"RefAVS Studio", "24 px"}
    assert not re.findall(r'\s(?:aria-label|title|placeholder|alt)="[^"]*[A-Za-z][^"]*"', body)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_script_has_no_words_of_its_own(name):
    text = re.sub(r"(?m)//.*$", "", SCRIPTS[name])
    text = re.sub(r'\b(class|style|accept): *("[^"]*"( *\+)?|\w[^,]*\? *"[^"]*" *: *"[^"]*")', "", text)
    text = re.sub(
        r'(\.on|\.ask|closest|addEventListener|includes|trigger)\("[^"]*"', "", text
    )  # no words for people
    text = re.sub(
        r'(=== *|, |\[|{ |\{|^ +)("[A-Z][\w+]*"|[A-Z]\w+)(?=[:,\])? ])', "", text, flags=re.MULTILINE
    )  # keys
    shown = re.findall(r'"([^"\n]*)"', text)
    prose = [
        words
        for words in shown
        if (re.search(r"[A-Za-z]{2,},? [a-z]{2,}", words) or re.match(r"[A-Z][a-z]{2,}", words))
        and not re.search(r"[\[\]#<>=;]|^\.|^rgb|px|max-width", words)
        and not NAMES.fullmatch(words)
    ]
    assert not [words for words in prose if words not in EN]


def sentences(path: Path) -> set[str]:
    """String literals of a Python file, with {} for what an f-string puts in."""
    if path.suffix == ".json":
        return set(re.findall(r'"([^"]*)"', path.read_text("utf-8")))
    return {
        text for node in ast.walk(ast.parse(path.read_text("utf-8"))) if (text := template(node)) is not None
    }


def template(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = template(node.left), template(node.right)
        return None if None in parts else "".join(map(str, parts))
    return None


def test_translated_sentences_are_those_of_the_server():
    said = {text for pattern in SERVER for path in ROOT.glob(pattern) for text in sentences(path)}
    shapes = [text.split("{}") for text in said if "{}" in text and len(text) > 8]
    gone = [
        text
        for text in SAID
        if text not in said
        if not any(
            re.fullmatch(".+".join(map(re.escape, pieces)), text, re.DOTALL)
            for pieces in shapes
            if all(piece in text for piece in pieces)
        )
    ]
    assert not gone
    for text, words in SAID.items():
        assert {int(k) for k in re.findall(r"{(\d)}", words)} == set(range(text.count("{}"))), text


def test_every_system_that_ships_is_told_of_in_both_languages():
    assert set(ABOUT.values()) <= SAID.keys()
    assert registry.SYSTEMS.keys() <= ABOUT.keys()


@pytest.mark.parametrize("module", ["gather", "refavs_export", "avss"])
def test_why_a_pair_is_left_out_of_an_export_is_said_in_both_languages(module):
    tree = ast.parse((ROOT / "annotations/exchange" / f"{module}.py").read_text("utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(v) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for v in node.values}
    told = {
        text
        for node in ast.walk(tree)
        if id(node) not in prose | parts
        if (text := template(node)) and re.search("[a-z]{2,} [a-z]{2,} [a-z]", text)
    }
    assert told
    assert not [text for text in told if text not in SAID]


REFUSALS = ("MediaError", "PromptError", "RefavsError", "StoreError")
# what the page calls; the rest of the room speaks in a terminal or to programs
HEARD = "desk drafts exports fetching finding keeping library playback studio work tabs/dataset tabs/review tabs/selection tabs/exchange tabs/systems"


@pytest.mark.parametrize("module", HEARD.split())
def test_what_the_app_refuses_is_said_in_both_languages(module):
    tree = ast.parse((ROOT / "app" / f"{module}.py").read_text("utf-8"))
    told = {
        text
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS and node.args
        if (text := template(node.args[0]))
    }
    constants = {
        text
        for node in tree.body
        if isinstance(node, ast.Assign)
        and (text := template(node.value))
        and re.fullmatch(r"[A-Z].* .*\.", text)
    }
    shapes = {text: re.compile(re.escape(text).replace(r"\{\}", ".+")) for text in told | constants}
    assert not [text for text, shape in shapes.items() if not any(map(shape.fullmatch, SAID))]
