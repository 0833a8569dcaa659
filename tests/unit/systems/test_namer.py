"""Names by looks: what the head is given, what it learns, and that broken weights are told."""

import numpy as np
import pytest
import torch

from core.errors import RefavsError
from core.segment.nano.look import load
from core.segment.nano.segmenter import shipped
from core.segment.nano.things import Things
from core.systems.blocks.namer import Head, Namer, look_at
from core.training.loop import Schedule, train
from core.training.namer import NamerTask


@pytest.fixture(scope="module")
def trunk():
    return load(shipped())


@pytest.fixture(scope="module")
def disc():
    """A picture of 120 x 160 with a bright disc, and the disc's mask."""
    rows, columns = np.mgrid[:120, :160]
    mask = (rows - 60) ** 2 + (columns - 50) ** 2 < 25**2
    picture = np.full((120, 160, 3), 60, np.uint8)
    picture[mask] = (230, 180, 40)
    return picture, mask


def test_a_thing_looks_the_same_wherever_it_stands(trunk, disc):
    picture, mask = disc
    moved = [np.roll(part, 40, axis=1) for part in disc]
    here, there = look_at(trunk, picture, mask), look_at(trunk, *moved)
    np.testing.assert_allclose(here, there, atol=1e-3)
    turned = look_at(trunk, 255 - picture, mask)
    assert np.abs(turned - here).max() > 0.1


def test_names_are_chances_that_add_up_to_one(disc):
    chances = Namer()([disc, disc])
    assert sum(chances.values()) == pytest.approx(1)
    assert {"dog", "person", "guitar"} <= chances.keys()


def test_a_head_learns_to_tell_two_names_and_leaves_out_rare_ones(tmp_path):
    rng = np.random.default_rng(0)
    names = ["cat"] * 40 + ["dog"] * 40 + ["emu"] * 3
    features = rng.normal(0, 1, (83, 8)).astype(np.float32) + (np.array(names) == "dog")[:, None]
    head = train(NamerTask(features, names), tmp_path, Schedule(steps=60, rate=1e-2, warm_up=5, average=0.9))
    assert head.names == ("cat", "dog")
    with torch.inference_mode():
        found = head.eval()(torch.from_numpy(features[:80])).argmax(1).numpy()
    assert (found == (np.array(names[:80]) == "dog")).mean() > 0.8


def test_broken_weights_are_told(tmp_path):
    Head(1155, ("cat", "dog")).save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"half")
    with pytest.raises(RefavsError, match="namer"):
        Namer(tmp_path)


def test_things_are_shown_without_a_prompt(disc):
    chance = Things()(disc[0])
    assert chance.shape == (120, 160)
    assert 0 <= chance.min() <= chance.max() <= 1
    assert chance[disc[1]].mean() > chance[~disc[1]].mean() + 0.3
