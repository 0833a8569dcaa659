"""The click protocol and the track run on drawn pictures, with segmenters whose answers are known."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError, RefavsError
from core.masks import FrameMask, Mask
from core.segment import measure
from core.segment.cache import FrameCache
from core.segment.measure import CLICKS, click_curve, click_summary, next_click, track_run
from core.segment.protocol import Prediction
from core.segment.reference import GrabCut
from core.segment.slot import compute_slot
from core.segment.targets import pairs_by_folder, sequences, targets


def write(folder, name, picture, mask):
    for sub, pixels in (("img", picture), ("mask", mask)):
        (folder / sub).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / sub / f"{name}.png")


@pytest.fixture
def numbered(tmp_path):
    """One picture with object 1 (left), object 2 (right), object 3 (one pixel) and a strip not judged."""
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 5:25] = 1
    mask[10:30, 35:55] = 2
    mask[0, 0] = 3
    mask[38:, :] = 255
    picture = np.full((40, 60, 3), (20, 90, 30), np.uint8)
    picture[mask == 1] = (200, 40, 40)
    picture[mask == 2] = (40, 40, 220)
    write(tmp_path, "0001", picture, mask)
    return tmp_path


class Knows:
    """Answers with the truth from the given click on, before that with the whole picture."""

    name = "knows"

    def __init__(self, truth, from_click):
        self.truth, self.from_click, self.asked = truth, from_click, []

    def segment(self, clip, index, prompts, *, previous=None):
        self.asked.append((len(prompts.clicks), previous))
        right = len(prompts.clicks) >= self.from_click
        return Prediction(Mask.encode(self.truth if right else np.ones_like(self.truth)), 1.0)

    def propagate(self, clip, seeds, indices, *, barriers=()):
        for index in indices:
            yield {1: FrameMask(index, seeds[1][0])}


def test_the_first_click_is_in_the_middle_of_the_object_and_the_next_in_the_largest_error():
    truth, nothing = np.zeros((21, 41), bool), np.zeros((21, 41), bool)
    truth[5:16, 10:21] = True
    first = next_click(truth, nothing, nothing)
    assert (first.x, first.y, first.positive) == (15.5, 10.5, True)
    too_much = truth.copy()
    too_much[2:19, 21:38] = True
    second = next_click(truth, too_much, nothing)
    assert (second.x, second.y, second.positive) == (29.5, 10.5, False)
    assert next_click(truth, truth, nothing) is None
    assert next_click(truth, too_much, too_much & ~truth) is None


def test_large_enough_numbered_objects_are_targets_and_255_is_not_judged(numbered):
    found = targets(pairs_by_folder(numbered)[numbered.name])
    assert [t.number for t in found] == [1, 2]
    truth, ignored = found[0].truth()
    assert truth.sum() == 400
    assert ignored.sum() == 120


def test_a_mask_of_only_0_and_255_is_one_object(tmp_path):
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15, 5:15] = 255
    write(tmp_path, "a", np.zeros((20, 20, 3), np.uint8), mask)
    (target,) = targets(pairs_by_folder(tmp_path)[tmp_path.name])
    truth, ignored = target.truth()
    assert truth.sum() == 100
    assert not ignored.any()


def test_a_curve_counts_the_clicks_until_it_is_good_and_hands_on_the_last_mask(numbered):
    target = targets(pairs_by_folder(numbered)[numbered.name])[0]
    knows = Knows(target.truth()[0], from_click=3)
    summary = click_summary([click_curve(knows, target)])
    assert summary["iou@1"] < 30
    assert summary["iou@3"] == 100
    assert (summary["noc@80"], summary["noc@90"]) == (3, 3)
    assert [count for count, _ in knows.asked] == [1, 2, 3]
    assert knows.asked[0][1] is None
    assert knows.asked[1][1].area == 40 * 60


def test_an_object_that_never_gets_good_counts_with_all_clicks(numbered):
    target = targets(pairs_by_folder(numbered)[numbered.name])[0]
    knows = Knows(target.truth()[0], from_click=100)
    summary = click_summary([click_curve(knows, target)])
    assert summary["noc@80"] == CLICKS
    assert len(knows.asked) == CLICKS


def test_warm_clicks_are_timed_with_the_background_off_and_then_on(numbered, monkeypatch):
    """Frames are encoded ahead in the second half only, and each click there waits for what is in work."""
    monkeypatch.setattr(measure, "WARM", 3)
    encoded = []

    class Cached(Knows):
        def __init__(self, truth):
            super().__init__(truth, 0)
            self.cache = FrameCache(limit=1000, size=lambda value: 1, ahead=self.see)

        def see(self, clip, index):
            return self.cache.get(clip, index, lambda: encoded.append(index) or time.sleep(0.05))

        def segment(self, clip, index, prompts, *, previous=None):
            self.see(clip, index)
            with compute_slot():
                found = super().segment(clip, index, prompts, previous=previous)
            self.cache.visit(clip, index)
            return found

    target = targets(pairs_by_folder(numbered)[numbered.name])[0]
    tool = Cached(target.truth()[0])
    off, on = measure.warm_clicks(tool, target)
    tool.cache.close()
    assert {0, 21, 42} < set(encoded)
    assert on > off


def test_a_track_is_scored_without_its_first_and_last_frame(tmp_path):
    for i in range(4):
        mask = np.zeros((30, 40), np.uint8)
        mask[10:20, 5 + 5 * i : 15 + 5 * i] = 255
        write(tmp_path / "slide", f"{i:05d}", np.zeros((30, 40, 3), np.uint8), mask)
    (sequence,) = sequences(tmp_path)
    run = track_run(Knows(None, 0), sequence)
    assert run.score.indices == (1, 2)
    assert run.score.j == pytest.approx([1 / 3, 0])
    assert run.frames == 4


def test_a_folder_without_pictures_or_with_a_mask_missing_is_refused(tmp_path, numbered):
    with pytest.raises(DatasetError, match="img/ and mask/"):
        sequences(tmp_path / "mask")
    (numbered / "mask" / "0001.png").unlink()
    with pytest.raises(DatasetError, match=r"0001\.png is missing"):
        pairs_by_folder(numbered)


def test_grabcut_is_the_bar_for_clicks_and_for_tracks(numbered, disc):
    target = targets(pairs_by_folder(numbered)[numbered.name])[0]
    assert click_summary([click_curve(GrabCut(), target)])["iou@1"] > 80
    thing = disc()
    steps = list(GrabCut().propagate(thing.clip(4), {1: {0: thing.mask(0)}}, range(4)))
    found = steps[3][1].mask.decode()
    assert (found & thing.truth(3)).sum() / (found | thing.truth(3)).sum() > 0.8


@pytest.mark.parametrize("bench", ["clicks", "tracks"])
def test_the_benches_print_the_agreed_keys_last(bench, numbered, tmp_path, capsys, monkeypatch):
    from app.cli import main

    folder = tmp_path / "all"
    folder.mkdir()
    (numbered / "img").rename(folder / "img")
    (numbered / "mask").rename(folder / "mask")
    if bench == "tracks":
        for i in range(3):
            mask = np.zeros((40, 60), np.uint8)
            mask[10:30, 5 + i : 25 + i] = 255
            picture = np.full((40, 60, 3), (20, 90, 30), np.uint8)
            picture[mask > 0] = (200, 40, 40)
            write(tmp_path / "sequences" / "slide", f"{i:05d}", picture, mask)
        folder = tmp_path / "sequences"
    monkeypatch.setattr(
        "sys.argv", ["refavs", "bench", bench, "--data", str(folder), "--segmenter", "classical"]
    )
    with pytest.raises(SystemExit) as done:
        main()
    assert done.value.code in (0, None)
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    clicks = {
        "objects",
        "iou@1",
        "iou@3",
        "iou@5",
        "iou@10",
        "noc@80",
        "noc@85",
        "noc@90",
        "ms_cold",
        "ms_warm",
    }
    measured = clicks if bench == "clicks" else {"sequences", "j", "f", "jf", "fps"}
    assert set(result) == {"segmenter", "peak_mib", "reference"} | measured
    assert set(result["reference"]) == {"segmenter"} | measured


def test_the_validation_part_is_every_tenth_still_and_the_held_out_sequences():
    from app.cli.bench_common import part_of

    def files(folder, count):
        return [
            (Path(folder, "img", f"{i:02d}.jpg"), Path(folder, "mask", f"{i:02d}.png")) for i in range(count)
        ]

    stills = {name: files(name, 25) for name in ("ccp", "coco_multi", "coco_person")}
    chosen = part_of(stills, "validation", fair_to_clicks=True)
    assert [f"{p.parent.parent.name}/{p.stem}" for p, _ in chosen] == [
        *("coco_multi/00", "coco_multi/10", "coco_multi/20"),
        *("coco_person/00", "coco_person/10", "coco_person/20"),
    ]
    sequences = {name: files(name, 2) for name in ("bear", "bus", "motocross-bumps")}
    chosen = part_of(sequences, "validation", fair_to_clicks=True)
    assert {p.parent.parent.name for p, _ in chosen} == {"bear"}
    with pytest.raises(RefavsError, match="all or validation"):
        part_of(stills, "train", fair_to_clicks=True)
