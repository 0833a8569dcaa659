"""What sounds, as AVSBench-semantic."""

from uuid import uuid4

import numpy as np
import pytest
from store_desk import Desk, mask

from annotations.exchange import export, import_folder
from annotations.exchange.avss import sounds
from annotations.records import ObjectEdit
from core.datasets import avss
from core.datasets.check import check
from core.errors import RefavsError
from core.masks import Mask


@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("The barking dog.", True),
        ("The guitar being played by the man.", True),
        ("The object making the loudest sound.", True),
        ("The silent piano.", False),
        ("The dog that does not bark.", False),
        ("The dog next to the barking cat.", False),
        ("The red car.", False),
    ],
)
def test_only_a_sentence_about_the_objects_own_sound_says_that_it_sounds(text, so):
    assert sounds(text) is so


def test_sounding_objects_are_written_as_classes_and_others_refused(desk: Desk, tmp_path):
    def say(text: str, category: str, masks: dict[int, Mask], **more) -> None:
        thing = ObjectEdit(uuid4(), category, masks, "click")
        desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression=text, objects=[thing], **more)

    big = Mask.encode(np.ones((96, 128), dtype=bool))
    say("The barking dog.", "Dog", {i: mask(i) for i in range(124)}, split="test_s")
    say("The loudest singing woman.", "woman", dict.fromkeys(range(124), big), split="test_s")
    say("The red dog.", "dog", dict.fromkeys(range(124), big))
    say("The barking robot.", "robot", dict.fromkeys(range(124), big))
    say("The meowing cat.", "cat", {0: big})
    report = export(desk.store, tmp_path / "out", "avss")
    assert (report.pairs, report.written, report.rows) == (5, 2, 2)
    told = {refused.expression: refused.reason for refused in reversed(report.refused)}
    assert "does not say that its object sounds" in told["The red dog."]
    assert "'robot' is no class" in told["The barking robot."]
    assert "no mask on frames 10, 20" in told["The meowing cat."]
    sample = next(avss.Dataset(report.root).samples("test"))
    assert sorted(sample.row.names) == ["dog", "woman"]
    for k, label in enumerate(sample.labels()):
        there = mask(10 * k).decode()
        assert np.all(label[there] == avss.CLASSES.index("dog"))
        assert np.all(label[~there] == avss.CLASSES.index("woman"))
    count, defects = check(report.root, "avss")
    assert (count, list(defects)) == (2, [])
    with pytest.raises(RefavsError, match="only written"):
        import_folder(desk.store, report.root, "avss")
