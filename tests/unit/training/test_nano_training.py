"""What the nano segmenter learns from: clicks, views, losses, and that a few steps of it teach something."""

import cv2
import numpy as np
import pytest
import torch

from core.errors import RefavsError
from core.segment.nano.config import NanoConfig
from core.segment.nano.look import load, load_answers, save, save_answers
from core.segment.nano.network import NanoNetwork
from core.training import nano_segmenter, nano_things
from core.training.clicks import next_click, random_clicks
from core.training.loop import Schedule, train
from core.training.losses import mask_loss
from core.training.nano_segmenter import NanoTask
from core.training.nano_things import ThingsTask
from core.training.pictures import prepare
from core.training.views import Views


def square(y0, y1, x0, x1, size=(60, 80)):
    mask = np.zeros(size, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_the_first_click_is_in_the_middle_of_the_object():
    x, y, positive = next_click(square(0, 0, 0, 0), square(10, 31, 20, 61).astype(np.uint8))
    assert positive
    assert y == 20.5
    assert 30 <= x <= 51


def test_the_next_click_is_where_the_mask_is_most_wrong():
    target = square(10, 40, 10, 40)
    x, y, positive = next_click(target | square(10, 31, 50, 71), target.astype(np.uint8))
    assert (x, y, positive) == (60.5, 20.5, False)
    x, y, positive = next_click(target & ~square(15, 36, 15, 36), target.astype(np.uint8))
    assert (x, y, positive) == (25.5, 25.5, True)


def test_there_is_no_click_on_a_right_mask_or_where_nothing_is_judged():
    target = square(10, 40, 10, 40).astype(np.uint8)
    assert next_click(target == 1, target) is None
    target[:, 50:] = 255
    assert next_click((target == 1) | square(0, 60, 55, 80), target) is None


def test_random_clicks_tell_the_truth():
    target = square(20, 40, 20, 40).astype(np.uint8)
    clicks = random_clicks(target, np.random.default_rng(0), 12)
    assert clicks[0][2]
    assert {positive for _, _, positive in clicks} == {True, False}
    assert all(target[int(y), int(x)] == positive for x, y, positive in clicks)


def test_the_loss_is_small_for_the_right_mask_and_blind_to_what_is_not_judged():
    target = torch.zeros(2, 32, 32)
    target[:, 8:20, 8:20] = 1
    judged = torch.ones_like(target)
    judged[:, :, 24:] = 0
    right = (target * 2 - 1) * 12
    spoilt = right.clone()
    spoilt[:, :, 24:] = 12
    assert mask_loss(right, target, judged).max() < 0.01
    torch.testing.assert_close(mask_loss(spoilt, target, judged), mask_loss(right, target, judged))
    assert (mask_loss(-right, target, judged) > 5).all()


@pytest.fixture
def data(stills, sequences, tmp_path):
    return [prepare(folder, tmp_path / "cache") for folder in (stills, sequences)]


def test_views_come_from_the_generator_alone(data):
    one, other = (Views(data).draw(np.random.default_rng(5), 64) for _ in range(2))
    np.testing.assert_array_equal(one.picture, other.picture)
    np.testing.assert_array_equal(one.target, other.target)
    assert one.clicks == other.clicks


def test_views_ask_in_every_way(data):
    rng = np.random.default_rng(0)
    views = [Views(data).draw(rng, 64) for _ in range(150)]
    assert all(v.picture.shape == (64, 64, 3) and v.target.shape == (64, 64) for v in views)
    assert any(v.box is not None for v in views)
    assert any(v.previous is not None for v in views)
    assert any(v.memory is not None for v in views)
    assert any(len(v.clicks) == 1 for v in views)
    assert any(len(v.clicks) > 2 for v in views)
    assert any((v.target == 255).any() for v in views)


def test_the_first_click_of_a_view_is_on_its_object(data):
    rng = np.random.default_rng(1)
    views = [Views(data).draw(rng, 64) for _ in range(60)]
    first = [(v.target, *v.clicks[0]) for v in views if v.clicks]
    assert len(first) > 20
    assert all(target[int(y), int(x)] == 1 for target, x, y, _ in first)


def test_a_few_steps_teach_the_network_to_follow_a_click(data, tmp_path, monkeypatch):
    monkeypatch.setattr(nano_segmenter, "STAGES", ((1.0, 64, 6),))
    task = NanoTask(data, NanoConfig(widths=(8, 12, 16, 16, 16), blocks=(1, 1, 1, 1), key=4))
    before = np.mean([task.loss(1000 + i, 0.0)[1]["iou0"] for i in range(4)])
    train(task, tmp_path / "out", Schedule(steps=45, rate=5e-3, warm_up=10))
    after = np.mean([task.loss(1000 + i, 0.0)[1]["iou0"] for i in range(4)])
    assert after > before + 0.2


def test_learning_to_show_things_leaves_the_trunk_as_it_is(data, tmp_path, monkeypatch):
    monkeypatch.setattr(nano_things, "STAGES", ((1.0, 64, 2),))
    save(NanoNetwork(NanoConfig(widths=(8, 12, 16, 16, 16), blocks=(1, 1, 1, 1), key=4)), tmp_path / "start")
    begun = load(tmp_path / "start", folded=False).state_dict()
    learnt = train(ThingsTask(data, tmp_path / "start"), tmp_path / "out", Schedule(steps=3, warm_up=0))
    changed = {name for name, value in learnt.state_dict().items() if not torch.equal(begun[name], value)}
    assert changed
    assert all(name.startswith("fused.") for name in changed)


def test_a_view_of_all_things_asks_for_every_one(data):
    rng = np.random.default_rng(2)
    targets = [Views(data).all_things(rng, 64)[1] for _ in range(20)]
    pieces = [cv2.connectedComponents((target == 1).astype(np.uint8))[0] - 1 for target in targets]
    assert max(pieces) == 2  # the stills show two things


def test_saved_answers_come_back_on_the_trunk_they_were_learnt_on(tmp_path):
    network = NanoNetwork(NanoConfig(widths=(8, 12, 16, 16, 16), blocks=(1, 1, 1, 1), key=4)).eval()
    save(network, tmp_path / "base")
    with torch.no_grad():
        for weight in network.fused.parameters():
            weight.add_(0.01)
    save_answers(network, tmp_path / "answers")
    again = load_answers(tmp_path / "base", tmp_path / "answers")
    picture, prompts = torch.rand(1, 3, 64, 64), torch.zeros(1, 5, 64, 64)
    expected = network.decode(network.encode(picture), prompts)
    torch.testing.assert_close(again.decode(again.encode(picture), prompts), expected, atol=0.05, rtol=0.05)


def test_answers_of_another_network_are_refused(tmp_path):
    small = NanoNetwork(NanoConfig(widths=(8, 12, 16, 16, 16), blocks=(1, 1, 1, 1), key=4))
    save(small, tmp_path / "base")
    save_answers(
        NanoNetwork(NanoConfig(widths=(8, 16, 16, 16, 16), blocks=(1, 1, 1, 1), key=4)), tmp_path / "x"
    )
    with pytest.raises(RefavsError, match="cannot be used"):
        load_answers(tmp_path / "base", tmp_path / "x")
