import json
import os

import pytest

from app import people
from app.people import Owners, People, acting, author
from core.errors import RefavsError


@pytest.fixture
def known(tmp_path, monkeypatch):
    monkeypatch.setattr(people, "COST", {"n": 2, "r": 1, "p": 1})
    found = People(tmp_path / "people.json")
    found.add("ann", "correct horse")
    return found


def test_right_password_is_taken_and_others_are_not(known):
    assert known.verify("ann", "correct horse")
    assert not known.verify("ann", "correct Horse")
    assert not known.verify("ann", "")
    assert not known.verify("bob", "correct horse")


def test_file_holds_salted_hashes_that_only_its_owner_can_read(known):
    known.add("bob", "correct horse")
    text = known.file.read_text()
    stored = json.loads(text)["people"]
    assert "correct" not in text
    assert stored["ann"]["salt"] != stored["bob"]["salt"]
    assert stored["ann"]["hash"] != stored["bob"]["hash"]
    assert os.stat(known.file).st_mode & 0o077 == 0


def test_person_added_meanwhile_can_sign_in_at_once(known):
    assert not known.verify("cem", "battery staple")
    People(known.file).add("cem", "battery staple")
    assert known.verify("cem", "battery staple")


def test_removed_person_cannot_sign_in(known):
    known.remove("ann")
    assert not known.verify("ann", "correct horse")
    with pytest.raises(RefavsError, match="no person 'ann'"):
        known.remove("ann")


def test_many_wrong_passwords_close_a_name_for_a_while(known, monkeypatch):
    for _ in range(people.TRIES):
        known.verify("ann", "wrong")
    assert not known.verify("ann", "correct horse")
    monkeypatch.setattr(people, "PAUSE", 0.0)
    assert known.verify("ann", "correct horse")


@pytest.mark.parametrize("name", ["", " ann", "a\nb", "<b>", "x" * 61, "../ann"])
def test_unusable_name_is_refused(known, name):
    with pytest.raises(RefavsError, match="A name is"):
        known.add(name, "long enough")


def test_short_password_is_refused(known):
    with pytest.raises(RefavsError, match="at least 8"):
        known.add("bob", "1234567")


def test_file_that_is_none_of_people_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(RefavsError, match="refavs user add"):
        _ = People(tmp_path / "notes.txt").names


def test_what_is_saved_carries_the_name_of_who_signed_in():
    with acting("ann"):
        assert author() == "ann"
    assert author() != "ann"


def test_token_given_to_one_person_is_no_use_to_another():
    owners = Owners()
    owners.given("token-of-ann", "ann")
    request = {"do": "save", "token": "token-of-ann", "desks": ["token-of-ann", "unknown"]}
    assert owners.only_own(request, "ann") == request
    assert owners.only_own(request, "bob") == {"do": "save", "token": None, "desks": ["unknown"]}
    assert owners.only_own(request, None)["token"] is None
    owners.given("token-of-ann", "bob")
    assert not owners.may("token-of-ann", "bob")
