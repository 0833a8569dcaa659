"""Stepping Stone Plus as a network and as a system, with small random weights."""

import json
from importlib.resources import files

import numpy as np
import pytest
import torch

from core import media, registry
from core.datasets.avss import CLASSES
from core.errors import RefavsError
from core.masks import FrameMask
from core.systems.protocol import Referral, Step
from core.systems.ssp.config import SspConfig
from core.systems.ssp.network import (
    SspForAudioVisualSemanticSegmentation,
    SspOutput,
    StageOutput,
    sounding_logits,
)
from core.systems.ssp.prompts import sounding, vocabulary
from core.systems.ssp.system import SspNano, classes_of, load

TINY = {"width": 32, "queries": 3, "semantic_queries": 4, "decoder_layers": 2}


def network(**options):
    torch.manual_seed(0)
    return SspForAudioVisualSemanticSegmentation(SspConfig(**TINY, **options)).eval()


def looked(frames=2):
    torch.manual_seed(1)
    eyes = tuple(torch.randn(frames, c, s, s) for c, s in ((64, 32), (128, 16), (192, 8)))
    texts = torch.randint(1, 500, (frames, 24)), torch.randint(1, 500, (frames, 24))
    motion = torch.zeros(frames, 56, 56)
    motion[:, :28] = 5.0
    return eyes, torch.rand(frames, 128), motion, texts


def test_both_stages_answer_every_frame():
    with torch.no_grad():
        output = network()(*looked())
    assert output.first.classes.shape == (2, 3, 3)
    assert output.second.classes.shape == (2, 4, 72)
    assert output.second.shares().shape == (2, 71, 32, 32)
    assert sounding_logits(output.first).shape == (2, 32, 32)


@pytest.mark.parametrize(("stand_in", "top", "bottom"), [("flow", 1.0, 0.0), ("nothing", 0.75, 0.25)])
def test_what_stands_in_for_the_true_mask_is_a_choice(stand_in, top, bottom):
    with torch.no_grad():
        output = network(stand_in=stand_in)(*looked())
    assert output.guide[:, :28].unique().tolist() == [top]
    assert output.guide[:, 28:].unique().tolist() == [bottom]
    with pytest.raises(ValueError, match="stage-1, flow, nothing"):
        SspConfig(stand_in="truth")


def test_the_first_stages_mask_feeds_the_second_and_truth_takes_its_place_where_given():
    with torch.no_grad():
        eyes, ears, motion, texts = looked()
        truth = torch.zeros(2, 56, 56)
        truth[0, :, :28] = 1
        truth[1] = torch.nan
        output = network()(eyes, ears, motion, texts, truth)
        own = SspForAudioVisualSemanticSegmentation.found(output.first, torch.Size((56, 56)))
    assert torch.equal(output.guide[0], 0.5 * (output.moving[0] + truth[0]))
    assert torch.equal(output.guide[1], 0.5 * (output.moving[1] + own[1]))


def test_without_flow_and_texts_it_is_aavs_whose_second_stage_sees_the_mask_alone():
    with torch.no_grad():
        net = network(pre_mask=False, prompts=False)
        eyes, ears, motion, texts = looked()
        truth = torch.zeros(2, 56, 56)
        truth[:, :, :28] = 1
        output = net(eyes, ears, motion, texts, truth)
        other = net(eyes, ears, torch.zeros_like(motion), texts, truth)
    assert net.alignment is None
    assert torch.equal(output.guide, truth)
    assert torch.equal(output.second.masks[-1], other.second.masks[-1])


def test_the_logit_is_above_zero_where_sounding_beats_background():
    torch.manual_seed(0)
    stage = StageOutput((torch.randn(1, 3, 4, 4),), torch.randn(1, 3, 3), torch.zeros(1, 3, 4, 4))
    share = stage.shares()
    for y in range(4):
        for x in range(4):
            chance = stage.classes[0].softmax(-1)
            wanted = [
                sum(float(chance[q, c]) / (1 + np.exp(-float(stage.masks[0][0, q, y, x]))) for q in range(3))
                for c in range(2)
            ]
            np.testing.assert_allclose(share[0, :, y, x].numpy(), wanted, rtol=1e-5)
            assert (float(sounding_logits(stage)[0, y, x]) > 0) == (wanted[1] > wanted[0])


