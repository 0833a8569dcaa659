"""What somebody else saves appears on the pages that have its clip open, and overwrites nothing there."""

from contextlib import ExitStack

import pytest

from annotations.store import Store
from app.media_routes import Links
from app.people import acting
from app.studio import Studio
from core import registry


class Page:
    """One person's page, at a server of its own; the servers share the store alone."""

    def __init__(self, studio, person):
        self.studio, self.person, self.seen = studio, person, 0
        opened = self.ask("hello")
        self.token, self.pairs = opened["token"], opened["desk"]["pairs"]

    def ask(self, do, **values):
        with acting(self.person):
            answer = self.studio.ask(
                {"do": do, "token": getattr(self, "token", None), "seen": self.seen, **values}
            )
        for message in answer.get("messages") or ():
            self.seen = message["seq"]
            self.pairs = message.get("pairs", self.pairs)
        return answer

    def click(self, x=0.5):
        assert self.ask("prompt", index=2, click=[x, 0.5, True], object=None)["ok"]

    def save(self, sentence):
        return self.ask("save", expression=sentence)

    def look(self):
        """What the page is told of others' work; nothing = nobody did any."""
        answer = self.ask("others")
        assert answer["ok"], answer
        news = [message["pairs"] for message in answer["messages"] if message["kind"] == "pairs"]
        return [(pair["expression"], pair["mine"]) for pairs in news for pair in pairs]


@pytest.fixture
def people(tmp_path, clip, desk, monkeypatch):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    with ExitStack() as stack:

        def come(person):
            inbox = tmp_path / person
            inbox.mkdir()
            monkeypatch.setenv("REFAVS_DATA_DIR", str(inbox))
            store = stack.enter_context(Store.open(f"sqlite:///{tmp_path / 'refavs.db'}"))
            return Page(Studio(inbox=inbox, start=clip.video.path, store=store, links=Links()), person)

        yield come("ann"), come("bob")


def test_pair_of_another_person_appears_and_the_own_work_stays(people):
    ann, bob = people
    assert bob.look() == []
    bob.click(0.2)
    drawn = bob.studio.desks.get(bob.token).cells(1)
    ann.click()
    assert ann.save("The square of Ann.")["ok"]
    assert bob.look() == [("The square of Ann.", False)]
    assert bob.pairs[0]["status"] == "draft"
    assert bob.look() == []  # nobody did anything since
    assert ann.look() == []  # it was Ann herself
    assert bob.studio.desks.get(bob.token).cells(1) == drawn
    assert bob.save("The square of Bob.")["ok"]
    assert ann.look() == [("The square of Bob.", False), ("The square of Ann.", True)]
    assert ann.ask("reopen", pair=ann.pairs[0]["id"])["ok"]
    assert ann.studio.desks.get(ann.token).expression == "The square of Bob."


def test_pair_that_another_person_took_away_goes_and_can_be_taken_away_by_either(people):
    ann, bob = people
    ann.click()
    ann.save("The first.")
    ann.save("The second.")
    assert len(bob.look()) == 2
    assert bob.ask("remove", pair=bob.pairs[0]["id"])["ok"]
    assert ann.look() == [("The first.", True)]
    assert "not stored any more" in ann.ask("remove", pair="0" * 32)["error"]


def test_seeing_it_does_not_let_a_save_go_over_it_unasked(people):
    ann, bob = people
    ann.click()
    ann.save("The square.")
    bob.ask("open", source="start")
    bob.token = bob.ask("open", source="start", fresh=True)["token"]
    ann.click(0.3)
    ann.save("The square.")
    for _ in range(2):
        bob.look()
    bob.ask("prompt", index=2, click=[0.7, 0.5, True], object=1)
    refused = bob.save("The square.")
    assert refused["ok"] is False
    assert refused["conflict"] is True


def test_a_second_person_who_looks_for_a_pair_is_told_of_none(people, monkeypatch):
    ann, bob = people
    desk = bob.studio.desks.get(bob.token)
    monkeypatch.setattr(desk, "finding", object(), raising=False)
    ann.click()
    ann.save("The square.")
    bob.studio.keeper.others(desk)
    assert desk.feed.since(0) == []
