"""Layouts that hold every frame: out of the store and back, to the bit."""

import csv
import json
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from makers import make_clip, make_folder, read_barcode, tone
from PIL import Image
from store_desk import Desk, mask

from annotations import exchange
from annotations.exchange import frames
from annotations.records import ObjectEdit
from annotations.store import Store
from core import media
from core.errors import RefavsError
from core.masks import Mask

HF = [] if find_spec("datasets") else ["huggingface"]  # an extra
ALL = tuple(name for name in exchange.LAYOUTS if name not in HF)
PLAIN = tuple(name for name in ALL if name != "refavs-full")
SINGLE = ("davis", "youtube-vos", "refavs-full")
PALETTE = ("davis", "youtube-vos")
ODD = 'He said: "the dog, loud";\n<b>x</b> Ünï 🐕 \u2028 \\n'
COUNT = 12


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> media.Video:
    path = tmp_path_factory.mktemp("short") / "short.mp4"
    return media.open(make_clip(path, frames=COUNT + 5, rate=Fraction(10), sound=tone(1.7)))


@pytest.fixture
def full(store, short) -> Desk:
    """Two objects that do not overlap, on frames 3 to 14: a sentence each, and a second one for the first."""
    desk = Desk(store, short)
    desk.clip = store.add_clip(desk.stored.id, 3, 3 + COUNT - 1)
    first, second = uuid4(), uuid4()
    say(desk, ODD, {first: ("hair dryer", 0)})
    say(desk, "The cat.", {second: ("cat", 3900)})
    say(desk, "Again the first.", {first: ("hair dryer", 0)})
    return desk


def masks(desk: Desk, salt: int) -> dict[int, Mask]:
    frames = range(desk.clip.first, desk.clip.last + 1)
    return {i: Mask.empty((96, 128)) if i % 5 == 4 else mask(i + salt) for i in frames}


def say(desk: Desk, text: str, objects: dict) -> None:
    edits = [ObjectEdit(id, name, masks(desk, salt), "system") for id, (name, salt) in objects.items()]
    desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression=text, objects=edits)


def stands(store: Store) -> set:
    """(sentence, categories and masks of its objects), of every pair."""
    found = set()
    for line in store.pairs(limit=None):
        work = store.load_clip_work(line.clip.id)
        things = {thing.id: thing for thing in work.objects}
        objects = []
        for id in line.pair.objects:
            thing = things[id]
            start = min(thing.track.masks, default=0)
            pixels = tuple((i - start, m.counts) for i, m in sorted(thing.track.masks.items()))
            objects.append((thing.category, pixels))
        found.add((line.pair.expression, tuple(sorted(objects))))
    return found


@pytest.mark.parametrize("name", ALL)
def test_a_round_trip_keeps_sentences_categories_and_every_mask(full, other, tmp_path, name):
    report = exchange.export(full.store, tmp_path / "out", name)
    assert (report.pairs, report.written, report.rows, report.refused) == (3, 3, 3, ())
    taken = exchange.import_folder(other, report.root, name)
    assert (taken.imported, taken.skipped, taken.defects) == (3, 0, ())
    assert stands(other) == stands(full.store)
    assert len({id for line in other.pairs() for id in line.pair.objects}) == 2
    again = exchange.import_folder(other, report.root, name)
    assert (again.imported, again.known) == (0, 3)
    assert exchange.import_folder(full.store, report.root, name).known == 3
    assert len(full.store.pairs()) == 3


@pytest.mark.parametrize("name", ALL)
def test_two_clips_keep_their_objects_apart(full, other, tmp_path, name):
    near = Desk(full.store, full.video)
    near.clip = full.store.add_clip(near.stored.id, 0, 6)
    say(near, "The drum.", {uuid4(): ("drum", 40)})
    say(near, "The tuba.", {uuid4(): ("tuba", 3940)})
    root = exchange.export(full.store, tmp_path / "out", name).root
    assert exchange.import_folder(other, root, name).imported == 5
    assert stands(other) == stands(full.store)


