"""SegPref on the shared eyes and ears: its network, its text cues and the system."""

import json
from importlib.resources import files

import numpy as np
import pytest
import torch
from PIL import Image

from core import media, registry
from core.errors import RefavsError
from core.masks import FrameMask
from core.systems.blocks.words import Words
from core.systems.protocol import Referral, Step
from core.systems.segpref import system as room
from core.systems.segpref.config import CUES, SegPrefConfig
from core.systems.segpref.describe import ANYTHING, CueDescriber, Description, audible, potential
from core.systems.segpref.network import SegPrefForAudioVisualSegmentation
from core.systems.segpref.system import SegPrefNano, cue_numbers, load


def small(**options):
    torch.manual_seed(0)
    sizes = {"width": 16, "heads": 2, "queries": 3, "decoder_layers": 2, "vocabulary": 60, "text_length": 4}
    return SegPrefForAudioVisualSegmentation(SegPrefConfig(**{**sizes, **options})).eval()


def features(batch, time, cues=2):
    generator = torch.Generator().manual_seed(1)
    eyes = tuple(
        torch.randn(batch, time, channels, side, side, generator=generator)
        for channels, side in ((64, 8), (128, 4), (192, 2))
    )
    numbers = torch.randint(2, 60, (batch, CUES, 4), generator=generator)
    numbers[:, cues:] = 0
    return eyes, torch.randn(batch, time, 128, generator=generator), numbers


def supporting(network):
    """Every cue finds itself in any sound."""
    network.audio.forward = lambda ears, text: (text + ears.mean(1)[:, None, None], text)
    return network


@torch.no_grad()
def test_a_mask_behind_each_layer_for_each_second():
    eyes, ears, numbers = features(2, 3)
    output = small()(eyes, ears, numbers, torch.ones(2, 3, dtype=torch.bool))
    assert [tuple(m.shape) for m in output.masks] == [(2, 3, 8, 8)] * 2
    assert output.sure.shape == (2, 3)
    assert output.open.shape == output.supported.shape == (2, 3, CUES)
    assert output.real.tolist() == [[True, True, False, False]] * 2


@torch.no_grad()
def test_seconds_without_sound_are_blank_whatever_is_seen():
    network, (eyes, ears, numbers) = supporting(small()), features(1, 3)
    network.classes.bias.data = torch.tensor([9.0, -9.0])  # sure of everything
    sounds = torch.tensor([[True, False, True]])
    output = network(eyes, ears, numbers, sounds)
    assert (output.masks[-1][0, 1] < -5).all()
    assert output.sure[0].gt(0).tolist() == [True, False, True]
    assert not output.open[0, 1].any()


