"""The preference report: does a system listen, or does it guess?"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

import small_sets as small

from core import evaluation
from core.datasets.avsbench_write import AvsClip, write_avs
from core.errors import RefavsError
from core.evaluation import preference as report
from core.masks import Mask, Track, resize_pixels
from core.systems.protocol import Found, Referral


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two clips in each layout; in ms3 the second clip's thing is seen, and sounds, in two of five frames alone."""
    root = tmp_path_factory.mktemp("sets")
    small.avss_folder(root / "avss", places=(("v1s", "test"), ("v1m", "test")))

    def clips():
        for seed, name in enumerate(("one", "two")):
            masks = [small.square(k) for k in range(5)]
            if seed:
                masks[2:] = [np.zeros_like(m) for m in masks[2:]]
            frames = [small.picture(small.square(k), seed=seed) for k in range(5)]
            yield AvsClip(name, "test", frames, masks, small.tone(5, 300 + 100 * seed), 16000)

    write_avs(root / "ms3", "ms3", clips())
    return root


class Guesser:
    """Marks the square on every frame, whatever sounds."""

    name = "guesser"

    def __init__(self):
        self.asked = []

    def hears(self, clip):
        return True

    def refer(self, clip, expression):
        self.asked.append((clip.video.path.name, round(float(np.abs(clip.audio(16000)).max()), 4)))
        indices = tuple(clip.indices)
        masks = {i: Mask.encode(resize_pixels(small.square(i), clip.size)) for i in indices}
        yield Referral(
            indices, (Found(Track(clip.size, masks), "dog"),) if self.hears(clip) else (), None, ()
        )


class Listener(Guesser):
    """Marks it while a tone is heard: most of the power in one place of the spectrum."""

    name = "listener"

    def hears(self, clip):
        power = np.abs(np.fft.rfft(clip.audio(16000))) ** 2
        return bool(power.max() > 0.1 * power.sum() > 0)


class Knower(Listener):
    """Marks it while the clip's own pitch is heard."""

    name = "knower"

    def hears(self, clip):
        power = np.abs(np.fft.rfft(clip.audio(16000)[:16000])) ** 2
        return super().hears(clip) and abs(int(power.argmax()) - self.pitch(clip)) < 5

    def pitch(self, clip):
        return 300 + 100 * (clip.video.path.name == "two")


class Silent(Guesser):
    name = "silent"

    def hears(self, clip):
        return False


def scored(folders, tmp_path, system, layout="ms3"):
    task = evaluation.task(f"{layout}:{folders / layout}")
    options = {"split": None, "weights": None, "partial": tmp_path / "kept.jsonl"}
    return task, evaluation.evaluate_each(task, system, audios=report.audios(), **options)


def reported(*words):
    return report.preference(*scored(*words))


def test_a_system_that_ignores_the_sound_guesses(folders, tmp_path):
    found = reported(folders, tmp_path, Guesser())
    assert found.verdict == "guesses"
    assert [one.sound for one in found.heard] == ["normal", "mute", "noise:10", "noise:40", "offscreen"]
    marked = 100 * np.mean([resize_pixels(small.square(k), (224, 224)).mean() for k in range(5)])
    for one in found.heard:
        assert one.marked == pytest.approx(marked)
        assert (one.blank, one.quiet) == (0, 0)
        assert one.drop["p1"] == {"miou": 0, "f": 0}
        assert one.drop["p2"] == {"f": 0, "j": 0}


def test_a_system_that_listens_is_blank_where_nothing_of_the_clip_sounds(folders, tmp_path):
    found = reported(folders, tmp_path, Knower())
    assert found.verdict == "listens"
    assert [(one.marked, one.blank, one.quiet) for one in found.heard[1:]] == [(0, 100, 100)] * 4


def test_a_system_that_takes_any_sound_for_the_clips_hears_whether_not_what(folders, tmp_path):
    found = reported(folders, tmp_path, Listener())
    mute, loud, soft, other = found.heard[1:]
    assert found.verdict == report.WHETHER
    for one in (mute, loud, soft):
        assert (one.marked, one.blank, one.quiet) == (0, 100, 100)
    assert other.quiet == 0  # it does not ask what sounds, only whether
    assert "100 % goes away without sound" in found.words
    assert "100 % in noise of -10 and -40 dBFS, 0 % with another clip's sound." in found.words


def test_the_score_of_a_blank_answer_is_the_frames_without_target(folders, tmp_path):
    found = reported(folders, tmp_path, Listener())
    normal, mute = found.heard[:2]
    assert found.blank_miou == pytest.approx(100 * 3 / 10)  # 5 of 5 filled, then 2 of 5
    assert mute.protocol["p1"]["miou"] == pytest.approx(found.blank_miou, abs=1e-3)
    share = resize_pixels(small.square(0), (224, 224)).mean()
    empty = 1 - share  # of a frame without target the true negatives count
    assert normal.protocol["p1"]["miou"] == pytest.approx(100 * (7 + 3 * empty) / 10, abs=0.3)
    drop = (normal.protocol["p1"]["miou"] - mute.protocol["p1"]["miou"]) / normal.protocol["p1"]["miou"]
    assert mute.drop["p1"]["miou"] == pytest.approx(100 * drop)


