"""Time and clicks of a pair: counted on the server, logged when it is saved."""

from uuid import uuid4

from app.drafts import Drafts
from app.effort import Effort


def test_long_pause_counts_as_a_short_one():
    now = [0.0]
    effort = Effort(clock=lambda: now[0])
    for now[0] in (10.0, 30.0, 3630.0):
        effort.act(clicks=1)
    assert effort.told() == {"seconds": 90, "clicks": 3, "strokes": 0}


def test_clicks_boxes_and_strokes_of_the_desk_are_counted(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    desk.ask(3, box=(0.2, 0.2, 0.6, 0.6), thing=1)
    desk.brush(3, desk.cells(1)[3].mask, erase=False, thing=1)
    desk.undo()
    told = desk.summary()["effort"]
    assert (told["clicks"], told["strokes"]) == (2, 1)


def test_effort_of_a_pair_adds_up_over_its_saves_and_starts_anew_after_each(desk, tmp_path):
    drafts = Drafts(tmp_path / "drafts.sqlite")
    pair = uuid4()
    for _ in range(2):
        desk.ask(3, click=(0.5, 0.5, True))
        drafts.log_effort(desk, pair)
        assert desk.effort.clicks == 0
    drafts.log_effort(desk, uuid4())
    assert drafts.efforts([pair, uuid4()]) == {str(pair): {"seconds": 0, "clicks": 2, "strokes": 0}}
    drafts.close()
