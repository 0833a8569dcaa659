"""Two people over one pair: handed in, looked for without its mask, accepted or sent back."""

from uuid import UUID, uuid4

import pytest

from annotations.records import UnreachableError
from annotations.store import Store
from app.keeping import summary
from app.media_routes import Links
from app.people import acting
from app.studio import Studio
from app.tabs.around import Tabs
from core import registry
from core.errors import PromptError


@pytest.fixture
def studio(tmp_path, clip, desk, monkeypatch):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    (tmp_path / "inbox").mkdir()
    with Store.open() as store:
        yield Studio(inbox=tmp_path / "inbox", start=clip.video.path, store=store, links=Links())


@pytest.fixture
def tabs(studio):
    return Tabs(
        store=studio.keeper.store,
        library=studio.library,
        links=studio.links,
        exports=studio.exports,
        finder=studio.finder,
    )


class Person:
    """Asks as the page of one person does."""

    def __init__(self, name, studio, tabs):
        self.name, self.studio, self.tabs, self.token = name, studio, tabs, None

    def ask(self, do, **values):
        request = {"do": do, "token": self.token, "seen": 0, **values}
        with acting(self.name):
            if self.tabs.knows(request):
                return self.tabs.ask(request, self.name)
            answer = self.studio.ask(request)
        if answer.get("desk"):
            self.token = answer["token"]
        return answer

    def click(self, x, thing=None, index=3):
        return self.ask("prompt", index=index, click=[x, 0.5, True], object=thing)

    @property
    def desk(self):
        return self.studio.desks.get(self.token)

    def told(self):
        with acting(self.name):
            return summary(self.desk)

    def look(self):
        """Take the next pair; its desk as the page gets it."""
        taken = self.ask("review next")
        assert taken["ok"], taken
        return self.ask("open", source=taken["source"])["desk"]

    def found(self, **values):
        return self.ask("found", id=str(uuid4()), **values)


@pytest.fixture
def ann(studio, tabs):
    """Has handed in a pair on a square in the middle."""
    ann = Person("ann", studio, tabs)
    ann.ask("open", source="start")
    ann.click(0.5)
    ann.ask("save", expression="The dog that barks first.")
    answer = ann.ask("submit", pairs=[ann.told()["saved"]["pair"]])
    assert answer["ok"], answer
    return ann


@pytest.fixture
def bob(ann, studio, tabs):
    return Person("bob", studio, tabs)


def test_submitted_pair_is_read_only_to_its_author(ann):
    assert ann.told()["saved"]["status"] == "submitted"
    for act in (
        lambda: ann.desk.ask(3, click=(0.2, 0.5, True), thing=1),
        lambda: ann.desk.say_absent(3, 1),
        lambda: ann.desk.change_thing(1, category="cat"),
        lambda: ann.desk.delete_thing(1),
        ann.desk.undo,
    ):
        with pytest.raises(PromptError, match="waits for its review"):
            act()
    assert ann.desk.cells(1)[3].mask.area == 64
    ann.desk.change_thing(1, fits=False)
    assert "waits for its review" in ann.ask("save", expression="The dog that barks first.")["error"]
    assert ann.ask("remove", pair=ann.told()["saved"]["pair"])["ok"] is False


def test_another_sentence_for_a_submitted_object_is_a_new_pair(ann):
    assert ann.ask("save", expression="The dog on the left.")["ok"]
    assert [pair["status"] for pair in ann.told()["pairs"]] == ["draft", "submitted"]


def test_what_was_changed_since_it_was_saved_is_not_submitted(ann):
    ann.click(0.2)
    ann.ask("save", expression="The dog at the back.")
    ann.click(0.8, thing=2)
    answer = ann.ask("submit", pairs=[ann.told()["saved"]["pair"]])
    assert "save it first" in answer["error"]
    assert ann.told()["saved"]["status"] == "draft"


