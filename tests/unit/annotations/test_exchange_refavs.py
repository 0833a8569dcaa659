"""The store's pairs as Ref-AVS, and back: what is stored is what is exported."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pandas
import pytest
import soundfile
from makers import make_clip, make_folder, read_barcode, tone
from PIL import Image
from store_desk import Desk, mask, track

from annotations.exchange.refavs_export import export
from annotations.exchange.refavs_import import import_folder
from annotations.records import ObjectEdit, PairFilter
from core import media
from core.datasets.refavs import Dataset
from core.datasets.refavs_write import Entry, Window, Writer
from core.errors import RefavsError

ODD = 'He said: "the dog, loud";\n<img src=x onerror=alert(1)> Ünï 🐕'


def say(desk: Desk, text: str | None, category: str | None = "dog", salt: int = 0, **options):
    """A pair with an object on every frame of the desk's clip."""
    frames = range(desk.clip.first, desk.clip.last + 1)
    masks = {i: m for i, m in track(desk.video, salt).items() if i in frames}
    pair, thing = uuid4(), uuid4()
    objects = [ObjectEdit(thing, category, masks, "system")]
    desk.store.save_pair(desk.session, desk.clip.id, pair, expression=text, objects=objects, **options)
    return pair, thing


def say_null(desk: Desk, text: str, **options):
    pair = uuid4()
    desk.store.save_pair(desk.session, desk.clip.id, pair, expression=text, **options)
    return pair


def official_samples(root: Path, split: str):
    """What the official loader opens, by its path rules: (row, frames, sound, masks as it resizes them)."""
    table = pandas.read_csv(root / "metadata.csv", header=0)
    for _, row in table[table["split"] == split].iterrows():
        v = row["uid"].rsplit("_", 2)[0]
        frames = [cv2.imread(str(root / "media" / v / "frames" / f"{k}.jpg")) for k in range(10)]
        sound = soundfile.read(root / "media" / v / "audio.wav")
        masks = []
        for k in range(10):
            picture = cv2.imread(str(root / "gt_mask" / v / f"fid_{row['fid']}" / f"0000{k}.png"))
            grey = cv2.cvtColor(cv2.resize(picture, (256, 256)), cv2.COLOR_BGR2GRAY)
            masks.append(grey > 0)
        yield row, frames, sound, masks


def rows_of(root: Path) -> set[tuple]:
    return {(r.vid, r.uid, r.split, r.fid, r.exp) for r in Dataset(root).rows}


def bits_of(root: Path) -> dict[str, bytes]:
    return {s.row.uid: np.packbits(s.masks()).tobytes() for s in Dataset(root).samples()}


def test_the_official_loader_opens_every_sample(desk, tmp_path):
    say(desk, ODD)
    say(desk, "The cat.", "Hair_dryer X", salt=1)
    say_null(desk, "The tuba that plays.")
    report = export(desk.store, tmp_path / "out")
    samples = list(official_samples(report.root, "train"))
    assert len(samples) == report.rows == 6
    for row, frames, (sound, rate), masks in samples:
        assert all(f.shape == (96, 128, 3) for f in frames)
        assert sound.shape == (480000, 2)
        assert rate == 48000
        assert len(masks) == 10
        is_null = "_null_" in row["uid"]
        assert row["uid"].startswith("null_c-") == is_null
        assert any(m.any() for m in masks) == (not is_null)
    texts = {row["exp"] for row, *_ in samples}
    assert texts == {ODD, "The cat.", "The tuba that plays."}
    assert {row["uid"].rsplit("_", 2)[1] for row, *_ in samples} == {"dog", "hair-dryer-x", "null"}


