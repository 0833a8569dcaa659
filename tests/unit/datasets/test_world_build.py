"""Sets of clips of the world: layouts, same bytes from a seed, breaks, films, folder casts, bad input."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from app.cli import main
from core import media
from core.datasets import avsbench, avss, refavs
from core.datasets.check import check
from core.datasets.world.build import Order, build, cast_for
from core.datasets.world.cast import DRAWN, UNSEEN, Cast
from core.datasets.world.compose import Wish
from core.datasets.world.make import make
from core.datasets.world.plan import Job, jobs
from core.datasets.world.recordings import load, recorded
from core.datasets.world.sets import SETS, build_set, folder_of
from core.datasets.world.sheet import CAPTION, CELL, STRIP, contact_sheet
from core.errors import DatasetError, RefavsError

SIZE = (64, 64)


def drawn(split: str) -> Cast:
    return DRAWN


def order(layout="refavs", clips=3, seed=1, splits=(), **more) -> Order:
    return Order(layout, tuple(jobs(layout, clips, seed, drawn, splits)), seed, size=SIZE, **more)


def digest(folder: Path) -> dict[str, str]:
    """Relative path -> sha256 of every file."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """One clip of every split in the Ref-AVS layout."""
    out = tmp_path_factory.mktemp("world") / "set"
    build(order(clips=5, seed=4, splits=refavs.SPLITS), out, workers=1)
    return out


def test_a_set_has_no_defect_and_rows_of_every_split(small):
    _, found = check(small, "refavs")
    assert list(found) == []
    assert set(refavs.Dataset(small).splits) == set(refavs.SPLITS)


def test_null_clips_keep_black_masks_and_the_same_sound_format_as_others(small):
    samples = list(refavs.Dataset(small).samples("test_n"))
    assert len(samples) == 4
    for sample in samples:
        assert sample.row.v.startswith(("null_c-", "null_m-"))
        assert not np.any(sample.masks())
        info = soundfile.info(str(sample.audio_path))
        assert (info.samplerate, info.channels, info.subtype, info.frames) == (48000, 2, "PCM_16", 480000)


def test_training_clips_carry_a_second_picture_a_little_later(small):
    for split, there in (("train", True), ("val", True), ("test_s", False)):
        for sample in refavs.Dataset(small).samples(split):
            assert all((sample.folder / "frames_next" / f"{k}.jpg").is_file() == there for k in range(10))


def test_the_story_beside_a_clip_tells_its_script_and_truth(small):
    sample = next(refavs.Dataset(small).samples("test_s"))
    story = json.loads((sample.folder / "script.json").read_text(encoding="utf-8"))
    fact = next(f for f in story["truth"] if f["number"] == sample.row.fid)
    assert fact["category"] == sample.row.category
    assert sample.row.exp in [e["text"] for e in story["expressions"]]
    mask = sample.masks()[3]
    assert bool(mask.any()) == (fact["boxes"][3] is not None)


def test_a_contact_sheet_shows_four_clips_a_row_and_leaves_room_for_words(small, tmp_path):
    contact_sheet(small, tmp_path / "sheet.jpg", clips=5)
    picture = cv2.imread(str(tmp_path / "sheet.jpg"))
    assert picture.shape == (2 * (CELL + STRIP + CAPTION), 4 * CELL, 3)
    assert picture[:CELL].std() > 20
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "metadata.csv").write_text(refavs.LINE + "\n")
    with pytest.raises(DatasetError, match=r"script\.json"):
        contact_sheet(tmp_path / "bare", tmp_path / "none.jpg")


def test_sentences_of_the_unseen_split_are_about_unseen_categories(small):
    assert {s.row.category for s in refavs.Dataset(small).samples("test_u")} <= set(UNSEEN)


def test_one_process_and_two_write_the_same_bytes(tmp_path):
    build(order(), tmp_path / "one", workers=1)
    build(order(), tmp_path / "two", workers=2)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_other_seeds_give_other_clips(tmp_path):
    a, b = (make(order(seed=s).jobs[0], s, DRAWN, SIZE) for s in (1, 2))
    assert not np.array_equal(a.frames[0], b.frames[0])


def test_a_broken_off_set_is_gone_on_with(tmp_path):
    out = tmp_path / "set"

    def stop(done: int, total: int, speed: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(order(), out, workers=1, progress=stop)
    assert not out.exists()
    counted = []
    build(order(), out, workers=1, progress=lambda done, total, speed: counted.append(done))
    assert counted == [3]  # the two that were there are not made again
    build(order(), tmp_path / "whole", workers=1)
    assert digest(out) == digest(tmp_path / "whole")


def test_an_unfinished_set_of_other_settings_is_not_mixed_in(tmp_path):
    def stop(*_) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(order(), tmp_path / "set", workers=1, progress=stop)
    with pytest.raises(DatasetError, match="other settings"):
        build(order(seed=2), tmp_path / "set", workers=1)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(DatasetError, match="not empty"):
        build(order(), tmp_path, workers=1)
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_a_rendered_clip_opens_as_its_film_and_the_ten_seconds_are_its_ten_frames(tmp_path):
    build(order(clips=1, splits=("test_s",), render=True), tmp_path / "set", workers=1)
    sample = next(refavs.Dataset(tmp_path / "set").samples())
    clip = sample.clip()
    assert len(clip) == 250
    assert clip.duration == pytest.approx(10.0, abs=0.05)
    assert sample.indices(clip) == tuple(range(0, 250, 25))
    for k, index in enumerate(sample.indices(clip)):
        still = media.open(sample.folder).clip().frame(k)
        assert np.abs(clip.frame(index).astype(int) - still).mean() < 6
    assert clip.audio(48000).std() == pytest.approx(load(str(sample.audio_path)).std(), rel=0.05)


def test_a_clip_without_film_opens_as_its_ten_frames(small):
    sample = next(refavs.Dataset(small).samples("test_s"))
    clip = sample.clip()
    assert sample.indices(clip) == tuple(range(10)) == tuple(clip.indices)


@pytest.mark.parametrize("layout", ["s4", "ms3"])
def test_object_layouts_mask_what_sounds_at_the_frame(layout, tmp_path):
    build(order(layout, 3, splits=("train", "test")), tmp_path / "set", workers=1)
    _, found = check(tmp_path / "set", layout)
    assert list(found) == []
    for sample in avsbench.Dataset(tmp_path / "set", layout).samples("train"):
        assert len(sample.masks()) == (1 if layout == "s4" else 5)
        assert all(path.is_file() for path in sample.next_paths)
        assert sample.clip().size == (224, 224)


def test_semantic_layout_labels_the_classes_that_sound(tmp_path):
    build(order("avss", 3, splits=("train", "test")), tmp_path / "set", workers=1)
    _, found = check(tmp_path / "set", "avss")
    assert list(found) == []
    for sample in avss.Dataset(tmp_path / "set").samples():
        named = {avss.CLASSES.index(name) for name in sample.row.names}
        assert all(path.is_file() == (sample.row.split == "train") for path in sample.next_paths)
        shown = set(np.unique(sample.labels())) - {0}
        assert shown
        assert shown <= named


def test_noise_is_as_strong_as_the_sound_at_0_db():
    job = order(clips=1, splits=("test_s",)).jobs[0]
    clean = make(job, 1, DRAWN, SIZE)
    noisy = make(replace(job, wish=replace(job.wish, noise=0.0)), 1, DRAWN, SIZE)
    without, heard = clean.scene.sound().mean(axis=1), noisy.scene.sound().mean(axis=1)
    scale = np.dot(heard, without) / np.dot(without, without)  # the louder sum may have been turned down
    noise = heard - scale * without
    sound = scale * sum(stem.sound for stem in noisy.scene.stems.values())
    assert 10 * np.log10(np.mean(noise**2) / np.mean(sound**2)) == pytest.approx(0, abs=1.5)


def test_dark_and_blurred_pictures_are_darker_and_smoother():
    job = order(clips=1, splits=("test_s",)).jobs[0]
    plain, dark, blurred = (
        make(replace(job, wish=replace(job.wish, **wish)), 1, DRAWN, SIZE).frames[0]
        for wish in ({}, {"dark": 0.8}, {"blur": 0.02})
    )
    assert dark.mean() < 0.25 * plain.mean()
    assert cv2.Laplacian(blurred, cv2.CV_64F).std() < 0.6 * cv2.Laplacian(plain, cv2.CV_64F).std()


def test_rivals_are_of_one_category():
    job = order(clips=1, splits=("test_s",)).jobs[0]
    clip = make(replace(job, wish=replace(job.wish, rivals=True)), 1, DRAWN, SIZE)
    played = [f for f in clip.truth.facts if f.plays is None]
    assert len(played) > 1
    assert len({f.category for f in played}) == 1


def test_as_many_things_sound_as_are_asked_for():
    base = order(clips=1, splits=("test_s",)).jobs[0]
    for count in (1, 2, 3, 4):
        clip = make(replace(base, wish=replace(base.wish, sources=count, rivals=False)), count, DRAWN, SIZE)
        assert sum(f.sounds for f in clip.truth.facts) == count


def test_a_cast_in_which_nothing_can_be_told_apart_ends_with_a_plain_word():
    wish = Wish(("couch",), ("living-room",))
    with pytest.raises(DatasetError, match="sounds"):
        make(Job(0, "train", wish, (0.0, 1.0)), 1, DRAWN, SIZE)
    twins = Wish(("dog",), ("park",), sources=4, rivals=True)
    with pytest.raises(DatasetError, match="Nothing unique"):
        make(Job(0, "train", twins, (0.0, 1.0), only=("cat",)), 1, DRAWN, SIZE)


def cut_out_cast(root: Path, sounds: dict[str, tuple[np.ndarray, int]]) -> Path:
    """A cast folder with ten dogs on green, every tenth held out, and the sounds given."""
    for kind in ("img", "mask"):
        (root / "stills" / "coco_multi" / kind).mkdir(parents=True)
    rows = ["set,name,w,h,n_instances,labels"]
    for i in range(11):
        image, mask = np.full((60, 80, 3), (60, 160, 60), np.uint8), np.zeros((60, 80), np.uint8)
        cv2.ellipse(image, (40, 35), (18, 14), 0, 0, 360, (20 + 20 * i, 90, 200), -1)
        cv2.ellipse(mask, (40, 35), (18, 14), 0, 0, 360, 1, -1)
        cv2.imwrite(str(root / "stills/coco_multi/img" / f"{i:03d}.jpg"), image)
        cv2.imwrite(str(root / "stills/coco_multi/mask" / f"{i:03d}.png"), mask)
        rows.append(f"coco_multi,{i:03d},80,60,1,1:dog")
    (root / "stills" / "manifest.csv").write_text("\n".join(rows) + "\n")
    for name, (samples, rate) in sounds.items():
        path = root / "sounds" / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate)
    return root


def bark(rate: int) -> np.ndarray:
    """A second of silence, a burst, silence."""
    out = np.zeros(2 * rate, np.float32)
    out[rate : rate + rate // 5] = 0.5 * np.sin(np.arange(rate // 5) * 2 * np.pi * 400 / rate)
    return out


def test_a_folder_of_cut_outs_and_sounds_of_any_rate_makes_clips(tmp_path):
    sounds = {f"dog-bark/{rate}.wav": (bark(rate), rate) for rate in (8000, 22050, 44100, 48000)}
    source = cut_out_cast(tmp_path / "cast", sounds)
    cast = cast_for(source, "train")
    assert list(cast) == ["dog"]
    assert all(voice.startswith("file:") for voice in cast["dog"].voices)
    found = jobs("refavs", 2, 1, lambda split: cast_for(source, split), ("train",))
    asked = Order("refavs", tuple(found), 1, size=SIZE, source=source)
    made = build(asked, tmp_path / "set", workers=1)
    assert made["counts"]["clips"] == 2
    assert not list(check(tmp_path / "set", "refavs")[1])


def test_pictures_for_training_and_for_tests_are_apart(tmp_path):
    source = cut_out_cast(
        tmp_path, {"dog-bark/a.wav": (bark(8000), 8000), "dog-bark/b.wav": (bark(8000), 8000)}
    )
    train, held = (cast_for(source, split)["dog"].draw.args[0] for split in ("train", "test_s"))
    assert {cut.image.stem for cut in held} == {"000", "010"}
    assert not {cut.image for cut in train} & {cut.image for cut in held}


def test_a_single_cry_is_cut_out_and_a_steady_sound_is_held(tmp_path):
    soundfile.write(tmp_path / "bark.wav", bark(16000), 16000)
    cry = recorded(str(tmp_path / "bark.wav"))
    assert cry.style == "calls"
    assert cry.length == pytest.approx(0.2, abs=0.08)
    hum = np.sin(np.arange(32000) * 0.2).astype(np.float32) * 0.3
    soundfile.write(tmp_path / "hum.wav", hum, 16000)
    assert recorded(str(tmp_path / "hum.wav")).style == "hold"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "manifest.csv"),
        ({"stills/manifest.csv": "set,name,w,h,n_instances,labels\n"}, "no thing to cut out"),
    ],
)
def test_a_cast_folder_with_no_usable_thing_is_named(files, words, tmp_path):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with pytest.raises(RefavsError, match=words):
        cast_for(tmp_path, "train")


def test_a_broken_sound_file_is_passed_over_and_named_when_asked_for(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"RIFF....")
    with pytest.raises(DatasetError, match="cannot be read"):
        load(str(tmp_path / "x.wav"))
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    with pytest.raises(DatasetError, match="silent"):
        load(str(tmp_path / "silent.wav"))


def test_fixed_sets_have_200_clips_a_split_and_lie_in_the_cache():
    parts = dict(SETS["world-eval-1"](None))
    assert {name: len(part.jobs) for name, part in parts.items()} == {
        "refavs": 600,
        "s4": 200,
        "ms3": 200,
        "avss": 200,
    }
    assert parts["refavs"].described()["splits"] == {"test_s": 200, "test_u": 200, "test_n": 200}
    assert folder_of("world-eval-1").parent.name == "worlds"
    assert folder_of("world-eval-1") != folder_of("world-eval-1", Path("x"))
    with pytest.raises(DatasetError, match="world-stress-1"):
        build_set("world-eval-9")


def test_stress_sets_are_of_many_kinds():
    names = {name for name, _ in SETS["world-stress-1"](None)}
    assert {
        "sources-1",
        "sources-4",
        "rivals",
        "true-of-two",
        "noise-0db",
        "blurred",
        "dark",
        "seconds-90",
    } <= names


def test_a_long_clip_is_a_film_with_boxes(tmp_path):
    part = dict(SETS["world-stress-1"](None))["seconds-10"]
    build(replace(part, jobs=part.jobs[:1], size=SIZE), tmp_path / "set", workers=1)
    rows, found = check(tmp_path / "set", "clips")
    assert list(found) == []
    assert rows
    film = media.open(next((tmp_path / "set").glob("*.mp4")))
    assert len(film.pts) == 250


def test_the_command_says_how_fast_it_was_and_refuses_odd_wishes(tmp_path, monkeypatch, capsys):
    code = "from app.cli import main; main()"
    wish = ("world", str(tmp_path / "set"), "--layout", "refavs", "--clips", "1", "--seed", "1")
    done = subprocess.run([sys.executable, "-c", code, *wish], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "clips a second on" in done.stdout
    for folder, layout, said in (("new", "dvd", "s4"), ("set", "refavs", "not empty")):
        command = ["refavs", "world", str(tmp_path / folder), "--layout", layout, "--clips", "1"]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
        assert said in capsys.readouterr().err