def test_second_person_has_the_clip_and_the_sentence_only(bob):
    desk = bob.look()
    assert desk["finding"]["expression"] == "The dog that barks first."
    assert "author" not in desk["finding"]
    assert (desk["objects"], desk["pairs"], desk["saved"], desk["second"]["objects"]) == ([], [], None, [])
    assert bob.ask("masks", object=1, **{"from": 0})["masks"] == {}
    for act in ("save", "remove", "submit", "reopen"):
        assert "your own eyes" in bob.ask(act, pair=desk["finding"]["pair"], pairs=[])["error"]


def test_same_object_is_accepted_and_shown_beside_the_authors(ann, bob):
    bob.look()
    bob.click(0.5)
    assert bob.found()["ok"]
    done = bob.desk.finding.done
    assert (done["agrees"], done["iou"], done["author"]) == (True, 1.0, "ann")
    assert bob.desk.summary()["second"]["person"] == "ann"
    assert "answered" in bob.click(0.2)["error"]
    ann.ask("stand")
    assert ann.told()["saved"]["status"] == "accepted"
    agreement = bob.ask("review agreement")
    assert (agreement["total"], agreement["people"]) == (
        [1, 1],
        [["ann", [1, 1], [0, 0]], ["bob", [0, 0], [1, 1]]],
    )


def test_other_object_sends_it_back_with_the_comment_and_both_answers(ann, bob):
    bob.look()
    bob.click(0.1)
    bob.found(comment=" Both  bark\nat once. ")
    assert bob.desk.finding.done["agrees"] is False

    (returned,) = ann.ask("review work")["returned"]
    assert (returned["comment"], returned["frame"]) == ("Both bark at once.", 3)
    assert returned["picture"]
    ann.ask("open", source="start")
    saved = ann.told()["saved"]
    assert (saved["status"], saved["review"]["reviewer"]) == ("returned", "bob")
    second = ann.desk.summary()["second"]
    (theirs,) = ann.desk.cells(second["objects"][0]["id"]).values()
    assert theirs.mask != ann.desk.cells(1)[3].mask

    assert ann.ask("save", expression="The dog that barks once.")["ok"]
    told = ann.told()
    assert [(p["id"], p["status"]) for p in told["pairs"]] == [(saved["pair"], "draft")]
    assert ann.desk.summary()["second"]["objects"] == []


def test_page_that_stayed_open_can_mend_what_came_back(ann, bob):
    bob.look()
    bob.click(0.1)
    bob.found()
    ann.ask("stand")
    assert ann.told()["saved"]["status"] == "returned"
    ann.click(0.6, thing=1)
    answer = ann.ask("save", expression="The dog that barks once.")
    assert answer["ok"], answer
    assert [pair["status"] for pair in ann.told()["pairs"]] == ["draft"]


def test_nothing_fits_is_agreed_on_by_saying_none(studio, tabs):
    ann, bob = Person("ann", studio, tabs), Person("bob", studio, tabs)
    ann.ask("open", source="start")
    ann.ask("save", expression="The red piano on the left.")
    pair = ann.told()["saved"]["pair"]
    assert "why nothing fits" in ann.ask("submit", pairs=[pair])["error"]
    ann.ask("save", expression="The red piano on the left.", null_kind="absent")
    assert ann.ask("submit drafts")["submitted"] == 1
    assert studio.keeper.store.pair(UUID(pair)).pair.null_kind == "absent"
    bob.look()
    assert "Nothing is marked" in bob.found()["error"]
    assert bob.found(none=True)["ok"]
    assert bob.desk.finding.done["agrees"] is True


def test_pair_is_lent_to_one_person_and_never_to_its_author(ann, bob, studio, tabs):
    assert ann.ask("review next")["ok"] is False
    bob.look()
    cara = Person("cara", studio, tabs)
    assert "Others are looking" in cara.ask("review next")["error"]
    assert cara.ask("open", source=bob.desk.source)["ok"] is False
    bob.ask("leave")
    assert cara.look()["finding"]["expression"] == "The dog that barks first."
    assert "over" in bob.ask("hold")["error"]