def test_every_exported_mask_is_the_stored_one_of_the_frame_shown_at_that_second(desk, tmp_path):
    _, thing = say(desk, "The dog.")
    stored = desk.work().objects[0].track.masks
    report = export(desk.store, tmp_path / "out")
    first, second = Dataset(report.root).samples()
    for k in range(10):
        assert (first.masks()[k] == stored[10 * k].decode()).all()
        assert (second.masks()[k] == stored[min(100 + 10 * k, 123)].decode()).all()
        assert read_barcode(np.asarray(Image.open(first.frame_paths[k]))) == 10 * k
        assert read_barcode(np.asarray(Image.open(second.frame_paths[k]))) == min(100 + 10 * k, 123)
    manifest = json.loads((report.root / "manifest.json").read_text())
    assert manifest["padded"] == [{"v": second.row.v, "seconds": 3}]
    assert manifest["counts"]["masks"] == 20
    assert thing


def test_vids_uids_and_numbers_follow_the_rules(desk, tmp_path):
    say(desk, "First.", "dog")
    say(desk, "Second.", "Dog", salt=1)
    say(desk, "Third.", None, salt=2)
    say(desk, "Fourth.", "null", salt=3)
    short = desk.video.sha256[:11]
    report = export(desk.store, tmp_path / "out")
    rows = [r for r in Dataset(report.root).rows if r.vid == f"{short}_0_10000"]
    assert [r.uid.removeprefix(r.vid) for r in rows] == ["_dog_1", "_dog_2", "_object_1", "_object_2"]
    assert [r.fid for r in rows] == [0, 1, 2, 3]
    assert {r.vid for r in Dataset(report.root).rows} == {f"{short}_0_10000", f"{short}_10000_20000"}


def test_the_source_id_names_the_clip_and_the_start_counts_from_the_videos_first_frame(
    store, tmp_path, tmp_path_factory
):
    path = make_clip(tmp_path_factory.mktemp("v") / "late.mp4", frames=60, rate=Fraction(5), start=1.5)
    desk = Desk(store, media.open(path))
    store.add_video(desk.video, source="-cLOg0_sQ0Z")
    clip = store.add_clip(desk.stored.id, 7, 59)
    desk.clip = clip
    say(desk, "The dog.")
    report = export(store, tmp_path / "out")
    assert {r.vid for r in Dataset(report.root).rows} == {"-cLOg0_sQ0Z_1400_11400"}
    sample = next(Dataset(report.root).samples())
    assert [read_barcode(np.asarray(Image.open(p))) for p in sample.frame_paths] == [
        7 + 5 * k for k in range(10)
    ]
    assert "0.60 s make no window" in " ".join(report.notes)


def test_a_30000_1001_clip_of_ten_seconds_is_one_window_of_the_frames_shown(store, tmp_path):
    path = make_clip(tmp_path / "ntsc.mp4", frames=300, rate=Fraction(30000, 1001), options={"g": "300"})
    desk = Desk(store, media.open(path))
    say(desk, "The dog.")
    report = export(store, tmp_path / "out")
    assert report.rows == 1
    (sample,) = Dataset(report.root).samples()
    shown = [read_barcode(np.asarray(Image.open(p))) for p in sample.frame_paths]
    assert shown == [int(k * 30000 / 1001) for k in range(10)]


def test_what_the_layout_cannot_hold_is_refused_with_its_reason(desk, tmp_path):
    _, a = say(desk, "One.")
    _, b = say(desk, "Two.", salt=1)
    save = desk.store.save_pair
    save(desk.session, desk.clip.id, uuid4(), expression="Both.", objects=[ObjectEdit(a), ObjectEdit(b)])
    save(desk.session, desk.clip.id, uuid4(), expression=None, objects=[ObjectEdit(a)])
    save(
        desk.session,
        desk.clip.id,
        uuid4(),
        expression="NO.",
        objects=[ObjectEdit(a)],
        status="cannot-describe",
    )
    some = {i: mask(i) for i in range(0, 105)}
    save(desk.session, desk.clip.id, uuid4(), expression="Half.", objects=[ObjectEdit(uuid4(), "x", some)])
    report = export(desk.store, tmp_path / "out")
    assert (report.pairs, report.written, report.rows) == (6, 3, 5)
    reasons = {r.expression: r.reason for r in report.refused}
    assert "2 objects" in reasons["Both."]
    assert "no expression" in reasons[None]
    assert "cannot be described" in reasons["NO."]
    assert "no mask on frames 110, 120, 123" in reasons["Half."]
    manifest = json.loads((report.root / "manifest.json").read_text())
    assert {r["expression"] for r in manifest["refused"]} == {"Both.", None, "NO.", "Half."}
    assert {r.exp for r in Dataset(report.root).rows if "_10000_20000" in r.uid} == {"One.", "Two."}


