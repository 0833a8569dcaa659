"""A Space from its start to its restart elsewhere: the disk is new, the volume is the same, the hub is a stand-in."""

import json
import signal
import time
import urllib.request
from uuid import UUID

import fake_hub
import makers
import pytest
from conftest import Server
from test_safety import Caller

from annotations.store import Store

pytestmark = pytest.mark.timeout(900)


class Space(Server):
    """A computer of its own, as the hub starts one."""

    def __init__(self, home, volume, hub):
        home.mkdir()
        super().__init__(home)
        self.patience = 240.0
        self.environment = {
            "SPACE_ID": "me/refavs",
            "REFAVS_VOLUME_DIR": str(volume),
            "HF_ENDPOINT": hub.url,
            "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": "hf_space",
            "HF_HOME": str(home / "hf"),
            "REFAVS_DATASET": "me/growing",
        }

    @property
    def store(self):
        return Store.open(f"sqlite:///{self.home}/data/refavs.db")

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(60)


class Person(Caller):
    def __init__(self, url, token):
        super().__init__(url)
        self.token = token

    def call(self, path, body=None, **headers):
        return super().call(path, body, Authorization=f"Bearer {self.token}", **headers)

    def done(self, do, **values):
        answer = self.ask(do, **values)
        assert answer["ok"], answer
        return answer

    def upload(self, path):
        """As `curl -F files=@clip.mp4` does."""
        edge = "----edge"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        request = urllib.request.Request(self.url + "/gradio_api/upload", body)
        request.add_header("Content-Type", f"multipart/form-data; boundary={edge}")
        return json.loads(urllib.request.urlopen(request, timeout=60).read())[0]

    def run(self, name, **values):
        """As `curl` calls an endpoint: the last event and its data."""
        status, _, text = self.call(f"/gradio_api/call/v2/{name}", values)
        assert status == 200, text
        _, _, text = self.call(f"/gradio_api/call/{name}/{json.loads(text)['event_id']}")
        event, data = text.strip().split("\n\n")[-1].split("\n")
        return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.2)


# T23
@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)], ids=["ended", "killed"]
)
def test_work_in_the_middle_is_there_when_the_space_starts_elsewhere(tmp_path, how):
    volume = tmp_path / "volume"
    volume.mkdir()
    clip = makers.make_clip(tmp_path / "mine.mp4", frames=20)
    with fake_hub.hub() as hub:
        here = Space(tmp_path / "here", volume, hub)
        try:
            here.start()
            ann = Person(here.url, "hf_ann")
            opened = ann.ask("take", path=ann.upload(clip), name="mine.mp4")
            assert opened["ok"], opened
            page = {"token": opened["token"], "seen": 0}
            ann.done("prompt", **page, index=2, click=[0.5, 0.9, True])
            ann.done("save", **page, expression="The ball on the ramp.")
            key = opened["desk"]["source"]
            nothing = ann.run("save", video=key, expression="The dog that barks.", null_kind="absent")[1][0]
            with here.store as store:
                session = store.start_session("ann").id
                pair = UUID(nothing["pair"])
                store.submit_pair(session, pair)
                store.judge_pair(store.start_session("bob").id, pair, accept=True)
            # in the middle: one more click, not saved
            ann.done("prompt", **page, index=7, click=[0.2, 0.9, True])
            drawn = len(ann.ask("hello", token=opened["token"])["desk"]["objects"])
            if how == signal.SIGKILL:
                told = time.time()
                until(lambda: any(p.stat().st_mtime > told for p in (volume / "refavs").glob("*.zip")), 120)
            here.end(how)
        finally:
            here.stop()
        if how == signal.SIGTERM:
            assert any(name.startswith("pairs/") for name in hub.files), hub.files.keys()

        there = Space(tmp_path / "there", volume, hub)
        try:
            there.start()
            ann = Person(there.url, "hf_ann")
            found = ann.ask("hello", source=key, desks=[opened["token"]])
            assert found["ok"], found
            assert found["token"] == opened["token"]
            assert found["desk"]["name"] == "mine.mp4"
            assert len(found["desk"]["objects"]) == drawn
            said = {pair["expression"] for pair in found["desk"]["pairs"]}
            assert said == {"The ball on the ramp.", "The dog that barks."}
            bob = Person(there.url, "hf_bob")
            assert bob.ask("hello", source=key, desks=[opened["token"]])["token"] != opened["token"]
            event, told = ann.run("pairs", masks=True)
            assert event == "complete", told
            assert {pair["video"] for pair in told[0]["pairs"]} == {key}
            assert "Brought back" in there.log.read_text()
        finally:
            there.stop()


@pytest.mark.slow
def test_token_that_expired_and_volume_that_takes_nothing_are_told_and_work_goes_on(tmp_path):
    volume = tmp_path / "volume"
    volume.mkdir()
    with fake_hub.hub() as hub:
        space = Space(tmp_path / "here", volume, hub)
        hub.tokens.pop("hf_space")  # the Space's own token has expired
        (volume / "refavs").write_text("a file where the folder should be")
        try:
            space.start()
            event, told = Person(space.url, "hf_ann").run(
                "save", video="sample:band.mp4", expression="The piano."
            )
            assert event == "complete"
            assert told[0]["author"] == "ann"
            status, _, text = Person(space.url, "hf_old").call("/gradio_api/call/v2/pairs", {})
            assert status == 401
            assert "expired" in text
            until(lambda: "does not answer" in space.log.read_text() or "cannot be" in space.log.read_text())
        finally:
            space.stop()
