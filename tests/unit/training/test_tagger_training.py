"""How the tagger learns to name sounds, on drawn recordings and two of the world's voices."""

import numpy as np
import pytest
import soundfile
import torch
import typer
from typer.testing import CliRunner

from app.cli import train as command
from core.errors import DatasetError
from core.systems.blocks.tagger import Tagger
from core.training import sounds as library
from core.training import tagger as teaching
from core.training.loop import Schedule, train
from core.training.sounds import recordings, voice_names, world
from core.training.tagger import SILENCE, TaggerTask, as_table, confusion, heard_of


@pytest.fixture
def folder(tmp_path):
    """Two categories of eight recordings: a hum, and noise that comes and goes."""
    rng = np.random.default_rng(0)
    t = np.arange(5 * 16000) / 16000
    for name in ("dog-bark", "hum"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for k in range(8):
            if name == "hum":
                sound = 0.2 * np.sin(2 * np.pi * (200 + 5 * k) * t)
            else:
                sound = 0.2 * rng.normal(size=len(t)) * (t % 1 < 0.3)
            soundfile.write(tmp_path / "set" / name / f"{k}.wav", sound, 16000)
    return tmp_path / "set"


@pytest.fixture(autouse=True)
def few_voices(monkeypatch):
    monkeypatch.setattr(library, "voice_names", lambda: {"flute": "flute", "dog": "dog"})


@pytest.fixture
def task(folder, tmp_path):
    return TaggerTask([recordings(folder, tmp_path / "cache")], world(tmp_path / "cache", takes=2))


def test_the_last_six_of_each_category_are_held_out(folder, tmp_path):
    kept = recordings(folder, tmp_path / "cache", held_out=True)
    taught = recordings(folder, tmp_path / "cache")
    assert kept.names == ("dog",) * 6 + ("hum",) * 6
    assert taught.names == ("dog",) * 2 + ("hum",) * 2
    assert not any(np.array_equal(a, b) for a in taught.samples for b in kept.samples)
    last, _ = soundfile.read(folder / "hum" / "7.wav")
    heard = kept.sound(11)
    assert np.corrcoef(heard[1000:-1000], last[1000:-1000])[0, 1] > 0.99


def test_a_folder_is_decoded_once(folder, tmp_path):
    first = recordings(folder, tmp_path / "cache")
    written = (first.folder / "samples.i16").stat().st_mtime_ns
    assert (recordings(folder, tmp_path / "cache").folder / "samples.i16").stat().st_mtime_ns == written


def test_a_folder_of_another_shape_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="a folder for each category"):
        recordings(tmp_path / "none", tmp_path)


def test_the_same_thing_has_one_name_in_recordings_and_in_the_world(task):
    assert task.network.config.categories == (SILENCE, "dog", "flute", "hum")
    assert task.network.config.recorded == ("dog", "hum")


def test_every_voice_of_the_cast_has_a_name(monkeypatch):
    monkeypatch.undo()
    named = voice_names()
    assert set(library.VOICES) >= set(named)
    assert named["siren"] == "emergency-car"
    assert named["singing-high"] == "singing"
    assert named["alarm"] == named["clock"] == "clock"
    assert named["baby"] == "baby"


def test_a_scene_says_second_by_second_what_is_heard(task):
    columns = {name: k for k, name in enumerate(task.network.config.categories)}
    silent = sounding = 0
    for seed in range(40):
        sound, heard = task._scene(np.random.default_rng(seed))
        assert sound.shape == (4 * 16000,)
        assert np.abs(sound).max() <= 1
        only = heard[:, columns[SILENCE]] == 1
        assert np.all(heard[only].sum(1) == 1)  # silence is alone
        silent, sounding = silent + only.sum(), sounding + (~only).sum()
    assert silent > 0
    assert sounding > silent


def test_tones_that_no_thing_makes_have_no_name_and_are_not_silence(task, monkeypatch):
    monkeypatch.setattr(teaching, "STRANGE", 1.0)
    named = np.concatenate([task._scene(np.random.default_rng(seed))[1] for seed in range(12)])
    assert np.all(named[:, 1:] == 0)
    assert (named[:, 0] == 0).sum() > 20


def test_the_same_step_gives_the_same_loss(task):
    task.network.eval()
    assert task.loss(3, 0.0)[0] == task.loss(3, 0.5)[0]
    assert task.loss(3, 0.0)[0] != task.loss(4, 0.0)[0]


def test_a_few_steps_learn(task, tmp_path, monkeypatch):
    monkeypatch.setattr(teaching, "BATCH", 6)
    torch.manual_seed(0)
    task.network.eval()
    with torch.no_grad():
        before = np.mean([float(task.loss(1000 + k, 1)[0]) for k in range(2)])
    train(task, tmp_path / "out", Schedule(steps=12, warm_up=3, rate=4e-3))
    with torch.no_grad():
        after = np.mean([float(task.loss(1000 + k, 1)[0]) for k in range(2)])
    assert after < 0.9 * before


def test_a_clip_is_named_by_its_seconds_that_are_not_silent():
    categories = (SILENCE, "dog", "cat")
    chances = np.array([[0.9, 0.0, 0.1], [0.1, 0.8, 0.0], [0.2, 0.6, 0.1]])
    np.testing.assert_allclose(heard_of(chances, categories), [0, 0.7, 0.05])
    np.testing.assert_allclose(heard_of(chances[:1], categories), [0.9, 0, 0.1])


def test_the_confusion_counts_every_recording(task, folder, tmp_path):
    kept = recordings(folder, tmp_path / "cache", held_out=True)
    rows, columns, table = confusion(task.network, kept)
    assert rows == ["dog", "hum"]
    assert table.sum(1).tolist() == [6, 6]
    assert set(columns) <= {*task.network.config.categories, *rows}
    told = as_table(["a", "b"], ["a", "b"], np.array([[5, 1], [2, 4]]))
    assert told.startswith("75.0 % of 12 ")
    assert "| b | 2 | 4 |" in told


def test_the_command_writes_weights_that_load_and_goes_on_when_asked_again(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    cli = typer.Typer()
    command.register(cli)

    def run(steps):
        words = ["train", "tagger", str(folder), "--out", str(tmp_path / "out"), "--steps", str(steps)]
        return CliRunner().invoke(cli, words)

    done = run(1)
    assert done.exit_code == 0, done.output
    assert "12 held-out recordings" in done.output
    assert "hum" in Tagger.from_pretrained(tmp_path / "out").config.categories
    assert "going on from step 1" in run(2).output
