"""GroundingDINO and CLAP: tiny random networks, saved and loaded in the real format."""

import drawn
import numpy as np
import pytest
import tiny_hub
import torch

from core import media
from core.errors import RefavsError
from core.registry import system
from core.systems import Referral
from core.systems.cue import hub_nouns
from core.systems.cue.hub_nouns import HubFinder, fitted
from core.systems.cue.hub_sounds import HubEars, log_mel


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both, as a folder given by --weights holds them."""
    where = tmp_path_factory.mktemp("hub")
    tiny_hub.clap(where / "clap")
    tiny_hub.grounding_dino(where / "grounding-dino")
    return where


@pytest.fixture
def small(monkeypatch):
    """Pictures are fed at a size that tiny networks read quickly."""
    monkeypatch.setattr(hub_nouns, "SHORTER", 64)
    monkeypatch.setattr(hub_nouns, "LONGER", 128)


def picture(seed, size):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def tone(seconds, rate, hertz=440.0):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def test_every_second_gets_a_chance_for_each_name(folder):
    ears = HubEars(folder / "clap")
    names, chances, _ = ears(tone(2.5, 16_000), 16_000)
    assert {"dog", "piano", "speech", "silence"} <= set(names)
    assert chances.shape == (3, len(names))
    assert chances.sum(1) == pytest.approx(1, abs=1e-4)


def test_no_sound_is_no_second(folder):
    names, chances, _ = HubEars(folder / "clap")(np.zeros(0, np.float32), 16_000)
    assert chances.shape == (0, len(names))


def test_a_short_sound_is_repeated_and_the_rest_is_silence():
    rows = log_mel(torch.from_numpy(tone(4, 48_000)))
    assert rows.shape == (1001, 64)
    torch.testing.assert_close(rows[100:390], rows[500:790], rtol=1e-3, atol=1e-3)
    assert float(rows[900:].max()) == pytest.approx(-100)


def test_a_tone_is_loudest_in_its_own_band():
    low, high = (int(log_mel(torch.from_numpy(tone(1, 48_000, f))).mean(0).argmax()) for f in (300, 6000))
    assert low < high


def test_a_fused_network_is_refused_with_the_one_that_is_expected(tmp_path):
    with pytest.raises(RefavsError, match="Expected the files of laion/clap-htsat-unfused"):
        HubEars(tiny_hub.clap(tmp_path, fused=True))


def test_boxes_lie_on_the_picture_surest_first(folder, small, monkeypatch):
    monkeypatch.setattr(hub_nouns, "SURE", 0.0)
    spots = HubFinder(folder / "grounding-dino")(picture(0, (48, 80)), "dog")
    assert spots
    assert [s.score for s in spots] == sorted((s.score for s in spots), reverse=True)
    assert all(0 <= s.box[0] < s.box[2] <= 1 and 0 <= s.box[1] < s.box[3] <= 1 for s in spots)


def test_a_box_under_the_threshold_is_none(folder, small, monkeypatch):
    monkeypatch.setattr(hub_nouns, "SURE", 1.0)
    assert HubFinder(folder / "grounding-dino")(picture(0, (48, 80)), "dog") == []


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((720, 1280), (750, 1333)),
        ((480, 640), (800, 1066)),
        ((640, 480), (1066, 800)),
        ((800, 900), (800, 900)),
    ],
)
def test_pictures_are_fitted_to_the_published_size(size, expected):
    assert fitted(*size) == expected


def test_a_folder_without_the_files_is_told_in_one_sentence(tmp_path):
    with pytest.raises(RefavsError, match="Expected the files of IDEA-Research/grounding-dino-tiny"):
        HubFinder(tmp_path)
    with pytest.raises(RefavsError, match=r"in .* there is none"):
        system("cue-hub", tmp_path)


def test_a_noun_found_nowhere_fits_nothing_and_one_found_is_a_candidate(folder, small, monkeypatch, tmp_path):
    clip = media.open(drawn.film(tmp_path / "two things.mp4")).clip(0, 24)
    hub = system("cue-hub", folder)
    monkeypatch.setattr(hub_nouns, "SURE", 1.0)
    nothing = list(hub.refer(clip, "The dog."))[-1]
    assert isinstance(nothing, Referral)
    assert nothing.objects == ()
    assert "dog" in nothing.steps[-2].words
    monkeypatch.setattr(hub_nouns, "SURE", 0.0)
    found = list(hub.refer(clip, "The guitar."))[-1]
    assert isinstance(found, Referral)
    assert "noun" in {one["source"] for s in found.steps for one in s.evidence.get("candidates", ())}
    assert found.steps[0].evidence["hub"] == ["IDEA-Research/grounding-dino-tiny", "laion/clap-htsat-unfused"]


@pytest.mark.sam2
@pytest.mark.parametrize("size", [(48, 80), (360, 640), (97, 311)])
def test_pixels_are_those_of_the_published_processor(size):
    pytest.importorskip("torchvision")
    from transformers import GroundingDinoImageProcessor

    given = picture(3, size)
    theirs = GroundingDinoImageProcessor()(
        images=given, return_tensors="pt", input_data_format="channels_last"
    )
    assert bool(theirs["pixel_mask"].all())
    torch.testing.assert_close(hub_nouns.pixels(given), theirs["pixel_values"], rtol=0, atol=0.02)


@pytest.mark.sam2
@pytest.mark.parametrize("seconds", [0.7, 3.0, 10.0])
def test_bands_are_those_of_the_published_extractor(seconds):
    from transformers import ClapFeatureExtractor

    extractor = ClapFeatureExtractor(frequency_min=50, truncation="rand_trunc", padding="repeatpad")
    noise = np.random.default_rng(1).normal(0, 0.1, round(seconds * 48_000)).astype(np.float32)
    theirs = extractor(noise, sampling_rate=48_000, return_tensors="pt")["input_features"][0, 0]
    torch.testing.assert_close(log_mel(torch.from_numpy(noise)), theirs.float(), rtol=0, atol=0.01)
