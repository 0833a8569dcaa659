"""The command line as a person uses it: a process, its output, its exit status, the files it leaves."""

import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from makers import flash_and_beep
from PIL import Image

import assets
from app.cli import main
from core import media

SAMPLE = min(Path(assets.__file__).parent.glob("clips/*.mp4"), key=lambda path: path.stat().st_size)


def refavs(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `refavs` beside this Python."""
    command = [str(Path(sys.executable).with_name("refavs")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


@pytest.fixture
def here(monkeypatch, capsys):
    """Run `refavs` in this process: every start of Python takes seconds."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = ["refavs", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            main()
        return subprocess.CompletedProcess(command, int(end.value.code or 0), *capsys.readouterr())

    return run


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """Two seconds with two beeps, small enough to be answered on every frame quickly."""
    return flash_and_beep(tmp_path_factory.mktemp("film") / "two beeps.mp4", [0.5, 1.2], seconds=2.0)


@pytest.fixture(scope="module")
def referred(film, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("refer") / "out"
    done = refavs("refer", film, "The object making a sound.", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def test_refer_writes_one_mask_for_every_frame_of_the_clip(film, referred):
    video = media.open(film)
    masks = sorted((referred / "masks").glob("*.png"))
    assert [m.name for m in masks] == [f"{i:05d}.png" for i in range(len(video))]
    picture = np.asarray(Image.open(masks[0]))
    assert picture.shape == video.size
    assert set(np.unique(picture)) <= {0, 255}


def test_refer_writes_an_overlay_of_the_same_length_with_the_sound(film, referred):
    video = media.open(film)
    with av.open(str(referred / "overlay.mp4")) as overlay:
        assert len(overlay.streams.audio) == 1
        frames = sum(1 for _ in overlay.decode(video=0))
    assert abs(frames - len(video)) <= 1


def test_refer_writes_its_reasons_as_data(referred):
    answer = json.loads((referred / "referral.json").read_text())
    kinds = [step["kind"] for step in answer["steps"]]
    assert {"look", "listen", "read", "answer"} <= set(kinds)
    assert all(step["words"] for step in answer["steps"])


def test_segment_writes_the_clicked_thing(tmp_path):
    video = media.open(SAMPLE)
    h, w = video.size
    done = refavs(
        "segment", SAMPLE, "--frame", "0", "--click", f"{w // 2},{h // 2}", "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    pixels = np.asarray(Image.open(tmp_path / "out" / "masks" / "00000.png"))
    assert pixels[h // 2, w // 2] == 255


@pytest.mark.parametrize("kind", ["missing", "empty", "truncated", "text renamed", "sound only"])
def test_a_bad_file_is_refused_in_one_sentence(kind, tmp_path, here):
    path = tmp_path / "bad clip 'ü'.mp4"
    if kind == "empty":
        path.touch()
    elif kind == "truncated":
        path.write_bytes(SAMPLE.read_bytes()[:3000])
    elif kind == "text renamed":
        path.write_text("this is no video\n" * 100)
    elif kind == "sound only":
        path = tmp_path / "sound.wav"
        import soundfile

        soundfile.write(path, np.zeros(16000, np.float32), 16000)
    run = refavs if kind == "missing" else here
    sentence = refused(run("refer", path, "The object making a sound."))
    assert sentence.startswith("refavs: ")
    assert path.name in sentence or str(path) in sentence


@pytest.mark.parametrize("expression", ["", "   ", "a " * 2500 + "b"])
def test_an_expression_that_is_empty_or_endless_is_refused_or_answered_in_words(expression, here):
    done = here("refer", SAMPLE, expression)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2)
    if len(expression) > 5000:
        assert done.returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("refer",),
        ("refer", SAMPLE, "The dog.", "--system", "nobody"),
        ("segment", SAMPLE, "--frame", "100000", "--click", "1,1"),
        ("segment", SAMPLE, "--frame", "0", "--click", "-5,1"),
        ("segment", SAMPLE, "--frame", "0", "--click", "here"),
        ("export", "/nowhere/out", "--format", "refavs", "--db", "sqlite:////nowhere/refavs.db"),
        ("export", "out", "--format", "no-such-format"),
        ("import", "/nowhere", "--format", "refavs"),
        ("check", "/nowhere", "--format", "refavs"),
        ("evaluate", "clips:/nowhere", "--system", "cue"),
        ("evaluate", "no-such-form:/nowhere", "--system", "cue"),
    ],
)
def test_wrong_usage_ends_with_two_and_never_a_traceback(arguments, tmp_path, monkeypatch, here):
    monkeypatch.chdir(tmp_path)
    done = here(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_names_every_command():
    done = refavs("--help")
    assert done.returncode == 0
    for name in ("refer", "segment", "evaluate", "check", "export", "import", "bench"):
        assert name in done.stdout


def test_refer_without_a_sentence_means_everything_that_sounds(here):
    done = here("refer", SAMPLE, "--system", "centre-box")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["expression"] is None
    assert len(answer["objects"]) == 1