@pytest.mark.parametrize("name", ALL)
def test_masks_land_on_the_frames_of_a_source_that_the_store_has(full, other, tmp_path, name):
    root = exchange.export(full.store, tmp_path / "out", name).root
    other.add_video(full.video)
    exchange.import_folder(other, root, name)
    (line,) = other.clips()
    assert (line.clip.video.sha256, line.clip.first, line.clip.last) == (full.video.sha256, 3, 14)
    tracks = {o.category: dict(o.track.masks) for o in other.load_clip_work(line.clip.id).objects}
    assert tracks == {"hair dryer": masks(full, 0), "cat": masks(full, 3900)}


@pytest.mark.parametrize("name", PLAIN)
def test_every_frame_is_there_once_with_its_sound_its_times_and_its_rate(full, tmp_path, name):
    root = exchange.export(full.store, tmp_path / "out", name).root
    pictures = sorted(root.rglob("*.jpg"))
    assert [p.name for p in pictures] == [f"{k:05d}.jpg" for k in range(COUNT)]
    assert [read_barcode(np.asarray(Image.open(p))) for p in pictures] == list(range(3, 3 + COUNT))
    manifest = json.loads((root / "manifest.json").read_text())
    (source,) = manifest["sources"].values()
    assert source["times"] == pytest.approx([0.1 * k for k in range(3, 15)], abs=1e-4)
    assert source["frames_a_second"] == pytest.approx(10, abs=0.01)
    assert manifest["counts"] == {
        "clips": 1,
        "frames": COUNT,
        "objects": 2,
        "masks": 2 * COUNT,
        "expressions": 3,
    }
    (wav,) = (root / "audio").iterdir()
    assert soundfile.info(wav).duration == pytest.approx(1.2, abs=0.01)


@pytest.mark.parametrize("name", ALL)
def test_null_and_plural_pairs_go_where_the_layout_has_a_place_for_them(full, other, tmp_path, name):
    things = [o.id for o in full.work().objects]
    save = full.store.save_pair
    save(full.session, full.clip.id, uuid4(), expression="Both.", objects=[ObjectEdit(id) for id in things])
    save(full.session, full.clip.id, uuid4(), expression="No such thing.")
    report = exchange.export(full.store, tmp_path / "out", name)
    exchange.import_folder(other, report.root, name)
    if name in SINGLE:
        kept = {"No such thing."} if name == "refavs-full" else set()
        assert {r.expression for r in report.refused} == {"Both.", "No such thing."} - kept
        assert len(other.pairs()) == 3 + len(kept)
    else:
        assert report.refused == ()
        assert stands(other) == stands(full.store)
        found = {line.pair.expression: len(line.pair.objects) for line in other.pairs()}
        assert (found["Both."], found["No such thing."]) == (2, 0)


@pytest.mark.parametrize("name", ALL)
def test_objects_on_the_same_pixels_go_where_the_layout_has_a_place_for_them(full, other, tmp_path, name):
    say(full, "The one on top.", {uuid4(): ("dog", 1)})
    report = exchange.export(full.store, tmp_path / "out", name)
    exchange.import_folder(other, report.root, name)
    if name in PALETTE:
        (refused,) = report.refused
        assert "overlaps object 1 on frame 3" in refused.reason
        assert len(other.pairs()) == 3
    else:
        assert stands(other) == stands(full.store)


@pytest.mark.parametrize("name", ALL)
def test_an_object_that_is_never_there_keeps_its_absence(store, other, short, tmp_path, name):
    desk = Desk(store, short)
    absent = {i: Mask.empty(short.size) for i in range(len(short.pts))}
    objects = [ObjectEdit(uuid4(), "dog", absent, "system")]
    store.save_pair(desk.session, desk.clip.id, uuid4(), expression="The hidden dog.", objects=objects)
    root = exchange.export(store, tmp_path / "out", name).root
    exchange.import_folder(other, root, name)
    assert stands(other) == stands(store)