def test_nothing_to_export_and_a_changed_video_are_told_and_leave_nothing(desk, tmp_path, tmp_path_factory):
    with pytest.raises(RefavsError, match="nothing to export"):
        export(desk.store, tmp_path / "out")
    folder = tmp_path_factory.mktemp("moved")
    path = make_clip(folder / "a.mp4", frames=30)
    other = Desk(desk.store, media.open(path), "Bob")
    say(other, "The dog.")
    make_clip(path, frames=31)
    with pytest.raises(RefavsError, match=r"the file is another one.*has 31 frames, had 30"):
        export(desk.store, tmp_path / "out")
    path.unlink()
    with pytest.raises(RefavsError, match=r"no file.*a\.mp4"):
        export(desk.store, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir() if "work.db" not in p.name] == []


def test_a_video_without_sound_exports_silence_of_the_right_form(store, tmp_path):
    desk = Desk(store, media.open(make_clip(tmp_path / "mute.mp4", frames=20)))
    say(desk, "The dog.")
    report = export(store, tmp_path / "out")
    (sample,) = Dataset(report.root).samples()
    sound, rate = soundfile.read(sample.audio_path)
    assert (sound.shape, rate, np.abs(sound).max()) == ((480000, 2), 48000, 0)


def test_the_windows_sound_is_the_clips_sound_of_those_seconds(store, tmp_path):
    pitch = np.concatenate([tone(10.0, hertz=300), tone(5.0, hertz=900)])
    path = make_clip(tmp_path / "two.mp4", frames=450, rate=Fraction(30000, 1001), sound=pitch)
    desk = Desk(store, media.open(path))
    say_null(desk, "A tuba.")
    report = export(store, tmp_path / "out")
    first, second = (soundfile.read(s.audio_path)[0][:, 0] for s in Dataset(report.root).samples())
    assert np.abs(np.fft.rfft(first[4800:475200])).argmax() / 9.8 == pytest.approx(300, abs=1)
    assert np.abs(np.fft.rfft(second[2400:50400])).argmax() == pytest.approx(900, abs=1)
    assert np.abs(second[5 * 48000 + 2400 :]).max() < 1e-3


def test_selection_by_session_annotator_status_and_date(desk, tmp_path, video):
    bob = Desk(desk.store, video, "Bob")
    say(desk, "Ann's.", status="submitted")
    say(bob, "Bob's.", salt=1)
    for n, (which, texts) in enumerate(
        [
            (PairFilter(session=desk.session), {"Ann's."}),
            (PairFilter(annotator="Bob"), {"Bob's."}),
            (PairFilter(status="submitted"), {"Ann's."}),
            (PairFilter(since=desk.store.sessions()[-1].started), {"Ann's.", "Bob's."}),
        ]
    ):
        report = export(desk.store, tmp_path / f"out{n}", which)
        assert {r.exp for r in Dataset(report.root).rows} == texts
        manifest = json.loads((report.root / "manifest.json").read_text())
        assert {s["annotator"] for s in manifest["sessions"]} == {t.split("'")[0] for t in texts}


def test_two_clips_that_share_a_window_are_merged_and_others_are_told(desk, tmp_path):
    say(desk, "Whole.")
    near = Desk(desk.store, desk.video, "Bob")
    near.clip = desk.store.add_clip(desk.stored.id, 0, 110)
    say(near, "Near.", salt=1)
    early = Desk(desk.store, desk.video, "Bob")
    early.clip = desk.store.add_clip(desk.stored.id, 0, 50)
    say(early, "Early.", salt=2)
    report = export(desk.store, tmp_path / "out")
    rows = {r.exp: r for r in Dataset(report.root).rows if r.vid.endswith("_0_10000")}
    assert set(rows) == {"Whole.", "Near."}
    assert {r.fid for r in rows.values()} == {0, 1}
    assert {r.expression for r in report.refused} == {"Near.", "Early."}
    first = {s.row.exp: s.masks()[3] for s in Dataset(report.root).samples() if "_0_10000" in s.row.uid}
    assert (first["Near."] == track(desk.video, 1)[30].decode()).all()


