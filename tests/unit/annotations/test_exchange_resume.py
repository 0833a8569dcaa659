"""An export that was cut off goes on; what it had finished is not done again."""

import json
import multiprocessing
import os
import subprocess
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import pytest
from makers import make_clip, tone
from store_desk import Desk, mask

from annotations import exchange
from annotations.records import ObjectEdit
from annotations.store import Store
from core import media
from core.datasets.whole import JOURNAL, SUMS, Staged
from core.errors import RefavsError

spawn = multiprocessing.get_context("forkserver")
spawn.set_forkserver_preload(["annotations.store", "annotations.exchange.refavs_export"])
CLIPS = 3


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> media.Video:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return media.open(make_clip(path, frames=36, rate=Fraction(10), sound=tone(3.6)))


@pytest.fixture
def full(store, film) -> Desk:
    """Three clips of one video, with a sentence each."""
    desk = Desk(store, film)
    for k in range(CLIPS):
        desk.clip = store.add_clip(desk.stored.id, 12 * k, 12 * k + 11)
        masks = {i: mask(i) for i in range(12 * k, 12 * k + 12)}
        thing = ObjectEdit(uuid4(), "dog", masks, "click")
        store.save_pair(desk.session, desk.clip.id, uuid4(), expression="The barking dog.", objects=[thing])
    return desk


def cut_off(monkeypatch, after: int) -> None:
    """Ctrl+C in the middle of a sample, when `after` are finished."""
    whole = Staged.once
    done = 0

    def once(self, name, key, places, write):
        nonlocal done

        def half():
            write()
            if done == after:
                raise KeyboardInterrupt

        whole(self, name, key, places, half)
        done += 1

    monkeypatch.setattr(Staged, "once", once)


def content(root: Path) -> dict[str, bytes]:
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    del files[SUMS]
    told = json.loads(files.pop("manifest.json"))
    return {**files, "manifest.json": json.dumps(told | {"made": ""}).encode()}


def written(monkeypatch) -> list[str]:
    """Names of the samples that are written from now on."""
    names: list[str] = []
    whole = Staged.once

    def once(self, name, key, places, write):
        whole(self, name, key, places, lambda: (names.append(name), write()))

    monkeypatch.setattr(Staged, "once", once)
    return names


@pytest.mark.parametrize("name", ["refavs", "avss", "mevis", "youtube-vos"])
def test_an_export_that_was_cut_off_goes_on_and_ends_as_one_that_was_not(full, tmp_path, monkeypatch, name):
    with monkeypatch.context() as patched:
        cut_off(patched, after=2)
        with pytest.raises(KeyboardInterrupt):
            exchange.export(full.store, tmp_path / "out", name)
    assert not (tmp_path / "out").exists()
    names = written(monkeypatch)
    root = exchange.export(full.store, tmp_path / "out", name).root
    assert len(names) == 1
    assert not list(tmp_path.glob(".out*"))
    assert content(root) == content(exchange.export(full.store, tmp_path / "whole", name).root)
    told = json.loads((root / "manifest.json").read_text())
    assert (told["format"], told["hashes"]) == (name, SUMS)
    assert subprocess.run(["sha256sum", "-c", "--quiet", SUMS], cwd=root, check=False).returncode == 0
    listed = {line.split("  ", 1)[1] for line in (root / SUMS).read_text().splitlines()}
    assert listed == content(root).keys()


@pytest.mark.parametrize("name", ["refavs", "mevis"])
def test_what_is_there_of_an_unfinished_export_is_no_dataset_to_import(
    full, other, tmp_path, monkeypatch, name
):
    with monkeypatch.context() as patched:
        cut_off(patched, after=2)
        with pytest.raises(KeyboardInterrupt):
            exchange.export(full.store, tmp_path / "out", name)
    with pytest.raises(RefavsError, match="there is no") as told:
        exchange.import_folder(other, tmp_path / ".out.partial", name)
    assert "\n" not in str(told.value)
    assert other.clips() == []


def test_samples_that_were_damaged_or_changed_since_or_are_not_chosen_any_more_are_not_kept(
    full, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        cut_off(patched, after=2)
        with pytest.raises(KeyboardInterrupt):
            exchange.export(full.store, tmp_path / "out", "refavs")
    part = tmp_path / ".out.partial"
    with (part / JOURNAL).open("a") as journal:
        journal.write('{"name": "cut o')
    first = sorted(part.glob("media/*/frames/0.jpg"))[0]
    first.write_bytes(first.read_bytes()[:-1])
    line = full.store.pairs()[-2]
    full.store.delete_pair(full.session, line.pair.id)
    names = written(monkeypatch)
    root = exchange.export(full.store, tmp_path / "out", "refavs").root
    assert len(names) == 2
    assert content(root) == content(exchange.export(full.store, tmp_path / "whole", "refavs").root)
    assert len(list(root.glob("media/*"))) == CLIPS - 1


def test_a_mask_that_was_changed_meanwhile_is_written_anew(full, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        cut_off(patched, after=2)
        with pytest.raises(KeyboardInterrupt):
            exchange.export(full.store, tmp_path / "out", "refavs")
    line = full.store.pairs()[-1]
    (thing,) = line.pair.objects
    full.store.save_masks(full.session, line.clip.id, thing, {0: mask(4000)}, act="brush", source="brush")
    names = written(monkeypatch)
    root = exchange.export(full.store, tmp_path / "out", "refavs").root
    assert len(names) == 2
    assert content(root) == content(exchange.export(full.store, tmp_path / "whole", "refavs").root)


def export_and_hang(url: str, root: Path, log) -> None:
    whole = Staged.once

    def once(self, name, key, places, write):
        def half():
            write()
            if len(self._done) == 2:
                log.send("busy")
                log.recv()

        whole(self, name, key, places, half)

    Staged.once = once
    with Store.open(url) as store:
        exchange.export(store, root, "refavs")


def test_a_killed_export_leaves_no_folder_of_that_name_and_the_next_one_goes_on(
    full, url, tmp_path, monkeypatch
):
    here, there = spawn.Pipe()
    process = spawn.Process(target=export_and_hang, args=(url, tmp_path / "out", there), daemon=True)
    process.start()
    assert here.recv() == "busy"
    with pytest.raises(RefavsError, match="Another program is writing"):
        exchange.export(full.store, tmp_path / "out", "refavs")
    process.kill()
    process.join()
    assert process.exitcode == -9
    assert not (tmp_path / "out").exists()
    names = written(monkeypatch)
    report = exchange.export(full.store, tmp_path / "out", "refavs")
    assert (report.rows, len(names)) == (CLIPS, 1)
    assert content(report.root) == content(exchange.export(full.store, tmp_path / "whole", "refavs").root)


def test_a_link_in_the_place_of_the_unfinished_folder_is_not_followed(full, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / ".out.partial")
    with pytest.raises(RefavsError, match="a link is in the way"):
        exchange.export(full.store, tmp_path / "out", "refavs")
    assert list((tmp_path / "elsewhere").iterdir()) == []
