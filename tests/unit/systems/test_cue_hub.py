"""Names from SigLIP 2: a tiny random network, saved and loaded in the real format."""

import drawn
import numpy as np
import pytest
import tiny_hub
import torch

from core import media
from core.errors import RefavsError
from core.registry import system
from core.systems import Referral, Step
from core.systems.cue import hub_names
from core.systems.cue.hub_names import HubNamer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_hub.siglip2(tmp_path_factory.mktemp("siglip2"))


def picture(seed, size):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def test_each_name_gets_a_chance_and_they_add_up_to_one(folder):
    namer = HubNamer(folder)
    mask = np.zeros((40, 60), bool)
    mask[5:30, 50:60] = True
    chances = namer([(picture(0, (40, 60)), mask), (picture(1, (40, 60)), mask)])
    assert set(chances) == set(namer.names)
    assert sum(chances.values()) == pytest.approx(1, abs=1e-4)


def test_what_lies_outside_the_crop_changes_no_name(folder):
    namer, mask = HubNamer(folder), np.zeros((40, 60), bool)
    mask[10:20, 20:40] = True
    one = picture(0, (40, 60))
    other = one.copy()
    other[30:], other[:, 50:] = 0, 255
    assert namer([(one, mask)]) == namer([(other, mask)])


def test_phrases_are_lower_case_and_filled_up_to_64_tokens(folder):
    ids = HubNamer(folder).ids(["This is a photo of a DOG."])
    assert ids.shape == (1, 64)
    assert ids[0, :9].tolist() == [2, 3, 4, 5, 6, 4, 8, 7, 0]


def test_the_system_answers_with_names_from_the_folder_and_says_so(folder, tmp_path):
    clip = media.open(drawn.film(tmp_path / "two things.mp4")).clip(0, 24)
    items = list(system("cue-hub", folder).refer(clip, "The object making a sound."))
    answer = items[-1]
    assert isinstance(answer, Referral)
    assert len(answer.objects) == 1
    assert answer.steps[0].words.startswith("Things are named by SigLIP 2")
    assert [item.words for item in items if isinstance(item, Step) and item.words] == [
        step.words for step in answer.steps
    ]


def test_a_folder_without_the_files_is_told_in_one_sentence(tmp_path):
    with pytest.raises(RefavsError, match="Expected the files of google/siglip2"):
        HubNamer(tmp_path)


def test_without_the_hub_it_says_what_to_download_and_that_cue_works(monkeypatch):
    def refused(_):
        raise RefavsError("no connection")

    monkeypatch.setattr(hub_names, "fetch", refused)
    with pytest.raises(RefavsError, match=r"siglip2-base-patch16-224 .*the system cue works without"):
        system("cue-hub")


@pytest.mark.sam2
@pytest.mark.parametrize("size", [(40, 60), (32, 32), (311, 97)])
def test_pixels_are_those_of_the_published_processor(folder, size):
    pytest.importorskip("torchvision")
    from transformers import SiglipImageProcessor

    processor = SiglipImageProcessor(size={"height": 32, "width": 32}, resample=2)
    given = picture(3, size)
    theirs = processor(images=given, return_tensors="pt", input_data_format="channels_last")["pixel_values"]
    torch.testing.assert_close(HubNamer(folder).pixels(given), theirs, rtol=0, atol=0.02)
