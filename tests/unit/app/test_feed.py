from app.feed import KEPT, Feed


def test_messages_after_a_number_come_in_order():
    feed = Feed()
    for k in range(5):
        feed.say("k", value=k)
    assert [message["value"] for message in feed.since(2)] == [2, 3, 4]
    assert feed.since(5) == []


def test_page_that_is_too_far_behind_starts_afresh():
    feed = Feed()
    for _ in range(KEPT + 10):
        feed.say("k")
    assert feed.since(0) is None
    assert len(feed.since(10)) == KEPT


def test_number_that_was_never_given_starts_afresh():
    assert Feed().since(7) is None