def test_marks_of_a_review_come_back_after_a_restart(bob):
    desk = bob.look()
    bob.click(0.5)
    old, bob.studio.desks._desks = bob.token, type(bob.studio.desks._desks)()
    again = bob.ask("open", source=f"review:{desk['finding']['pair']}", desks=[old])
    assert again["token"] == old
    assert [each["id"] for each in again["desk"]["objects"]] == [1]


def test_own_work_is_listed(ann, bob):
    ann.ask("save", expression="The dog on the left.")
    work = ann.ask("review work")
    assert [line["expression"] for line in work["drafts"]] == ["The dog on the left."]
    assert work["submitted_count"] == "1"
    assert work["waiting"] == "0"
    assert bob.ask("review waiting") == {"ok": True, "waiting": "1", "returned": "0"}


def test_dataset_hides_what_others_answered_from_who_is_looking_for_it(bob, ann, studio):
    def shown():
        (card,) = bob.ask("pairs")["pairs"]
        return card["hidden"], card["picture"] is None, card["clip"] is None

    assert shown()[0] is False
    bob.look()
    assert shown() == (True, True, True)
    assert ann.ask("pairs")["pairs"][0]["hidden"] is False
    bob.click(0.5)
    assert bob.found(none=False)["ok"]
    assert shown()[0] is False


def test_page_on_the_clip_of_a_review_from_before_it_is_told_no_answer(bob, ann):
    bob.ask("open", source="start")
    (pair,) = bob.told()["pairs"]
    before = bob.token
    bob.look()
    bob.token, looking = before, bob.token
    assert ann.ask("save", expression="The dog on the left.")["ok"]
    told = len(bob.desk.feed.since(0))
    assert "give it back" in bob.ask("others")["error"]
    assert "give it back" in bob.ask("reopen", pair=pair["id"])["error"]
    assert len(bob.desk.feed.since(0)) == told
    bob.token = looking
    assert bob.ask("leave")["ok"]
    bob.token = before
    assert bob.ask("others")["ok"]
    assert len(bob.desk.feed.since(0)) > told


def test_reloaded_page_shows_its_work_while_the_store_is_away(bob, studio, monkeypatch):
    bob.ask("open", source="start")
    bob.click(0.2)
    away = lambda *_: (_ for _ in ()).throw(UnreachableError("The database does not answer."))  # noqa: E731
    monkeypatch.setattr(studio.keeper.store, "held", away)
    assert [thing["id"] for thing in bob.ask("hello")["desk"]["objects"]] == [1, 2]


def test_clip_of_a_review_opens_again_when_the_review_is_over(bob, studio, tabs, clip):
    def opened(**request):
        answer = bob.ask(**request)
        return answer["ok"] or answer["error"]

    assert opened(do="open", source="start") is True
    before = bob.token
    bob.look()
    for request in (
        {"do": "open", "source": "start"},
        {"do": "open", "source": "start", "desks": [before]},
        {"do": "open", "source": "start", "fresh": True},
        {"do": "open", "source": clip.video.sha256},
    ):
        assert "finish that review or give it back" in opened(**request)
    uploaded = studio.library.inbox / "again.mp4"
    uploaded.write_bytes(clip.video.path.read_bytes())
    assert "give it back" in opened(do="take", path=str(uploaded), name="again.mp4")

    bob.token, looking = before, bob.token
    welcome = bob.ask("hello", source="start")
    assert "give it back" in welcome["problem"]
    assert welcome["desk"]["source"].startswith("sample:")
    bob.token = looking
    assert bob.ask("leave")["ok"]
    assert opened(do="open", source="start") is True

    bob.look()
    bob.click(0.5)
    assert bob.found()["ok"]
    assert opened(do="open", source="start") is True


def test_clip_of_a_review_stays_shut_after_a_restart_of_the_server(bob, studio, tmp_path, clip):
    bob.look()
    again = Studio(
        inbox=tmp_path / "inbox", start=clip.video.path, store=studio.keeper.store, links=studio.links
    )
    with acting("bob"):
        refused = again.ask({"do": "open", "source": "start"})
    assert "give it back" in refused["error"]
    with acting("ann"):
        assert again.ask({"do": "open", "source": "start"})["ok"]
