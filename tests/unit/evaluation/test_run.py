"""Every dataset form is scored by its protocol; a stopped run goes on; broken rows are named or counted."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

import small_sets as small

from core import bulk, evaluation, registry
from core.datasets import avss
from core.errors import DatasetError, RefavsError
from core.masks import Mask, Track, resize_pixels
from core.metrics import refavs as refavs_metrics
from core.systems.protocol import Found, Referral


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    small.refavs_folder(root / "refavs")
    small.avs_folder(root / "s4", "s4")
    small.avs_folder(root / "ms3", "ms3")
    small.avss_folder(root / "avss", places=(("v1s", "test"), ("v2", "test")))
    small.clips_folder(root / "clips")
    return root


class Oracle:
    """Knows where the square of the small sets is; `asked` counts."""

    name = "oracle"

    def __init__(self, fail_at=None):
        self.asked = []
        self.fail_at = fail_at

    def refer(self, clip, expression):
        if self.fail_at == len(self.asked):
            raise RefavsError("The oracle is tired.")
        self.asked.append(expression)
        indices = tuple(clip.indices)
        masks = {i: Mask.encode(resize_pixels(small.square(i), clip.size)) for i in indices}
        if expression is not None and "car" in expression:
            masks = {i: Mask.encode(small.square(-i, left=34)) for i in indices}
        objects = () if expression == "The guitar." else (Found(Track(clip.size, masks), "dog"),)
        yield Referral(indices, objects, None, ())


def run(folders, layout, tmp_path, system=None, *, split=None, audio="normal", **options):
    return evaluation.evaluate(
        evaluation.task(f"{layout}:{folders / layout if (folders / layout).is_dir() else folders}"),
        system or Oracle(),
        split=split,
        audio=evaluation.parse_audio(audio),
        weights=None,
        partial=tmp_path / "kept" / "scores.jsonl",
        **options,
    )


def test_ref_avs_is_scored_by_both_protocols_and_by_cue(folders, tmp_path):
    result = run(folders, "refavs", tmp_path, split="test_s")
    official = result.scores.protocol["official"]
    target = np.stack([refavs_metrics.official_target(small.square(k)) for k in range(10)])
    answer = np.stack([resize_pixels(small.square(k), (256, 256)) for k in range(10)])
    iou = ((target & answer).sum(axis=(1, 2)) / (target | answer).sum(axis=(1, 2))).mean()
    assert 0.8 < iou < 1
    assert official["j"] == pytest.approx(100 * iou, abs=2)
    assert official["s"] is None
    assert set(result.scores.protocol["batch_free"]) >= {"j", "f", "f50", "s", "intervals"}
    assert (result.rows, result.clips, result.left_out, result.hard) == (6, 2, 0, True)
    assert result.by_cue["sound"]["rows"] == 4
    assert result.by_cue["place"]["rows"] == 2


def test_null_rows_answered_null_have_an_s_near_0(folders, tmp_path):
    result = run(folders, "refavs", tmp_path, split="test_n")
    assert result.scores.protocol["official"] | {"s": 0.0} == result.scores.protocol["official"]
    assert result.scores.protocol["official"]["j"] is None
    whole = run(folders, "refavs", tmp_path, registry.system("whole-frame"), split="test_n")
    assert whole.scores.protocol["official"]["s"] == pytest.approx(100)


def test_logits_are_taken_where_a_system_gives_them(folders, tmp_path):
    class Shy(Oracle):
        name = "shy"

        def refer(self, clip, expression):
            logits = np.full((10, 256, 256), -0.3, dtype=np.float16)  # 0.43: on for J, off for S
            yield Referral(tuple(clip.indices), (), logits, ())

    result = run(folders, "refavs", tmp_path, Shy())
    assert not result.hard
    assert result.scores.protocol["official"]["s"] == 0
    share = np.mean([refavs_metrics.official_target(small.square(k)).mean() for k in range(10)])
    assert result.scores.protocol["batch_free"]["j"] == pytest.approx(100 * share, abs=1)


@pytest.mark.parametrize("layout", ["s4", "ms3"])
def test_object_sets_are_scored_by_p1_and_p2(folders, tmp_path, layout):
    protocol = run(folders, layout, tmp_path).scores.protocol
    assert protocol["p1"]["miou"] == pytest.approx(100, abs=1e-3)
    assert protocol["p1"]["f"] == pytest.approx(100, abs=1e-3)
    assert protocol["p2"]["j"] == pytest.approx(100)
    assert protocol["p2"]["f"] == pytest.approx(100)


def test_object_sets_ask_for_everything_that_sounds(folders, tmp_path):
    oracle = Oracle()
    result = run(folders, "s4", tmp_path, oracle)
    assert oracle.asked == [None, None]
    assert result.by_cue == {}


def test_avss_is_scored_with_and_without_background_and_padded_as_the_benchmark_does(folders, tmp_path):
    protocol = run(folders, "avss", tmp_path).scores.protocol
    # The first clip (5 frames, 5 padded) has the right class; the second (10 frames) is called a dog too, so
    # the dog is seen in 15 frames and right in 5, and the piano never; the background is right in all 20.
    dog, background = 5 / 15, 20 / 20
    assert protocol["nobg"]["miou"] == pytest.approx(100 * dog / 70, abs=1e-6)
    assert protocol["p1"]["miou"] == pytest.approx(100 * (background + dog) / 71, abs=1e-6)
    released = protocol["nobg"]["as_released"]["miou"]
    assert released == pytest.approx(100 * (background + dog) / 70, abs=1e-6)
    assert set(protocol) == {"p1", "p2", "nobg"}


def test_a_category_that_is_no_class_leaves_the_background(folders, tmp_path):
    protocol = run(folders, "avss", tmp_path, registry.system("centre-box")).scores.protocol
    assert protocol["nobg"]["miou"] == 0
    assert avss.CLASSES[0] == "background"


def test_labelled_videos_are_scored_at_the_answered_frame_nearest_to_the_second(folders, tmp_path):
    class Rare(Oracle):
        """Answers two frames; the second label lies nearer to the later one."""

        name = "rare"

        def refer(self, clip, expression):
            if expression == "The dog that barks.":
                yield Referral((), (), None, ())
                return
            masks = {4: Mask.encode(small.square(5)), 10: Mask.encode(small.square(10))}
            yield Referral((4, 10), (Found(Track(clip.size, masks)),), None, ())

    protocol = run(folders, "clips", tmp_path, Rare()).scores.protocol
    assert protocol["box_hit"] == 100
    assert protocol["centre_hit"] == 100
    assert protocol["null_right"] == 100
    assert (protocol["boxes"], protocol["nulls"]) == (3, 1)
    floor = run(folders, "clips", tmp_path, registry.system("whole-frame")).scores.protocol
    assert floor["box_hit"] == 0
    assert floor["null_right"] == 0


def test_saying_null_to_a_row_that_refers_misses_all_its_boxes(folders, tmp_path):
    class Nay(Oracle):
        name = "nay"

        def refer(self, clip, expression):
            yield Referral((), (), None, ())

    protocol = run(folders, "clips", tmp_path, Nay()).scores.protocol
    assert (protocol["box_hit"], protocol["centre_hit"], protocol["null_right"]) == (0, 0, 100)


def test_a_stopped_run_goes_on_where_it_was_and_ends_as_an_unbroken_one(folders, tmp_path):
    whole = run(folders, "refavs", tmp_path)
    with pytest.raises(RefavsError, match="3 of 8 rows are scored and kept"):
        run(folders, "refavs", tmp_path, Oracle(fail_at=3))
    kept = tmp_path / "kept" / "scores.jsonl"
    assert len(kept.read_text().splitlines()) == 4
    with kept.open("a") as file:
        file.write('{"key": "3:one_0_10000_n')  # the machine went down while writing
    oracle, lines = Oracle(), []
    result = run(folders, "refavs", tmp_path, oracle, progress=lines.append)
    assert len(oracle.asked) == 5
    assert (lines[-1].done, lines[-1].total, lines[-1].kept) == (8, 8, 3)
    assert result.scores.protocol == whole.scores.protocol
    assert result.by_cue == whole.by_cue
    assert not kept.exists()


def test_two_workers_score_as_one_process_does(folders, tmp_path, monkeypatch):
    sizes = []

    def sent(function, shared, items, count, threads):
        """As through the pipes of two processes, without the seconds that they take to start."""
        for item in items:
            sizes.append(len(item))
            there = [pickle.loads(pickle.dumps(each)) for each in (shared, item)]
            yield bulk.Ended(item, pickle.loads(pickle.dumps(function(*there))))

    monkeypatch.setattr(bulk, "_in_processes", sent)
    task = evaluation.task(f"refavs:{folders / 'refavs'}")
    results = [
        evaluation.evaluate_each(
            task,
            registry.system("centre-box"),
            split=None,
            audios=[evaluation.parse_audio("normal"), evaluation.parse_audio("mute")],
            weights=None,
            partial=tmp_path / f"{workers}.jsonl",
            workers=workers,
        )
        for workers in (None, 2)
    ]
    alone, shared = ([(r.scores.protocol, r.rows, r.by_cue, r.records) for r in each] for each in results)
    assert alone == shared
    assert sizes == [6, 2, 6, 2]  # all rows of a clip, with both sounds


@pytest.mark.parametrize("change", ["audio", "split", "system", "table"])
def test_kept_scores_of_another_question_are_not_taken(folders, tmp_path, change):
    root = small.refavs_folder(tmp_path / "own", names=("one",))
    with pytest.raises(RefavsError, match="kept"):
        run(root, "refavs", tmp_path, Oracle(fail_at=2), split="test_s")
    oracle = Oracle()
    options = {"split": "test_s"}
    if change == "audio":
        options["audio"] = "mute"
    elif change == "split":
        options = {}
    elif change == "system":
        oracle.name = "other"
    else:
        table = root / "metadata.csv"
        table.write_text(table.read_text().replace("loudest", "noisiest"))
    result = run(root, "refavs", tmp_path, oracle, **options)
    assert len(oracle.asked) == result.rows


def broken_folder(tmp_path):
    root = small.refavs_folder(tmp_path / "broken")
    (root / "gt_mask" / "one_0_10000" / "fid_0" / "00004.png").unlink()
    (root / "media" / "two_0_10000" / "frames" / "7.jpg").write_bytes(b"no picture")
    return root


def test_broken_rows_are_listed_all_at_once_before_anything_is_asked(tmp_path):
    oracle = Oracle()
    with pytest.raises(evaluation.BrokenSamples, match=r"5 of 8 rows.*--skip-broken") as caught:
        run(broken_folder(tmp_path), "refavs", tmp_path, oracle)
    places = [defect.where for defect in caught.value.defects]
    assert [place.rsplit("/", 1)[1] for place in places] == ["00004.png", "7.jpg"]
    assert oracle.asked == []


def test_skip_broken_goes_on_and_says_how_many_were_left_out(tmp_path):
    said = []
    result = run(broken_folder(tmp_path), "refavs", tmp_path, skip_broken=True, left_out=said.append)
    assert (result.rows, result.left_out) == (3, 5)
    assert len(said) == 5
    assert "00004.png" in said[0]


def test_a_file_whose_header_is_whole_but_whose_pixels_are_not_names_itself(tmp_path):
    root = small.refavs_folder(tmp_path / "cut", names=("one",))
    path = root / "gt_mask" / "one_0_10000" / "fid_1" / "00002.png"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(RefavsError, match=r"00002\.png"):
        run(root, "refavs", tmp_path)
    assert run(root, "refavs", tmp_path, skip_broken=True).left_out == 1


def test_nothing_left_to_score_is_an_error(tmp_path):
    root = small.refavs_folder(tmp_path / "gone", names=("one",))
    for path in (root / "media").rglob("*.wav"):
        path.unlink()
    with pytest.raises(DatasetError, match="Every one of the 4 rows was left out"):
        run(root, "refavs", tmp_path, skip_broken=True)


def test_the_sound_is_replaced_and_the_truth_is_not(folders, tmp_path):
    class Ear(Oracle):
        name = "ear"

        def refer(self, clip, expression):
            self.asked.append(float(np.abs(clip.audio(16000)).max()))
            yield from Oracle.refer(self, clip, expression)

    normal, muted, noisy = Ear(), Ear(), Ear()
    first = run(folders, "s4", tmp_path, normal)
    second = run(folders, "s4", tmp_path, muted, audio="mute")
    run(folders, "s4", tmp_path, noisy, audio="noise:20")
    assert [v for v in muted.asked if v is not None] == [0, 0]
    assert all(v > 0.2 for v in normal.asked if v is not None)
    assert all(0.2 < v < 0.8 for v in noisy.asked if v is not None)
    assert first.scores.protocol == second.scores.protocol


def test_off_screen_sound_is_that_of_another_clip(folders, tmp_path):
    class Ear(Oracle):
        name = "ear"

        def refer(self, clip, expression):
            spectrum = np.abs(np.fft.rfft(clip.audio(16000)[:16000]))
            self.asked.append(int(spectrum.argmax()))
            yield from Oracle.refer(self, clip, expression)

    own, other = Ear(), Ear()
    run(folders, "s4", tmp_path, own)
    run(folders, "s4", tmp_path, other, audio="offscreen")
    assert [v for v in own.asked if v] == [300, 400]
    assert [v for v in other.asked if v] == [400, 300]


@pytest.mark.parametrize("words", ["refavs", "refavs:", "coco:x", "/tmp/x"])
def test_a_dataset_of_another_form_is_refused(words):
    with pytest.raises(RefavsError, match="refavs:DIR, s4:DIR, ms3:DIR, avss:DIR, clips:DIR"):
        evaluation.task(words)


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


@pytest.mark.parametrize("layout", ["refavs", "s4", "ms3", "avss", "clips"])
def test_the_command_prints_a_table_and_writes_json_with_the_agreed_keys(folders, tmp_path, capsys, layout):
    out = tmp_path / "score.json"
    words = ("evaluate", f"{layout}:{folders / layout}", "--system", "centre-box", "--json", out)
    assert command(*words) == 0
    printed = capsys.readouterr()
    assert "percent, 0 to 100" in printed.out
    assert "hard masks" in printed.out
    assert "rows" in printed.err
    data = json.loads(out.read_text())
    agreed = ["dataset", "split", "system", "weights", "audio", "clips", "seconds", "by_cue", "protocol"]
    assert set(agreed) <= set(data)
    assert data["system"] == "centre-box"
    inner = {
        "refavs": {"official", "batch_free"},
        "s4": {"p1", "p2"},
        "ms3": {"p1", "p2"},
        "avss": {"p1", "p2", "nobg"},
        "clips": {"box_hit", "centre_hit", "null_right", "boxes", "nulls"},
    }[layout]
    assert inner <= set(data["protocol"])
    assert [path.name for path in tmp_path.iterdir()] == ["score.json"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["clips:{root}", "--system", "nobody"], "no system named"),
        (["clips:{root}", "--system", "centre-box", "--audio", "loud"], "--audio takes"),
        (["clips:{root}/none", "--system", "centre-box"], "labels.json"),
        (["refavs:{root}", "--system", "centre-box"], "metadata.csv"),
        (["clips:{root}", "--system", "centre-box", "--split", "val"], "no splits"),
        (["clips:{root}", "--system", "centre-box", "--weights", "{root}/w"], "no folder"),
        (["clips:{root}", "--system", "centre-box", "--weights", "{root}"], "learns nothing"),
        (["clips:{root}", "--system", "centre-box", "--json", "{root}/labels.json/x"], "cannot be written"),
        (["clips:{root}", "--system", "centre-box", "--json", "{root}"], "is a folder"),
    ],
)
def test_wrong_words_end_in_one_line_and_status_2(folders, capsys, words, message):
    filled = [word.format(root=folders / "clips") for word in words]
    assert command("evaluate", *filled) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err.strip().splitlines()[-1]


def test_a_broken_dataset_prints_every_path_and_no_result(tmp_path, capsys):
    root = broken_folder(tmp_path)
    assert command("evaluate", f"refavs:{root}", "--system", "centre-box") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "fid_0/00004.png: there is no such file" in printed.err
    assert "frames/7.jpg: cannot be read as a picture" in printed.err


def test_the_check_command_lists_kinds_with_counts(tmp_path, capsys):
    assert command("check", broken_folder(tmp_path), "--format", "refavs") == 0
    printed = capsys.readouterr().out
    assert "missing-file: 1" in printed
    assert "unreadable-file: 1" in printed
    assert printed.strip().endswith("8 rows, 2 defects of 2 kinds.")


def test_the_metrics_bench_prints_one_json_object_last(capsys):
    assert command("bench", "metrics", "--clips", "1") == 0
    data = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert data["max_abs_difference"] < 1e-6
    assert data["speedup"] > 1


def test_the_room_needs_no_torch():
    code = "import sys, core.evaluation; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
