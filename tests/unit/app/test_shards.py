"""Accepted pairs become files that never change, and go to the hub where there is a token."""

import json
import threading
from pathlib import Path
from uuid import uuid4

import fake_hub
import huggingface_hub.constants
import pytest

from annotations.records import ObjectEdit
from annotations.store import Store
from app import shards
from app.shards import HubPusher, NoPusher, Shards, pusher
from core.errors import RefavsError
from core.masks import Mask

parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra [hf]")


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'refavs.db'}") as opened:
        yield opened


def accept(store, clip, sentence, frames=()):
    """A pair that ann wrote and bob accepted."""
    ann, bob = (store.start_session(name).id for name in ("ann", "bob"))
    place = store.add_clip(store.add_video(clip.video).id, clip.first, clip.last).id
    mask = Mask.encode(clip.frame(0)[..., 0] > 100)
    thing = ObjectEdit(uuid4(), "piano", dict.fromkeys(frames or clip.indices, mask), "click")
    pair = uuid4()
    store.save_pair(ann, place, pair, expression=sentence, objects=[thing])
    store.submit_pair(ann, pair)
    store.judge_pair(bob, pair, accept=True)
    return pair


def rows(folder: Path):
    return [
        row for path in sorted(folder.glob("data/*.parquet")) for row in parquet.read_table(path).to_pylist()
    ]


def test_each_accepted_pair_is_in_one_shard_and_shards_never_change(store, clip, tmp_path):
    made = Shards(store, NoPusher, tmp_path / "shards")
    assert made.collect() == 0
    first = accept(store, clip, "The piano that plays.")
    assert made.collect() == 1
    before = {path: path.read_bytes() for path in (tmp_path / "shards").rglob("*") if path.is_file()}
    second = accept(store, clip, "The second piano.")
    assert made.collect() == 1
    assert made.collect() == 0
    assert Shards(store, NoPusher, tmp_path / "shards").collect() == 0  # after a restart
    assert {path: path.read_bytes() for path in before} == before
    told = [json.loads(path.read_text())["pairs"] for path in (tmp_path / "shards" / "pairs").iterdir()]
    assert {pair["id"] for each in told for pair in each} == {str(first), str(second)}
    said = [each["text"] for row in rows(tmp_path / "shards") for each in row["expressions"]]
    assert sorted(said) == ["The piano that plays.", "The second piano."]
    assert len(rows(tmp_path / "shards")[0]["frames"]) == len(clip)


def test_pairs_are_listed_only_when_something_was_changed(store, clip, tmp_path, monkeypatch):
    accept(store, clip, "The piano that plays.")
    made = Shards(store, NoPusher, tmp_path / "shards")
    listed = []
    pairs = store.pairs
    monkeypatch.setattr(store, "pairs", lambda *which, **more: listed.append(1) or pairs(*which, **more))
    assert made.collect() == 1
    after = len(listed)
    assert made.collect() == 0
    assert len(listed) == after
    accept(store, clip, "The second piano.")
    assert made.collect() == 1
    assert len(listed) > after


def test_a_shard_that_could_not_be_written_is_made_at_the_next_look(store, clip, tmp_path, monkeypatch):
    accept(store, clip, "The piano that plays.")
    made = Shards(store, NoPusher, tmp_path / "shards")
    with monkeypatch.context() as full:
        full.setattr(shards, "put", lambda *files: (_ for _ in ()).throw(OSError("No space left on device")))
        with pytest.raises(OSError, match="No space left"):
            made.collect()
    assert made.collect() == 1


def test_draft_and_submitted_pairs_stay_here(store, clip, tmp_path):
    pair = accept(store, clip, "The piano.")
    made = Shards(store, NoPusher, tmp_path / "shards")
    assert made.collect() == 1
    ann = store.start_session("ann").id
    place = store.clips()[0].clip.id
    store.save_pair(ann, place, uuid4(), expression="A draft of nothing.")
    assert made.collect() == 0
    assert store.pair(pair).pair.status == "accepted"


def test_pair_that_cannot_go_is_told_and_the_rest_goes(store, clip, tmp_path):
    made = Shards(store, NoPusher, tmp_path / "shards")
    accept(store, clip, "The piano on one frame.", frames=(0,))
    assert made.collect() == 0
    assert "no mask on frames 1, 2" in made.trouble
    accept(store, clip, "The piano.")
    assert made.collect() == 1


def test_hub_gets_the_shards_as_a_private_dataset(store, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with fake_hub.hub() as hub:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
        folder = tmp_path / "shards"
        made = Shards(store, lambda: HubPusher(folder, "me/growing", "hf_space", minutes=60), folder)
        made.collect()
        accept(store, clip, "The piano that plays.")
        hub.status = 403
        made.collect()
        made._pusher.push()
        assert "no right to write the dataset me/growing" in made.trouble
        assert "kept here" in made.trouble
        hub.status = 200
        made.stop()  # sends what there is
        assert made.trouble is None
        local = {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        assert hub.files == local
        assert len(local) == 2


def test_hub_that_is_away_costs_no_work_and_is_asked_again(store, clip, tmp_path):
    asked = []

    def make():
        asked.append(threading.get_ident())
        if len(asked) == 1:
            raise RefavsError("away")
        return NoPusher()

    made = Shards(store, make, tmp_path / "shards")
    accept(store, clip, "The piano.")
    assert made.collect() == 1
    assert made.trouble == "away"
    made.collect()
    assert made.trouble is None


@pytest.mark.parametrize(
    ("status", "said"), [(401, "may have expired"), (403, "no right"), (404, "no right")]
)
def test_refusal_of_the_hub_is_one_sentence(status, said):
    error = RuntimeError("Client error")
    error.response = type("Response", (), {"status_code": status})()
    words = shards.hub_in_words(error, "me/growing")
    assert said in words
    assert "me/growing" in words
    assert "could not be reached (Client error)" in shards.hub_in_words(
        RuntimeError("Client error"), "me/growing"
    )


def test_without_a_token_there_is_a_stand_in(tmp_path, monkeypatch):
    assert pusher(tmp_path) is NoPusher
    monkeypatch.setenv("REFAVS_DATASET", "me/growing")
    monkeypatch.setattr(shards, "get_token", lambda: None)
    assert pusher(tmp_path) is NoPusher
