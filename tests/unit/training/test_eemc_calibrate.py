"""The threshold from which EEMC says that an object is there."""

import pytest

from core.systems.eemc.config import EemcConfig
from core.training import eemc_calibrate
from core.training.eemc import EemcTask
from core.training.eemc_calibrate import answer, calibrate


@pytest.fixture
def task(folder, tmp_path):
    table = folder / "metadata.csv"
    table.write_text(table.read_text() + "a,a_dog_3,val,0,The dog.\nb,b_cat_3,val,0,The cat.\n")
    return EemcTask(
        [folder], tmp_path.parent / "features", EemcConfig(width=16, heads=2, queries=2, decoder_layers=2)
    )


def test_it_is_the_highest_that_keeps_j(task, folder, monkeypatch):
    answers = {
        "a": (0.66, 0.5, 0.0, 0.3),
        "b": (0.9, 0.5, 0.0, 0.3),
    }  # sure, J of the mask, J of a blank one, ...
    monkeypatch.setattr(eemc_calibrate, "answer", lambda *parts: answers[parts[-1].row.v])
    assert calibrate(task, task.network, [folder]) == 0.65
    answers["a"] = (0.66, 0.004, 0.0, 0.3)  # nothing is lost with that one
    assert calibrate(task, task.network, [folder]) == 0.9
    assert calibrate(task, task.network, []) == 0.5


def test_an_answer_is_scored_beside_a_blank_one(task):
    sample = next(task._real[k] for k in range(2) if task._real[k].row.v == "a")
    sure, j, blank, large = answer(task.network, task.words, task.features, sample)
    assert 0 <= sure <= 1
    assert 0 <= j <= 1
    assert 0 <= large <= 1
    assert blank == 0
    assert answer(task.network, task.words, task.features, task._null[0])[2] == 1