def test_a_round_trip_keeps_rows_ids_splits_and_bits(desk, other, tmp_path):
    say(desk, ODD, split="val")
    say(desk, "The cat.", "cat", salt=1, split="test_s")
    say_null(desk, "The tuba.", split="test_n", cues=("sound",), null_kind="silent")
    one = export(desk.store, tmp_path / "one").root
    report = import_folder(other, one)
    told = {(line.pair.expression, line.pair.cues, line.pair.null_kind) for line in other.pairs()}
    assert told == {(ODD, None, None), ("The cat.", None, None), ("The tuba.", ("sound",), "silent")}
    assert (report.rows, report.imported, report.skipped, report.defects) == (6, 6, 0, ())
    two = export(other, tmp_path / "two").root
    assert rows_of(two) == rows_of(one)
    assert bits_of(two) == bits_of(one)
    again = import_folder(other, one)
    assert (again.imported, again.known, again.defects) == (0, 6, ())
    assert len(other.pairs(limit=None)) == 6


def test_an_imported_sample_opens_as_ten_frames_one_second_apart(desk, other, tmp_path):
    say(desk, "The dog.")
    import_folder(other, export(desk.store, tmp_path / "one").root)
    line = other.clips()[0]
    clip = media.open(line.clip.video.path).clip(line.clip.first, line.clip.last)
    assert clip.times.tolist() == list(range(10))
    work = other.load_clip_work(line.clip.id)
    assert work.objects[0].track.indices == tuple(range(10))
    assert work.pairs[0].status == "draft"


def test_masks_land_on_the_frames_of_a_source_that_the_store_has(desk, other, tmp_path):
    say(desk, "The dog.")
    one = export(desk.store, tmp_path / "one").root
    other.add_video(desk.video)
    report = import_folder(other, one)
    assert report.defects == ()
    lines = {line.clip.label: line.clip for line in other.clips()}
    assert {clip.video.sha256 for clip in lines.values()} == {desk.video.sha256}
    first = lines[f"{desk.video.sha256[:11]}_0_10000"]
    masks = other.load_clip_work(first.id).objects[0].track.masks
    assert dict(masks) == {i: desk.work().objects[0].track.masks[i] for i in range(0, 100, 10)}
    two = export(other, tmp_path / "two").root
    assert rows_of(two) == rows_of(one)
    assert bits_of(two) == bits_of(one)


@pytest.mark.parametrize("field", ["frame_count", "pts_hash", "size"])
def test_a_source_whose_frames_are_not_the_same_is_warned_of_and_not_used(desk, other, tmp_path, field):
    say(desk, "The dog.")
    one = export(desk.store, tmp_path / "one").root
    other.add_video(desk.video)
    manifest = json.loads((one / "manifest.json").read_text())
    changed = {"frame_count": 200, "pts_hash": "0" * 64, "size": [128, 96]}[field]
    for source in manifest["sources"].values():
        source[field] = changed
    (one / "manifest.json").write_text(json.dumps(manifest))
    report = import_folder(other, one)
    assert report.imported == 2
    assert len(report.defects) == 2
    assert "its source was read as" in report.defects[0].what
    assert {line.clip.video.frame_count for line in other.clips()} == {10}