def test_a_class_that_covers_hardly_anything_is_not_told():
    masks = torch.full((1, 3, 224, 224), -9.0)
    masks[0, 0] = 1.0
    masks[0, 1, :112], masks[0, 2, 200:205, :5] = 9.0, 9.0
    classes = torch.full((1, 3, 72), -9.0)
    classes[0, 0, 0], classes[0, 1, 17], classes[0, 2, 11] = 9.0, 9.0, 9.0
    stage = StageOutput((masks,), classes, masks)
    planes, sure = classes_of(SspOutput(stage, stage, masks[:, 0], masks[:, 0]))
    assert set(np.unique(planes[0])) == {0, 17}
    assert (planes[0][:112] == 17).all()
    assert set(sure[0]) == {17}


def test_each_second_is_told_what_sounds_the_surest_first():
    chances = np.array([[0.9, 0.4, 0.6], [0.9, 0.1, 0.2]], np.float32)
    assert sounding(chances, ("silence", "dog", "car")) == ["car, dog", "nothing"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("weights")
    words = vocabulary(["dog", "emergency-car"], ["dog", "speech"])
    words.save(root)
    torch.manual_seed(0)
    net = SspForAudioVisualSemanticSegmentation(SspConfig(**TINY, vocabulary=len(words)))
    net.second.classes.bias.data[[17, 70]] = 4.0
    net.save_pretrained(root)
    return root


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    from PIL import Image

    root = tmp_path_factory.mktemp("clip")
    rng = np.random.default_rng(0)
    for k in range(12):
        Image.fromarray(rng.integers(0, 255, (60, 90, 3), dtype=np.uint8)).save(root / f"{k:02}.png")
    return media.open(root).clip()


def test_every_second_is_answered_with_named_objects_logits_and_reasons(folder, clip):
    items = list(SspNano(folder).refer(clip, None))
    referral = items[-1]
    assert isinstance(referral, Referral)
    assert referral.indices == tuple(range(12))
    assert (referral.logits.shape, referral.logits.dtype) == ((12, 32, 32), np.float16)
    kinds = [item.kind for item in items if isinstance(item, Step)]
    assert kinds == ["read", "listen", "look", "match", "match", "answer"]
    assert [item.index for item in items if isinstance(item, FrameMask)] == list(range(12))
    assert referral.objects
    for found in referral.objects:
        assert found.category in CLASSES[1:]
        assert set(found.track.masks) == set(range(12))
        assert found.track.masks[0].size == (60, 90)
        assert all(0 <= sure <= 1 for sure in found.score.values())


def test_a_sentence_changes_nothing_and_this_is_said(folder, clip):
    system = SspNano(folder)
    asked, free = list(system.refer(clip, "the dog")), list(system.refer(clip, None))
    assert "reads no sentence" in asked[0].words
    assert "no sentence" not in free[0].words
    assert np.array_equal(asked[-1].logits, free[-1].logits)


def test_a_clip_without_a_sound_track_is_taken_as_silent_and_this_is_said(folder, clip):
    listened = next(i for i in SspNano(folder).refer(clip, None) if i.kind == "listen")
    assert listened.words == "The clip has no sound track, which counts as silence."
    assert listened.evidence["names"] == []


def test_weights_that_cannot_be_used_are_refused_in_words(tmp_path):
    with pytest.raises(RefavsError, match="refavs train ssp"):
        load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(RefavsError, match="'bert'"):
        load(tmp_path)


def test_the_weights_that_ship_answer_and_are_marked_experimental(clip):
    referral = list(registry.system("ssp-nano").refer(clip.video.clip(0, 1), None))[-1]
    assert isinstance(referral, Referral)
    assert np.isfinite(referral.logits).all()
    card = files("assets") / "weights" / "ssp-nano" / "README.md"
    assert "*Experimental*" in card.read_text("utf-8")