@pytest.mark.parametrize("name", ALL)
def test_an_object_without_an_answer_on_every_frame_is_refused(full, tmp_path, name):
    some = {4: mask(9)}
    objects = [ObjectEdit(uuid4(), "dog", some)]
    full.store.save_pair(full.session, full.clip.id, uuid4(), expression="Half.", objects=objects)
    report = exchange.export(full.store, tmp_path / "out", name)
    (refused,) = report.refused
    assert refused.expression == "Half."
    assert "no mask on frames 3, 5, 6, 7, 8, ..." in refused.reason


def test_ref_avs_at_full_rate_is_opened_by_the_path_rules_of_the_official_loader(full, tmp_path):
    save = full.store.save_pair
    save(full.session, full.clip.id, uuid4(), expression="No such thing.", null_kind="absent")
    root = exchange.export(full.store, tmp_path / "out", "refavs-full").root
    stored = {thing.category: thing.track.masks for thing in full.work().objects}
    with (root / "metadata.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["exp"] for row in rows] == [ODD, "The cat.", "Again the first.", "No such thing."]
    for row in rows:
        v, category, _ = row["uid"].rsplit("_", 2)
        sound, rate = soundfile.read(root / "media" / v / "audio.wav")
        assert (sound.shape[1], rate, len(sound) / rate) == (2, 48000, pytest.approx(1.2, abs=0.01))
        assert len(list((root / "media" / v / "frames").iterdir())) == COUNT
        for k in range(COUNT):
            picture = Image.open(root / "media" / v / "frames" / f"{k}.jpg")
            assert read_barcode(np.asarray(picture)) == 3 + k
            found = np.asarray(Image.open(root / "gt_mask" / v / f"fid_{row['fid']}" / f"{k:05d}.png")) > 0
            null = v.startswith("null_c-")
            meant = Mask.empty((96, 128)) if null else stored[category.replace("-", " ")][3 + k]
            assert np.array_equal(found, meant.decode())


def test_palette_pictures_are_mode_p_with_the_davis_colours(full, tmp_path):
    root = exchange.export(full.store, tmp_path / "out", "davis").root
    with Image.open(next(root.rglob("00000.png"))) as picture:
        assert picture.mode == "P"
        assert picture.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]
        assert set(np.unique(np.asarray(picture))) == {0, 1, 2}


def test_the_files_have_the_form_that_others_read(full, tmp_path):
    out = {name: exchange.export(full.store, tmp_path / name, name).root for name in ALL}
    mevis = json.loads((out["mevis"] / "meta_expressions.json").read_text())
    ((clip, video),) = mevis["videos"].items()
    assert video["expressions"]["1"] == {"exp": "The cat.", "obj_id": [1], "anno_id": [1]}
    rles = json.loads((out["mevis"] / "mask_dict.json").read_text())["1"]
    assert len(rles) == len(video["frames"]) == COUNT
    assert rles[1] is None
    assert rles[0]["size"] == [96, 128]
    vos = json.loads((out["youtube-vos"] / "meta_expressions/train/meta_expressions.json").read_text())
    assert vos["videos"][clip]["expressions"]["1"] == {"exp": "The cat.", "obj_id": "2"}
    coco = json.loads((out["coco"] / "annotations.json").read_text())
    assert {c["name"] for c in coco["categories"]} == {"hair dryer", "cat"}
    entry = coco["annotations"][1]
    assert Mask.from_coco(entry["segmentations"][0]).area == entry["areas"][0] == 600
    text = (out["davis"] / "davis_text_annotations/Davis17_annot1.txt").read_text()
    assert f'{clip} 2 "The cat."\n' in text


@pytest.mark.skipif(bool(HF), reason="needs the extra [hf]")
def test_the_datasets_library_reads_pictures_sound_and_sentences(full, tmp_path):
    import datasets

    root = exchange.export(full.store, tmp_path / "out", "huggingface", shares={"val": 1}).root
    found = datasets.load_dataset(str(root), cache_dir=str(tmp_path / "cache"), split="val")
    (row,) = found.cast_column("audio", datasets.Audio(decode=False))
    assert [e["text"] for e in row["expressions"]] == [ODD, "The cat.", "Again the first."]
    assert len(row["frames"]) == COUNT
    with Image.open(next(root.rglob("00002.jpg"))) as picture:
        assert np.array_equal(np.asarray(row["frames"][2]), np.asarray(picture))
    assert row["audio"]["bytes"] == next(root.rglob("*.wav")).read_bytes()