def test_a_source_that_was_fetched_again_and_is_another_file_is_warned_of(desk, other, tmp_path):
    desk.store.add_video(desk.video, source="-cLOg0_sQ0Z")
    say(desk, "The dog.")
    one = export(desk.store, tmp_path / "one").root
    path = make_clip(tmp_path / "again.mp4", frames=124, rate=Fraction(10))
    other.add_video(media.open(path), source="-cLOg0_sQ0Z")
    report = import_folder(other, one)
    assert report.imported == 2
    assert {d.what.partition(" (")[0] for d in report.defects} == {
        "its source -cLOg0_sQ0Z is another file here"
    }
    assert {line.clip.video.frame_count for line in other.clips()} == {10}


def test_importing_ones_own_export_never_takes_newer_work_back(desk, tmp_path):
    pair, thing = say(desk, "The dog.")
    root = export(desk.store, tmp_path / "out").root
    desk.store.save_masks(desk.session, desk.clip.id, thing, {10: mask(999)}, act="brush", source="brush")
    desk.store.save_pair(desk.session, desk.clip.id, pair, expression="Better.", objects=[ObjectEdit(thing)])
    before = desk.work()
    report = import_folder(desk.store, root)
    assert (report.imported, report.known) == (0, 2)
    said = " ".join(d.what for d in report.defects)
    assert "the store says 'Better.'" in said
    assert "1 of its masks differ" in said
    assert desk.work() == before
    assert len(desk.store.clips()) == 1


def official_folder(root: Path, rows: str) -> Path:
    """A folder as the benchmark ships it: no manifest, a null clip with a 44.1 kHz mono sound."""
    for v, sound in (
        ("abc_1000_11000", tone(10, rate=48000)),
        ("null_m-abc_1000_11000", tone(10, rate=44100)),
    ):
        make_folder(root / "media" / v, sound=sound, sound_rate=44100 if v.startswith("null") else 48000)
        for fid in (0, 1) if v[0] == "a" else (0,):
            folder = root / "gt_mask" / v / f"fid_{fid}"
            folder.mkdir(parents=True)
            for k in range(10):
                pixels = (
                    np.zeros((96, 128), np.uint8)
                    if v[0] == "n"
                    else mask(k + 10 * fid).decode() * np.uint8(255)
                )
                Image.fromarray(pixels).save(folder / f"{k:05d}.png")
    (root / "metadata.csv").write_text("vid,uid,split,fid,exp\n" + rows)
    return root


GOOD = (
    "abc_1000_11000,abc_1000_11000_cello_1,train,1,The cello.\n"
    "abc_1000_11000,abc_1000_11000_cello_4,train,1,It.\n"
    "abc_1000_11000,abc_1000_11000_man_1,train,0,The man.\n"
    "abc_1000_11000,null_m-abc_1000_11000_null_2,train,0,The sounding object.\n"
)


def test_the_official_layout_keeps_its_ids_through_the_store(store, tmp_path):
    root = official_folder(tmp_path / "official", GOOD)
    report = import_folder(store, root)
    assert (report.imported, report.defects) == (4, ())
    one = export(store, tmp_path / "one").root
    assert rows_of(one) == rows_of(root)
    assert bits_of(one) == bits_of(root)
    assert [line.pair.status for line in store.pairs()] == ["accepted"] * 4


def test_new_pairs_on_an_imported_clip_get_the_next_numbers_and_their_own_null_folder(store, tmp_path):
    import_folder(store, official_folder(tmp_path / "official", GOOD))
    real = next(line.clip for line in store.clips() if not line.clip.label.startswith("null"))
    desk = Desk(store, media.open(real.video.path))
    desk.clip = real
    cello = next(o.id for o in store.load_clip_work(real.id).objects if o.category == "cello")
    store.save_pair(desk.session, real.id, uuid4(), expression="New.", objects=[ObjectEdit(cello)])
    say_null(desk, "A new null.")
    rows = {r.exp: r for r in Dataset(export(store, tmp_path / "one").root).rows}
    assert rows["New."].uid == "abc_1000_11000_cello_5"
    assert rows["New."].fid == 1
    assert rows["A new null."].uid == "null_c-abc_1000_11000_null_1"
    assert rows["The sounding object."].uid == "null_m-abc_1000_11000_null_2"


