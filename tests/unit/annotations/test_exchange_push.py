"""A dataset sent to the Hugging Face hub, by a stand-in for the hub."""

import json
from fractions import Fraction
from uuid import uuid4

import pytest
from makers import make_clip, tone
from store_desk import Desk, mask
from typer.testing import CliRunner

from annotations.records import ObjectEdit
from app.cli import exchange
from core import media
from core.errors import RefavsError

datasets = pytest.importorskip("datasets", reason="needs the extra [hf]")
huggingface_hub = pytest.importorskip("huggingface_hub")


@pytest.fixture
def full(store, tmp_path_factory) -> Desk:
    path = make_clip(tmp_path_factory.mktemp("c") / "c.mp4", frames=6, rate=Fraction(10), sound=tone(0.6))
    desk = Desk(store, media.open(path))
    thing = ObjectEdit(uuid4(), "dog", {i: mask(i) for i in range(6)}, "click")
    store.save_pair(desk.session, desk.clip.id, uuid4(), expression="The dog.", objects=[thing])
    return desk


@pytest.fixture
def hub(monkeypatch) -> list:
    """What arrives at the hub."""
    arrived: list = []

    def push(self, repo, *, token, private):
        arrived.append((repo, token, private, {name: split.to_list() for name, split in self.items()}))

    def upload(self, *, path_or_fileobj, path_in_repo, repo_id, repo_type):
        arrived.append(
            (repo_id, self.token, repo_type, path_in_repo, json.loads(path_or_fileobj.read_text()))
        )

    monkeypatch.setattr(datasets.DatasetDict, "push_to_hub", push)
    monkeypatch.setattr(huggingface_hub.HfApi, "upload_file", upload)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_mine")
    return arrived


def run(*words: object):
    import typer

    cli = typer.Typer()
    exchange.register(cli)
    cli.callback()(lambda: None)
    return CliRunner().invoke(cli, ["export", *map(str, words)], catch_exceptions=False)


def test_push_sends_the_rows_with_pictures_and_sound_and_the_manifest_as_a_private_dataset(
    full, url, hub, tmp_path
):
    done = run(tmp_path / "out", "--format", "huggingface", "--db", url, "--push", "me/clips")
    assert "https://huggingface.co/datasets/me/clips" in done.stdout
    (repo, token, private, splits), (_, _, kind, name, manifest) = hub
    assert (repo, token, private, kind, name) == ("me/clips", "hf_mine", True, "dataset", "manifest.json")
    (row,) = splits["train"]
    assert [e["text"] for e in row["expressions"]] == ["The dog."]
    pictures = sorted((tmp_path / "out").rglob("*.jpg"))
    assert [picture["bytes"] for picture in row["frames"]] == [path.read_bytes() for path in pictures]
    assert row["audio"]["bytes"] == next((tmp_path / "out").rglob("*.wav")).read_bytes()
    assert manifest["counts"]["masks"] == 6
    assert not list(tmp_path.glob(".push-*"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "huggingface", "--push", "me/clips"], "no Hugging Face token.*hf auth login.*HF_TOKEN"),
        (["--format", "huggingface", "--push", "not a name"], "such as me/my-clips; got 'not a name'"),
        (["--format", "coco", "--push", "me/clips"], "--push goes with --format huggingface"),
    ],
)
def test_push_that_cannot_work_is_told_before_anything_is_written(
    full, url, tmp_path, monkeypatch, words, said
):
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    with pytest.raises(RefavsError, match=said):
        run(tmp_path / "out", "--db", url, *words)
    assert not (tmp_path / "out").exists()


def test_a_hub_that_does_not_answer_leaves_the_export_and_says_how_to_send_it(
    full, url, hub, tmp_path, monkeypatch
):
    def away(*_, **__):
        raise ConnectionError("The hub is away.\nTry later.")

    monkeypatch.setattr(datasets.DatasetDict, "push_to_hub", away)
    with pytest.raises(
        RefavsError, match=r"is written, but .*\(The hub is away\.\).*hf upload me/clips"
    ) as told:
        run(tmp_path / "out", "--format", "huggingface", "--db", url, "--push", "me/clips")
    assert "\n" not in str(told.value)
    assert (tmp_path / "out" / "manifest.json").is_file()
