"""Releases: named, frozen, with a datasheet."""

import json
import subprocess
from uuid import uuid4

import pytest
from store_desk import Desk, mask
from typer.testing import CliRunner

from annotations import release
from annotations.exchange import mevis
from annotations.records import ObjectEdit, PairEdit, Spent, StoreError
from core.errors import RefavsError
from core.masks import Track


@pytest.fixture
def place(desk: Desk):
    """Ten frames with an accepted pair, a null one, and one that was never found."""
    store, clip = desk.store, desk.store.add_clip(desk.stored.id, 0, 9)
    masks = {i: mask(i) for i in range(10)}
    pairs = [uuid4(), uuid4(), uuid4()]
    dog = ObjectEdit(uuid4(), "dog", masks, "click")
    edit = PairEdit(pairs[0], "The barking dog.", (dog.id,), spent=Spent(40.0, 3, 1))
    store.save_work(desk.session, clip.id, [dog], [edit], act="save pair")
    store.save_pair(
        desk.session, clip.id, pairs[1], expression="The tuba.", null_kind="absent", cues=("look",)
    )
    store.save_pair(desk.session, clip.id, pairs[2], expression=None)
    store.submit_pair(desk.session, pairs[0])
    bob = store.start_session("Bob").id
    store.find_back(bob, pairs[0], Track((96, 128), masks))
    return pairs


def test_a_release_has_a_datasheet_sums_and_the_versions_that_went_out(desk, store, place, tmp_path):
    info, report = release.make(store, "v1", tmp_path / "v1", "mevis")
    sheet = json.loads((report.root / release.SHEET).read_text())
    assert sheet == info.sheet
    assert (sheet["pairs"], sheet["pairs_left_out"], sheet["videos"], sheet["rows"]) == (2, 1, 1, 2)
    assert sheet["by_cue"] == {"look": 1, "sound": 1}
    assert sheet["by_category"] == {"dog": 1, "null": 1}
    assert sheet["by_kind"] == {"null (absent)": 1, "one object": 1}
    assert sheet["by_words"] == {"2": 1, "3": 1}
    assert sheet["agreement"]["total"] == {"reviews": 1, "agreed": 1, "percent": 100.0}
    assert "1 of 1 (100.0 %)" in (report.root / release.WORDS).read_text()
    assert sheet["spent"]["pairs"] == 1
    assert sheet["spent"]["seconds"] == {"median": 40.0, "mean": 40.0, "most": 40.0, "all": 40.0}
    assert "| clicks | 3 | 3.0 | 3 | 3 |" in (report.root / release.WORDS).read_text()
    stood = {line.pair.id: line.pair.version for line in store.pairs() if line.pair.expression}
    assert dict(info.versions) == stood
    done = subprocess.run(["sha256sum", "-c", "--quiet", release.SUMS], cwd=report.root, check=False)
    assert done.returncode == 0
    store.delete_pair(desk.session, place[1])
    assert release.releases(store) == [info]


def test_what_was_changed_in_a_release_is_named(store, place, tmp_path):
    _, report = release.make(store, "v1", tmp_path / "v1", "mevis")
    assert release.changed(report.root) == []
    (report.root / mevis.META).write_text("{}")
    assert release.changed(report.root) == [mevis.META]
    with pytest.raises(StoreError, match="is no release"):
        release.changed(tmp_path)


def test_a_name_is_given_once_and_a_failed_release_leaves_nothing(store, place, tmp_path, monkeypatch):
    release.make(store, "v1", tmp_path / "v1", "mevis")
    with pytest.raises(StoreError, match="release 'v1' already"):
        release.make(store, "v1", tmp_path / "again", "mevis")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(release, "_words", full)
    with pytest.raises(RefavsError, match="No space left"):
        release.make(store, "v2", tmp_path / "v2", "mevis")
    assert [each.name for each in release.releases(store)] == ["v1"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["v1"]


def test_refavs_export_makes_a_release(store, url, place, tmp_path):
    import typer

    from app.cli import exchange

    cli = typer.Typer()
    exchange.register(cli)
    words = ["export", str(tmp_path / "v1"), "--format", "mevis", "--db", url, "--release", "v1"]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "2 rows" in done.stdout
    assert [each.name for each in release.releases(store)] == ["v1"]
