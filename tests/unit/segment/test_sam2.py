"""The SAM 2 family through transformers: tiny random networks, saved and loaded in the real format."""

import json
import shutil
import time

import numpy as np
import pytest
import tiny_sam2
import torch

from core.errors import PromptError, RefavsError
from core.masks import Mask
from core.registry import segmenter
from core.segment.checkpoints import CHECKPOINTS, fetch, local
from core.segment.propagation import LOST
from core.segment.protocol import Click, Prompts
from core.segment.sam2 import MemoryTracker, Sam2Segmenter, encode
from core.segment.sam2_network import full_size, mask_tensor, picture_tensor, point_tensors
from core.segment.sam2_transformers import load

FAMILY = {"sam2.1-tiny": tiny_sam2.sam2, "edgetam": tiny_sam2.edgetam, "sam3-tracker": tiny_sam2.sam3_tracker}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Name -> folder written by save_pretrained."""
    folders = {name: tmp_path_factory.mktemp(name) for name in FAMILY}
    for name, folder in folders.items():
        FAMILY[name]().save_pretrained(folder)
    return folders


@pytest.fixture(scope="module")
def made(saved):
    """Name -> the segmenter loaded from that folder."""
    tools = {name: Sam2Segmenter.from_pretrained(name, folder) for name, folder in saved.items()}
    yield tools
    for tool in tools.values():
        tool.cache.close()


@pytest.fixture
def thing(disc):
    return disc(size=(48, 80), radius=10, speed=1.0)


def count_encodes(tool, monkeypatch):
    seen = []
    real = tool.network.see
    monkeypatch.setattr(tool.network, "see", lambda pixels: seen.append(1) or real(pixels))
    return seen


@pytest.mark.parametrize("name", FAMILY)
def test_each_of_the_family_answers_clicks_boxes_and_corrections(made, thing, name):
    tool, clip = made[name], thing.clip(3)
    first = tool.segment(clip, 1, Prompts((Click(41, 24),)))
    assert first.mask.size == (48, 80)
    assert 0 <= first.score <= 1
    more = Prompts((Click(41, 24), Click(5, 5, False)), (20, 10, 60, 40))
    assert tool.segment(clip, 1, more, previous=first.mask).mask.size == (48, 80)
    drawn = tool.segment(clip, 1, Prompts((Click(5, 5, False),)), previous=thing.mask(1))
    assert drawn.mask.size == (48, 80)


@pytest.mark.parametrize("name", FAMILY)
def test_each_of_the_family_carries_several_objects(made, thing, name):
    clip = thing.clip(5)
    seeds = {1: {0: thing.mask(0)}, 2: {2: Mask.encode(np.roll(thing.truth(0), 20, axis=1))}}
    steps = list(made[name].propagate(clip, seeds, range(5)))
    assert [sorted(step) for step in steps] == [[1], [1], [1, 2], [1, 2], [1, 2]]
    assert steps[0][1].mask == seeds[1][0]
    assert all(a.mask.size == (48, 80) and 0 <= a.score <= 1 for step in steps for a in step.values())


@pytest.mark.parametrize("name", ["sam2.1-tiny", "sam3-tracker"])
def test_masks_are_those_of_the_network_run_over_the_whole_video_at_once(made, thing, name):
    network, count = made[name].network, 22
    pictures = [thing.picture(i) for i in range(count)]
    pixels = torch.cat([picture_tensor(p, network.side, network.colours) for p in pictures])
    session = network.session(video=pixels, video_height=48, video_width=80, dtype=torch.float32)
    session.add_mask_inputs(session.obj_id_to_idx(1), 0, mask_tensor(thing.truth(0), network.side))
    session.obj_with_new_inputs = [1]
    whole = [out.pred_masks for out in network.model.propagate_in_video_iterator(session, start_frame_idx=0)]

    memory = network.memory()
    with torch.inference_mode():
        memory.learn(encode(network, pictures[0]), mask_tensor(thing.truth(0), network.side))
        for index in range(1, count):
            logits, _ = memory.find(encode(network, pictures[index]))
            torch.testing.assert_close(logits, whole[index], rtol=1e-4, atol=1e-5)


# T11
@pytest.mark.parametrize("name", FAMILY)
def test_memory_does_not_grow_with_the_frames(made, thing, name):
    network = made[name].network
    memory = network.memory()
    with torch.inference_mode():
        seen = encode(network, thing.picture(0))
        for _ in range(12):  # touched frames
            memory.learn(seen, mask_tensor(thing.truth(0), network.side))
        for _ in range(40):
            memory.find(seen)
    limit = network.model.config.max_cond_frame_num
    assert memory.remembered == {
        "learnt": limit if limit > 0 else 8,
        "found": network.model.config.num_maskmem - 1,
        "pointers": network.model.config.max_object_pointers_in_encoder - 1,
    }


def test_a_frame_is_encoded_once_for_all_its_clicks(made, thing, monkeypatch):
    tool = made["sam2.1-tiny"]
    seen = count_encodes(tool, monkeypatch)
    clip = thing.clip(1, first=30)
    for x in (10, 20, 30):
        tool.segment(clip, 30, Prompts((Click(x, 24),)))
    assert len(seen) == 1


def test_a_frame_is_encoded_once_for_all_its_objects(made, thing, monkeypatch):
    tool = made["sam2.1-tiny"]
    seen = count_encodes(tool, monkeypatch)
    seeds = {key: {0: thing.mask(key)} for key in (1, 2, 3)}
    list(tool.propagate(thing.clip(4), seeds, range(4)))
    assert len(seen) == 4


def test_a_correction_goes_on_from_the_logits_of_the_answer_it_corrects(made, thing, monkeypatch):
    tool, clip = made["sam2.1-tiny"], thing.clip(1)
    given = []
    real = tool.network.answer
    monkeypatch.setattr(
        tool.network,
        "answer",
        lambda seen, p, n, before, several: (
            given.append((before, several)) or real(seen, p, n, before, several)
        ),
    )
    first = tool.segment(clip, 0, Prompts((Click(40, 24),)))
    tool.segment(clip, 0, Prompts((Click(40, 24), Click(2, 2, False))), previous=first.mask)
    tool.segment(clip, 0, Prompts((Click(40, 24), Click(2, 2, False))), previous=thing.mask(0))
    assert given[0] == (None, True)
    assert given[1][0].abs().max() < 10
    assert not given[1][1]
    assert given[2][0].min() == -10


# T28
def test_an_object_that_the_network_says_is_gone_is_absent(made, thing, monkeypatch):
    network = made["sam2.1-tiny"].network

    class Gone:
        def learn(self, seen, mask):
            pass

        def find(self, seen):
            return torch.ones(1, 1, 16, 16), -2.0

    monkeypatch.setattr(network, "memory", Gone)
    tracker = MemoryTracker(network)
    tracker.advance(0, thing.picture(0), {1: thing.truth(0)}, [])
    mask, score = tracker.advance(1, thing.picture(1), {}, [1])[1]
    assert not mask.any()
    assert score == pytest.approx(0.88, abs=0.01)


# T27
def test_a_mask_that_fills_the_picture_is_taken_for_lost(made, thing, monkeypatch):
    network = made["sam2.1-tiny"].network

    class Floods:
        def learn(self, seen, mask):
            pass

        def find(self, seen):
            return torch.ones(1, 1, 16, 16), 2.0

    monkeypatch.setattr(network, "memory", Floods)
    tracker = MemoryTracker(network)
    tracker.advance(0, thing.picture(0), {1: thing.truth(0)}, [])
    mask, sure = tracker.advance(1, thing.picture(1), {}, [1])[1]
    assert not mask.any()
    assert sure == LOST  # unlike that of an object that is surely absent


def test_an_object_first_said_to_be_absent_waits_for_its_first_mask(made, thing):
    seeds = {1: {0: Mask.empty((48, 80)), 2: thing.mask(2)}}
    steps = list(made["sam2.1-tiny"].propagate(thing.clip(4), seeds, range(4)))
    assert steps[1][1].mask.is_empty
    assert steps[2][1].mask == thing.mask(2)


def test_bad_prompts_are_refused_before_the_network_runs(made, thing):
    with pytest.raises(PromptError, match="outside"):
        made["sam2.1-tiny"].segment(thing.clip(1), 0, Prompts((Click(500, 5),)))


def test_places_and_pictures_are_squeezed_to_the_square():
    prompts = Prompts((Click(40, 12), Click(80, 48, False)), (0, 0, 40, 24))
    points, labels = point_tensors(prompts, (48, 80), 64)
    assert points.tolist() == [[[[0, 0], [32, 32], [32, 16], [64, 64]]]]
    assert labels.tolist() == [[[2, 3, 1, 0]]]
    colours = CHECKPOINTS["sam2.1-tiny"].colours
    white = picture_tensor(np.full((48, 80, 3), 255, np.uint8), 64, colours)
    assert white.shape == (1, 3, 64, 64)
    assert white[0, :, 5, 5].tolist() == pytest.approx([(1 - m) / d for m, d in zip(*colours, strict=True)])
    mask = np.zeros((48, 80), bool)
    mask[:, :40] = True
    assert mask_tensor(mask, 64)[0, 0].bool().sum(1).tolist() == [32] * 64
    assert (full_size(mask_tensor(mask, 64) - 0.5, (48, 80)) == mask).all()


def test_a_name_and_a_folder_choose_the_weights(saved):
    assert segmenter(f"sam2.1-tiny:{saved['sam2.1-tiny']}").name == "sam2.1-tiny"
    with pytest.raises(RefavsError, match="has no weights"):
        segmenter("classical:/tmp")


def test_weights_of_another_kind_are_refused_by_name(saved):
    with pytest.raises(RefavsError, match="holds 'sam2_video'"):
        load(CHECKPOINTS["edgetam"], saved["sam2.1-tiny"])


def test_weights_of_another_architecture_are_refused(saved, tmp_path):
    folder = shutil.copytree(saved["sam2.1-tiny"], tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    config["memory_attention_num_layers"] = 2
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(RefavsError, match="another architecture"):
        load(CHECKPOINTS["sam2.1-tiny"], folder)


def test_a_file_cut_short_is_refused_and_not_half_loaded(saved, tmp_path):
    folder = shutil.copytree(saved["sam2.1-tiny"], tmp_path / "short")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:20_000])
    with pytest.raises(RefavsError, match="cannot be used"):
        load(CHECKPOINTS["sam2.1-tiny"], folder)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(RefavsError, match=r"config\.json"):
        load(CHECKPOINTS["sam2.1-tiny"], tmp_path)


def test_without_the_hub_the_message_says_what_is_missing_how_large_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    said = []
    with pytest.raises(RefavsError, match=r"156 MB.*sam2\.1-tiny:FOLDER"):
        fetch(CHECKPOINTS["sam2.1-tiny"], said.append)
    assert "about 156 MB, Apache-2.0" in said[0]
    with pytest.raises(RefavsError, match="Accept its licence"):
        fetch(CHECKPOINTS["sam3-tracker"], said.append)


def test_an_interrupted_download_is_not_taken_for_the_whole(tmp_path, monkeypatch):
    checkpoint = CHECKPOINTS["sam2.1-tiny"]
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert local(checkpoint) is None
    repository = tmp_path / f"models--{checkpoint.hub.replace('/', '--')}"
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    (snapshot / "config.json").write_text("{}")
    assert local(checkpoint) is None
    (snapshot / "model.safetensors").write_bytes(b"")
    assert local(checkpoint) == snapshot


def test_a_click_while_frames_are_encoded_ahead_waits_for_one_of_them_at_most(saved, thing, monkeypatch):
    """Prints warm clicks with nothing in the background, and with frames being encoded ahead."""
    tool = Sam2Segmenter.from_pretrained("sam2.1-tiny", saved["sam2.1-tiny"])
    clip, prompts, encoded = thing.clip(200), Prompts((Click(40, 24),)), []
    real = tool.network.see
    monkeypatch.setattr(tool.network, "see", lambda pixels: encoded.append(1) or real(pixels))

    def click():
        before, start = len(encoded), time.perf_counter()
        tool.segment(clip, 0, prompts)
        return len(encoded) - before, 1000 * (time.perf_counter() - start)

    with monkeypatch.context() as patch:
        patch.setattr("core.segment.cache.IDLE_BEFORE_PREWARM", 3600.0)
        tool.segment(clip, 0, prompts)
        quiet = [click() for _ in range(8)]
    busy = []
    for index in range(6):  # each visit elsewhere starts the background work anew
        tool.cache.visit(clip, 20 + 25 * index)
        count = len(encoded)
        while len(encoded) < count + 2:
            time.sleep(0.001)
        busy.append(click())
    tool.cache.close()
    for name, clicks in (("off", quiet), ("on", busy)):
        print(f"prewarming {name}: {sorted(ms for _, ms in clicks)[len(clicks) // 2]:.1f} ms a warm click")
    assert [count for count, _ in quiet] == [0] * 8
    # the frame in work when the click came, and one that may have been begun while it queued
    assert max(count for count, _ in busy) <= 2