def test_f_of_a_blank_answer_is_that_of_the_whole_frame(folders, tmp_path):
    """Threshold 0 marks everything, so the benchmark's F never falls to 0."""
    mute = reported(folders, tmp_path, Listener()).heard[1]
    share = np.array([resize_pixels(small.square(k), (224, 224)).mean() for k in range(5)])
    f = 1.3 * share / (0.3 * share + 1)
    assert mute.protocol["p1"]["f"] == pytest.approx(100 * (f.mean() + f[:2].mean()) / 2, abs=1e-3)


def test_a_system_that_marks_nothing_is_said_to(folders, tmp_path):
    found = reported(folders, tmp_path, Silent())
    assert found.verdict == "marks nothing"
    assert [one.quiet for one in found.heard] == [None] * 5
    assert [one.blank for one in found.heard] == [100] * 5


def test_of_classes_only_what_is_named_counts_as_marked(folders, tmp_path):
    found = reported(folders, tmp_path, Listener(), "avss")
    assert found.verdict == report.WHETHER
    assert found.blank_miou is None
    assert found.heard[0].marked == pytest.approx(
        100 * np.mean([resize_pixels(small.square(k), (224, 224)).mean() for k in range(5)]), abs=0.1
    )


def test_a_clip_is_asked_about_with_all_its_sounds_before_the_next_one(folders, tmp_path):
    system = Guesser()
    scored(folders, tmp_path, system)
    assert [name for name, _ in system.asked] == ["one"] * 5 + ["two"] * 5
    peaks = [peak for _, peak in system.asked[:5]]
    assert peaks[0] == pytest.approx(0.3, abs=0.01)
    assert peaks[1] == 0
    assert peaks[2] > 10 * peaks[3] > 0
    assert peaks[4] == pytest.approx(0.3, abs=0.01)


def test_a_stopped_report_goes_on_within_a_clip(folders, tmp_path):
    class Tired(Guesser):
        def hears(self, clip):
            if len(self.asked) == 8:
                raise RefavsError("I am tired.")
            return True

    with pytest.raises(RefavsError, match="7 of 10 rows are scored"):
        scored(folders, tmp_path, Tired())
    system = Guesser()
    _, again = scored(folders, tmp_path, system)
    assert len(system.asked) == 3
    _, whole = scored(folders, tmp_path, Guesser())
    assert [one.scores.protocol for one in again] == [one.scores.protocol for one in whole]


def command(*words):
    """Exit status of the real command, in this process."""
    import app.cli

    old, sys.argv = sys.argv, ["refavs", *map(str, words)]
    try:
        app.cli.main()
    except SystemExit as end:
        return end.code or 0
    finally:
        sys.argv = old
    return 0


def test_the_command_prints_the_verdict_and_the_app_finds_the_report(folders, tmp_path, monkeypatch, capsys):
    from app.tabs.systems import reports

    monkeypatch.setenv("REFAVS_CACHE_DIR", str(tmp_path / "cache"))
    out = tmp_path / "report.json"
    words = ("preference", f"ms3:{folders / 'ms3'}", "--system", "centre-box", "--json", out)
    assert command(*words) == 0
    printed = capsys.readouterr()
    assert "Does it listen, or does it guess? It guesses" in printed.out
    assert "95 % interval of P1 mIoU with the clips' own sound" in printed.out
    assert "10 of 10 rows" in printed.err
    data = json.loads(out.read_text())
    assert data["verdict"] == "guesses"
    assert list(data["sounds"]) == list(report.SOUNDS)
    assert set(data["sounds"]["mute"]) == {"false_positive_rate", "blank", "quiet", "drop", "protocol"}
    assert data["sounds"]["mute"]["false_positive_rate"] == pytest.approx(25)
    (shown,) = reports()
    assert "centre-box" in shown["title"]
    assert "It guesses" in shown["words"]
    assert [row[0] for row in shown["rows"]] == list(report.SOUNDS)
    assert all(len(row) == len(shown["head"]) for row in shown["rows"])
    (tmp_path / "cache" / "preference" / "broken.json").write_text("{")
    assert len(reports()) == 1


@pytest.mark.parametrize("layout", ["refavs", "clips"])
def test_a_dataset_of_sentences_is_refused(tmp_path, capsys, layout):
    getattr(small, f"{layout}_folder")(tmp_path / "set")
    assert command("preference", f"{layout}:{tmp_path / 'set'}", "--system", "centre-box") == 2
    assert "expected s4:DIR, ms3:DIR or avss:DIR" in capsys.readouterr().err