def test_a_plain_davis_folder_without_sentences_gives_objects(store, tmp_path):
    root = tmp_path / "davis"
    make_folder(tmp_path / "made", frames=4)
    (root / "JPEGImages/480p").mkdir(parents=True)
    (tmp_path / "made" / "frames").rename(root / "JPEGImages/480p/bear")
    folder = root / "Annotations/480p/bear"
    folder.mkdir(parents=True)
    for k in range(4):
        Image.fromarray(mask(k).decode().astype(np.uint8)).save(folder / f"{k}.png")
    for _ in range(2):
        exchange.import_folder(store, root, "davis")
        (line,) = store.clips()
        (thing,) = store.load_clip_work(line.clip.id).objects
        assert dict(thing.track.masks) == {k: mask(k) for k in range(4)}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("break_it", ["empty", "list", "numbers", "text"])
def test_a_folder_that_is_not_of_the_layout_is_told(store, tmp_path, name, break_it):
    root = tmp_path / "in"
    root.mkdir()
    content = {"list": "[1, 2]", "numbers": '{"videos": {"a": 3}}', "text": "no json"}.get(break_it)
    if content:
        for file in ("annotations.json", "meta_expressions.json", "mask_dict.json", "train/meta.json"):
            (root / file).parent.mkdir(exist_ok=True)
            (root / file).write_text(content)
    with pytest.raises(RefavsError) as raised:
        exchange.import_folder(store, root, name)
    assert "\n" not in str(raised.value)
    assert store.clips() == []


@pytest.mark.parametrize("name", ALL)
def test_a_damaged_export_is_told_and_takes_nothing(full, other, tmp_path, name):
    root = exchange.export(full.store, tmp_path / "out", name).root
    victim = sorted(root.rglob("*4.jpg"))[0]
    victim.unlink()
    with pytest.raises(RefavsError):
        exchange.import_folder(other, root, name)
    assert other.pairs() == []


def test_frames_outside_the_dataset_are_never_opened(full, other, tmp_path):
    root = exchange.export(full.store, tmp_path / "out", "mevis").root
    text = (root / "meta_expressions.json").read_text()
    name = next(iter(json.loads(text)["videos"]))
    (tmp_path / "away").mkdir()
    next(root.rglob("00000.jpg")).parent.rename(tmp_path / "away" / "clip")
    (root / "meta_expressions.json").write_text(text.replace(name, "../../away/clip"))
    with pytest.raises(RefavsError, match="outside the dataset"):
        exchange.import_folder(other, root, "mevis")


def test_a_failed_export_leaves_nothing_behind(full, tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "write_wav", lambda *a, **k: (_ for _ in ()).throw(OSError(28, "full")))
    before = set(tmp_path.iterdir())
    with pytest.raises(RefavsError, match="nothing was left behind"):
        exchange.export(full.store, tmp_path / "out", "coco")
    assert set(tmp_path.iterdir()) == before


# T33
@pytest.mark.parametrize("name", ["coco", "mevis"])
def test_an_export_that_lost_a_file_on_its_way_is_told_and_not_kept(full, tmp_path, monkeypatch, name):
    count = frames._check

    def lossy(root: Path, *rest) -> None:
        next(root.rglob("*.jpg")).unlink()
        count(root, *rest)

    monkeypatch.setattr(frames, "_check", lossy)
    with pytest.raises(RefavsError, match=rf"{COUNT} frames were given, {COUNT - 1} arrived"):
        exchange.export(full.store, tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_told(store, tmp_path: Path):
    with pytest.raises(RefavsError, match="no format 'laserdisc'"):
        exchange.export(store, tmp_path / "out", "laserdisc")
    with pytest.raises(
        RefavsError, match="choose one of: refavs, coco, davis, huggingface, mevis, refavs-full, youtube-vos"
    ):
        exchange.import_folder(store, tmp_path, "laserdisc")
