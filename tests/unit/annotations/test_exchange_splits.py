"""Splits by video: nothing leaks, and every split gets its share."""

import json
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from store_desk import Desk, mask

from annotations.exchange import export
from annotations.exchange.splits import assign, films, leaks, parse
from annotations.records import ClipInfo, ObjectEdit, PairLine, PairWork, VideoInfo
from core.datasets.refavs import Dataset
from core.errors import RefavsError

SHARES = {"train": 80.0, "val": 10.0, "test_s": 10.0}
TEXTS = ("The barking thing.", "The red thing.", "The thing on the left.", "The thing that starts last.")
AT = datetime(2026, 1, 31, tzinfo=UTC)


def clip(sha: str, label: str = "", source: str | None = None) -> ClipInfo:
    video = VideoInfo(uuid4(), sha, Path(sha), 100, "0", (8, 8), 0, "none", True, source)
    return ClipInfo(uuid4(), video, 0, 99, label)


def line(of: ClipInfo, text: str, thing: UUID | None, split: str | None = None) -> PairLine:
    objects = (thing,) if thing else ()
    pair = PairWork(uuid4(), text, objects, "draft", split, None, "Ann", uuid4(), AT, 1, 1)
    return PairLine(pair, of)


def many() -> tuple[list[PairLine], dict[UUID, str | None]]:
    """60 videos of one to three clips, with some of five categories, two of them rare."""
    chance = random.Random(3)
    lines, categories = [], {}
    for n in range(60):
        name = chance.choices(("dog", "guitar", "woman", "tabla", "cello"), (40, 30, 20, 5, 5))[0]
        for _ in range(chance.randint(1, 3)):
            place = clip(f"{n:064x}")
            thing = uuid4()
            categories[thing] = name
            for _ in range(chance.randint(1, 4)):
                lines.append(line(place, chance.choice(TEXTS), thing))
    return lines, categories


def test_every_video_is_in_one_split_and_every_split_gets_its_share():
    lines, categories = many()
    split = assign(lines, categories, SHARES)
    assert leaks((each.clip, split[each.pair.id]) for each in lines) == 0
    share = {name: n / len(lines) for name, n in Counter(split.values()).items()}
    assert share == pytest.approx({"train": 0.8, "val": 0.1, "test_s": 0.1}, abs=0.04)
    by_category = defaultdict(Counter)
    by_text = defaultdict(Counter)
    for each in lines:
        by_category[categories[each.pair.objects[0]]][split[each.pair.id]] += 1
        by_text[each.pair.expression][split[each.pair.id]] += 1
    assert all(len(by_category[name]) == 3 for name in ("dog", "guitar", "woman"))
    for counts in by_text.values():
        assert counts["train"] / counts.total() == pytest.approx(0.8, abs=0.1)


def test_the_same_videos_are_dealt_alike_in_any_order():
    lines, categories = many()
    assert assign(lines[::-1], categories, SHARES) == assign(lines, categories, SHARES)


def test_clips_of_one_film_are_known_by_file_public_id_and_folder_name():
    one = clip("a" * 64)
    cut = clip("a" * 64, label="xY_z-1_0_10000")
    later = clip("b" * 64, label="xY_z-1_10000_20000")
    null = clip("c" * 64, label="null_c-xY_z-1_0_10000")
    named = clip("d" * 64, source="xY_z-1")
    other = clip("e" * 64, label="other_0_10000")
    found = films([other, named, null, later, cut, one])
    assert len({found[each.id] for each in (one, cut, later, null, named)}) == 1
    assert found[other.id] != found[one.id]


def test_without_shares_stored_splits_stay_and_a_pair_without_one_follows_its_video():
    place = clip("a" * 64)
    pairs = [line(place, "The dog.", None, split) for split in ("val", "val", "test_s", None)]
    alone = line(clip("b" * 64), "The cat.", None)
    split = assign([*pairs, alone], {}, None)
    assert [split[each.pair.id] for each in (*pairs, alone)] == ["val", "val", "test_s", "val", "train"]
    assert leaks((each.clip, split[each.pair.id]) for each in pairs) == 1


@pytest.mark.parametrize("text", ["train", "train:x", "train:0", "train:-1", "train:1,train:2", "", "../a:3"])
def test_shares_that_mean_nothing_are_told(text):
    with pytest.raises(RefavsError, match="Expected splits such as"):
        parse(text)
    assert parse("train:80, val:20") == {"train": 80, "val": 20}


@pytest.mark.parametrize("name", ["refavs", "mevis"])
def test_an_export_is_dealt_and_its_manifest_says_so(desk: Desk, tmp_path, name):
    last = 9 if name == "mevis" else 123
    place = desk.store.add_clip(desk.stored.id, 0, last)
    thing = ObjectEdit(uuid4(), "dog", {i: mask(i) for i in range(last + 1)}, "click")
    desk.store.save_pair(
        desk.session, place.id, uuid4(), expression="The dog.", objects=[thing], split="train"
    )
    root = export(desk.store, tmp_path / "out", name, shares={"val": 1.0}).root
    told = json.loads((root / "manifest.json").read_text())
    assert told["expressions_by_split"] == {"val": 1 if name == "mevis" else 2}
    assert {entry["split"] for entry in told["pairs"].values()} == {"val"}
    if name == "refavs":
        assert {row.split for row in Dataset(root).rows} == {"val"}
        with pytest.raises(RefavsError, match="Splits of Ref-AVS"):
            export(desk.store, tmp_path / "no", name, shares={"holdout": 1})
