"""The nano segmenter's network, windows and maps."""

import numpy as np
import pytest
import torch

from core.errors import RefavsError
from core.segment.nano.config import NanoConfig
from core.segment.nano.look import answer, load, look, save
from core.segment.nano.maps import BOX, NEGATIVE, POSITIVE, PREVIOUS, draw
from core.segment.nano.network import NanoNetwork, fold
from core.segment.nano.window import Window

TINY = NanoConfig(widths=(4, 8, 8, 8, 8), blocks=(1, 1, 1, 1), key=4)


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = NanoNetwork(TINY)
    for module in made.modules():  # as after training: nothing is the identity
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.weight, 1.0, 0.2)
            torch.nn.init.normal_(module.running_mean, 0.0, 0.2)
    return made.eval()


def test_the_trunk_gives_features_at_five_strides_without_prompts(network):
    features = network.encode(torch.rand(1, 3, 64, 96))
    assert [tuple(f.shape[1:]) for f in features] == [
        (4, 32, 48),
        (8, 16, 24),
        (8, 8, 12),
        (8, 4, 6),
        (8, 2, 3),
    ]


def test_logits_have_the_size_of_the_prompt_maps_and_follow_them(network):
    with torch.no_grad():
        features = network.encode(torch.rand(1, 3, 64, 96))
        empty = torch.zeros(1, 5, 64, 96)
        clicked = torch.from_numpy(draw((64, 96), [(20.0, 30.0, True)]))[None]
        silent, asked = network.decode(features, empty), network.decode(features, clicked)
    assert silent.shape == asked.shape == (1, 1, 64, 96)
    assert not torch.allclose(silent, asked)


def test_folding_the_normalisations_changes_no_answer(network):
    picture, maps = torch.rand(1, 3, 64, 64), torch.rand(1, 5, 64, 64)
    with torch.no_grad():
        before = network.decode(network.encode(picture), maps)
        fold(network)
        after = network.decode(network.encode(picture), maps)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())
    torch.testing.assert_close(before, after, atol=1e-4, rtol=1e-4)


def test_matching_a_frame_with_itself_finds_the_remembered_part(network):
    with torch.no_grad():
        network.sharpness.fill_(6.0)
        keys = torch.nn.functional.normalize(torch.randn(1, 16, 8, 8), dim=1)
        inside = torch.full((1, 64), -1.0)
        inside[:, 27] = 1.0  # row 3, column 3 of the 8 x 8 keys
        match = network.match(keys, keys.flatten(2), inside)[0, 0]
    assert match.shape == (64, 64)
    assert match.abs().max() <= 1.0
    assert divmod(int(match.argmax()), 64) in {(r, c) for r in range(24, 32) for c in range(24, 32)}


def test_prompt_maps_say_where_and_what():
    previous = np.zeros((32, 32), bool)
    previous[:, :16] = True
    maps = draw((32, 32), [(5.5, 6.5, True), (20.2, 9.9, False)], (4, 8, 12, 16), previous)
    assert maps[POSITIVE, 6, 5] == 1
    assert maps[POSITIVE, 9, 20] == 0
    assert maps[NEGATIVE, 9, 20] == 1
    assert (maps[BOX, 8:16, 4:12] == 1).all()
    assert maps[BOX].sum() == 2 * 64 - 32 * 32
    assert maps[PREVIOUS, 0, 15] == 1
    assert maps[PREVIOUS, 0, 16] == -1


def test_a_prompt_that_was_not_given_leaves_its_map_empty():
    assert not draw((32, 32)).any()


@pytest.mark.parametrize(
    "window",
    [
        Window.whole((120, 200), 128),
        Window.around((50, 40, 90, 100), 128, margin=1.5, least=20),
        Window.around((0, 0, 30, 30), 96, margin=2.0, least=20),
    ],
)
def test_a_mask_cut_to_a_window_and_placed_back_is_the_same_mask(window):
    mask = np.zeros((120, 200), bool)
    mask[42:98, 52:88] = True
    mask[5:25, 3:28] = True
    cut = window.cut_mask(mask)
    placed, part = window.place(cut.astype(np.float32) * 2 - 1, mask.shape)
    assert cut.shape == window.grid
    assert ((placed > 0) != mask[part]).mean() < 0.02


def test_a_click_and_its_pixel_meet_in_the_window():
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[33, 71] = 255
    window = Window.around((60, 25, 90, 45), 192, margin=1.2, least=20)
    ((x, y, positive),) = window.points([(71.5, 33.5, True)])
    seen = window.cut(picture)[..., 0].astype(float)
    rows, columns = np.mgrid[: seen.shape[0], : seen.shape[1]] + 0.5
    assert positive
    assert abs((columns * seen).sum() / seen.sum() - x) < 0.6
    assert abs((rows * seen).sum() / seen.sum() - y) < 0.6


def test_a_window_that_leaves_the_picture_sees_grey_there():
    window = Window.around((0, 0, 20, 20), 64, margin=2.0, least=20)
    cut = window.cut(np.zeros((100, 100, 3), np.uint8))
    assert (cut[:10, :10] == 115).all()
    assert (cut[40:, 40:] == 0).all()


def test_saved_weights_load_and_answer_as_before(network, tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    window = Window.whole((64, 64), 64)
    before = answer(network, look(network, picture, window), [(30.0, 30.0, True)])
    save(network, tmp_path)
    again = load(tmp_path)
    after = answer(again, look(again, picture, window), [(30.0, 30.0, True)])
    np.testing.assert_allclose(after, before, atol=0.05)


@pytest.mark.parametrize("harm", ["no config", "other network", "no weights", "broken weights", "other size"])
def test_a_folder_that_is_not_the_networks_is_refused_in_one_sentence(network, tmp_path, harm):
    save(network, tmp_path)
    config, weights = tmp_path / "config.json", tmp_path / "model.safetensors"
    if harm == "no config":
        config.unlink()
    elif harm == "other network":
        config.write_text('{"architecture": "sam2", "widths": []}')
    elif harm == "no weights":
        weights.unlink()
    elif harm == "broken weights":
        weights.write_bytes(weights.read_bytes()[:100])
    else:
        NanoConfig(widths=(4, 8, 8, 8, 16), blocks=(1, 1, 1, 1), key=4).save(tmp_path)
    with pytest.raises(RefavsError) as caught:
        load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