def test_every_defect_of_a_real_folder_is_told_and_the_rest_is_taken(store, tmp_path):
    bad = (
        "abc_1000_11000,abc_1000_11000_cello_1,train,1,The cello.\n"
        "abc_1000_11000,abc_1000_11000_cello_1,train,1,The cello again.\n"
        "abc_1000_11000,abc_1000_11000_man_1,TODO,0,NO.\n"
        "abc_1000_11000,abc_1000_11000_man_2,train,0,It.\n"
        "abc_1000_11000,abc_1000_11000_cello_2,train,1,It.\n"
        "abc_1000_11000,abc_1000_11000_dog_1,train,5,A dog without masks.\n"
        "abc_1000_11000,abc_1000_11000_man_3,train,0,\n"
        "gone_0_10000,gone_0_10000_dog_1,train,0,A dog without media.\n"
        "abc_1000_11000,null_m-abc_1000_11000_null_1,train,0,The tuba.\n"
    )
    root = official_folder(tmp_path / "official", bad)
    (root / "gt_mask" / "null_m-abc_1000_11000" / "fid_0" / "00003.png").unlink()
    report = import_folder(store, root)
    assert (report.rows, report.imported, report.skipped) == (9, 6, 3)
    told = "\n".join(f"{d.where}: {d.what}" for d in report.defects)
    for piece in (
        "cello_1: the uid is given to an earlier row too",
        "'it' refers to the objects 0, 1",
        "the split is 'TODO'",
        "'NO.' is no expression",
        "00000.png does not exist",
        "expression is empty",
        "gone_0_10000",
        "without its black masks",
    ):
        assert piece in told
    exported = export(store, tmp_path / "one")
    assert "was the uid of two rows" in " ".join(exported.notes)
    assert exported.rows == 6


def test_two_names_of_one_object_keep_one_fid(store, tmp_path):
    rows = (
        "abc_1000_11000,abc_1000_11000_woman_1,train,0,The woman.\n"
        "abc_1000_11000,abc_1000_11000_girl_1,train,0,The girl.\n"
    )
    root = official_folder(tmp_path / "official", rows)
    import_folder(store, root)
    assert rows_of(export(store, tmp_path / "one").root) == rows_of(root)


def test_folders_that_cannot_be_imported_are_told(store, tmp_path):
    with pytest.raises(RefavsError, match="there is no"):
        import_folder(store, tmp_path)
    root = official_folder(tmp_path / "official", "")
    with pytest.raises(RefavsError, match="has no rows"):
        import_folder(store, root)
    (root / "metadata.csv").write_text("vid,uid,split,fid,exp\nx_0_1,x_0_1_dog_1,train,0,Dog.\n")
    with pytest.raises(RefavsError, match="No row of"):
        import_folder(store, root)
    assert store.pairs() == []


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"sources": {"a": 1}}', '{"pairs": {"u": {"pair": "x"}}}', "\x00"]
)
def test_a_broken_manifest_is_told_and_left_aside(store, tmp_path, text):
    root = official_folder(tmp_path / "official", GOOD)
    (root / "manifest.json").write_text(text)
    report = import_folder(store, root)
    assert report.imported == 4
    assert [d.where for d in report.defects] == ["manifest.json"]


def test_a_folder_written_by_the_writer_alone_is_imported(store, tmp_path):
    frames = [np.full((96, 128, 3), 25 * k, np.uint8) for k in range(10)]
    entry = Entry("dog", 3, [mask(k).decode() for k in range(10)], ["The dog."], "val")
    window = Window("w_0_10000", frames, tone(10), 48000, [entry, replace_null(entry)])
    with Writer(tmp_path / "world") as writer:
        writer.add(window)
    assert import_folder(store, tmp_path / "world").imported == 2
    two = export(store, tmp_path / "two").root
    assert rows_of(two) == rows_of(tmp_path / "world")
    assert bits_of(two) == bits_of(tmp_path / "world")


def replace_null(entry: Entry) -> Entry:
    return replace(entry, category="null", fid=0, masks=None, expressions=["No such thing."])