@torch.no_grad()
def test_a_clip_without_text_cues_is_blank_and_leaves_the_others_alone():
    network, (eyes, ears, numbers) = supporting(small()), features(2, 2)
    sounds = torch.ones(2, 2, dtype=torch.bool)
    before = network(eyes, ears, numbers, sounds)
    numbers[0] = 0
    after = network(eyes, ears, numbers, sounds)
    assert (after.masks[-1][0] < -5).all()
    assert torch.isfinite(after.masks[-1]).all()
    torch.testing.assert_close(after.masks[-1][1], before.masks[-1][1], atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_padding_behind_a_cue_and_the_order_of_cues_change_nothing():
    network, (eyes, ears, numbers) = supporting(small()), features(1, 2)
    sounds = torch.ones(1, 2, dtype=torch.bool)
    before = network(eyes, ears, numbers, sounds)
    longer = torch.nn.functional.pad(numbers[..., :3], (0, 1))
    shorter = network(eyes, ears, longer[..., :3], sounds)
    torch.testing.assert_close(
        network(eyes, ears, longer, sounds).masks[-1], shorter.masks[-1], atol=1e-4, rtol=1e-3
    )
    turned = network(eyes, ears, numbers[:, [1, 0, 2, 3]], sounds)
    torch.testing.assert_close(turned.masks[-1], before.masks[-1], atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_the_mask_is_the_sum_of_query_masks_weighted_by_how_sure_they_sound():
    network, (eyes, ears, numbers) = supporting(small()), features(1, 1)
    seen = {}
    network.decoder.register_forward_hook(lambda _, __, out: seen.update(out=out))
    output = network(eyes, ears, numbers, torch.ones(1, 1, dtype=torch.bool))
    classes = network.classes(seen["out"].queries)[0]
    total = sum(classes[q].softmax(0)[0] * seen["out"].masks[-1][0, q] for q in range(3))
    sure = max(float(c[0] - c[1]) for c in classes)
    chance = total.sigmoid() / (1 + np.exp(-sure))
    torch.testing.assert_close(output.masks[-1][0, 0].sigmoid(), chance, atol=1e-5, rtol=1e-3)


def test_what_may_sound_is_heard_or_seen_and_can_make_a_sound():
    assert potential(("chair", "dog"), ("cello",), "sound") == ("cello", "dog", ANYTHING)
    assert potential(("dog", "cat", "man", "girl"), ("dog",), "sound") == ("dog", "cat", "man", ANYTHING)
    assert potential((), (), "sound") == (ANYTHING,)
    for kind in ("none", "silent", "noise"):
        assert potential(("dog",), (), kind) == ()


def test_a_second_is_audible_from_a_tenth_above_silence():
    rate = 16000
    samples = np.zeros(3 * rate, np.float32)
    samples[rate : rate + 2400] = 0.1
    samples[2 * rate :] = 1e-4  # -80 dBFS
    assert audible(samples, rate, 4).tolist() == [False, True, False, False]
    assert not audible(None, rate, 2).any()


def test_cues_without_a_place_are_padding():
    words = Words.learn(["dog", "cello", ANYTHING], 80)
    numbers = cue_numbers(words, [("dog", ANYTHING), ()], 6)
    assert numbers.shape == (2, CUES, 6)
    assert (numbers[0, :2] != 0).any(1).all()
    assert not numbers[0, 2:].any()
    assert not numbers[1].any()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    root = tmp_path_factory.mktemp("clip")
    rng = np.random.default_rng(0)
    for k in range(12):
        Image.fromarray(rng.integers(0, 255, (60, 90, 3), dtype=np.uint8)).save(root / f"{k:02}.png")
    tone = 0.3 * np.sin(np.arange(12 * 16000) * 0.2) * (np.arange(12 * 16000) % 16000 < 9000)
    return media.open(root).clip().with_audio(tone.astype(np.float32), 16000)


def saved(folder, bias=9.0, **options):
    words = Words.learn(["dog", "cello", ANYTHING], 80)
    network = small(vocabulary=len(words), text_length=8, **options)
    torch.nn.init.constant_(network.classes.weight, 0.0)
    network.classes.bias.data = torch.tensor([bias, -bias])
    network.save_pretrained(folder)
    words.save(folder)
    return folder


@pytest.fixture
def described(monkeypatch):
    """A describer that sees a dog; what can be heard is asked of the sound."""

    class Quick:
        name = "cue"

        def __call__(self, clip):
            yield Step("look", "Saw a dog.", {}, 0.8)
            samples = clip.audio(16000)
            kind = "none" if samples is None else "sound" if samples.any() else "silent"
            return Description("Saw a dog.", potential(("dog",), (), kind), ("dog",), (), kind)

    monkeypatch.setattr(room, "CueDescriber", Quick)


def test_every_second_of_a_long_clip_is_answered_with_logits_and_reasons(tmp_path, clip, described):
    system = SegPrefNano(saved(tmp_path))
    supporting(system._network)
    items = list(system.refer(clip, None))
    referral = items[-1]
    assert isinstance(referral, Referral)
    assert referral.indices == tuple(range(12))
    assert referral.logits.shape == (12, 32, 32)
    assert referral.logits.dtype == np.float16
    assert [s.kind for s in referral.steps] == ["read", "look", "match", "answer"]
    assert [s.progress for s in items if isinstance(s, Step)] == sorted(
        s.progress for s in items if isinstance(s, Step)
    )
    assert "dog, something that sounds" in referral.steps[2].words
    masks = [i.index for i in items if isinstance(i, FrameMask)]
    assert masks == (list(range(12)) if referral.objects else [])


@pytest.mark.parametrize("sound", ["mute", "none"])
def test_silence_gives_a_blank_answer(tmp_path, clip, described, sound):
    system = SegPrefNano(saved(tmp_path))
    supporting(system._network)
    asked = clip.with_audio(np.zeros(16000, np.float32), 16000) if sound == "mute" else clip.video.clip()
    referral = list(system.refer(asked, None))[-1]
    assert referral.objects == ()
    assert (referral.logits < -5).all()
    assert referral.steps[-1].words == "Nothing that is seen sounds."


def test_a_sentence_is_said_to_be_of_no_use_and_changes_nothing(tmp_path, clip, described):
    system = SegPrefNano(saved(tmp_path))
    without, given = (list(system.refer(clip, words))[-1] for words in (None, "the dog"))
    assert "without sentences" in given.steps[0].words
    assert "without sentences" not in without.steps[0].words
    assert np.array_equal(given.logits, without.logits)


def test_the_cue_reasoner_looks_and_listens_and_no_more(clip):
    class Reasoner:
        closed = False

        def refer(self, clip, expression):
            assert expression is None
            try:
                yield Step("read", "Reads.")
                yield Step("look", "", {}, 0.3)
                names = [{"dog": 0.9, "cat": 0.4}, {"chair": 0.35, "car": 0.1}, {}, {"dog": 0.5}]
                yield Step("look", "Saw four.", {"candidates": [{"names": n} for n in names]}, 0.8)
                yield Step("listen", "Heard.", {"heard": "sound", "names": [{"name": "cello"}] * 2}, 0.82)
                raise AssertionError("asked for more")
            finally:
                self.closed = True

    describer = CueDescriber()
    describer._reasoner = Reasoner()
    taken = []
    describing = describer(clip)
    try:
        while True:
            taken.append(next(describing))
    except StopIteration as end:
        found = end.value
    assert [s.kind for s in taken] == ["look", "look", "listen"]
    assert found == Description(
        "Saw four. Heard.", ("cello", "dog", ANYTHING), ("dog", "chair"), ("cello",), "sound"
    )
    assert describer._reasoner.closed


def test_what_was_saved_comes_back(tmp_path):
    network = small()
    network.save_pretrained(tmp_path)
    again = load(tmp_path)
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_weights_that_cannot_be_used_are_refused_in_words(tmp_path):
    with pytest.raises(RefavsError, match="refavs train segpref"):
        SegPrefNano(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "refavs-eemc"}))
    with pytest.raises(RefavsError, match="'refavs-eemc'"):
        SegPrefNano(tmp_path)
    with pytest.raises(RefavsError, match="described by 'hub'"):
        SegPrefNano(saved(tmp_path / "hub", describer="hub"))


def test_the_weights_that_ship_answer_and_say_how_they_were_measured(clip, described):
    assert registry.SYSTEMS["segpref-nano"] == "core.systems.segpref.system:SegPrefNano"
    referral = list(SegPrefNano().refer(clip, None))[-1]
    assert isinstance(referral, Referral)
    assert np.isfinite(referral.logits).all()
    card = (files("assets") / "weights" / "segpref-nano" / "README.md").read_text("utf-8")
    assert "refavs preference ms3:DIR" in card
    assert "*Experimental*" in card
