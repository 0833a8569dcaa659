"""The VGGish network, from a file in the layout of the public weights."""

import numpy as np
import pytest
import torch

from core.errors import RefavsError
from core.systems.blocks.logmel import examples
from core.systems.blocks.vggish import Vggish

CONVOLUTIONS = {0: (64, 1), 3: (128, 64), 6: (256, 128), 8: (256, 256), 11: (512, 256), 13: (512, 512)}
DENSE = {0: (4096, 12288), 2: (4096, 4096), 4: (128, 4096)}


@pytest.fixture(scope="module")
def state():
    """Names and shapes of vggish-10086976.pth. The dense layers repeat one row, so that the file stays small."""
    make = torch.Generator().manual_seed(0)
    found = {}
    for k, (out, width) in CONVOLUTIONS.items():
        found[f"features.{k}.weight"] = torch.randn(out, width, 3, 3, generator=make) * (width * 4) ** -0.5
        found[f"features.{k}.bias"] = torch.full((out,), 0.01)
    for k, (out, width) in DENSE.items():
        row = torch.randn(width, generator=make) if k == 0 else torch.full((1,), 1 / width)
        found[f"embeddings.{k}.weight"] = row.expand(out, width)
        found[f"embeddings.{k}.bias"] = torch.zeros(1).expand(out)
    return found


@pytest.fixture(scope="module")
def network(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("vggish") / "vggish-10086976.pth"
    torch.save({**state, "pproc.pca_means": torch.zeros(128, 1)}, path)
    return Vggish.from_file(path)


def sound(seconds):
    return np.random.default_rng(2).normal(size=round(seconds * 16000)).astype(np.float32) * 0.1


def test_the_public_layout_is_loaded_whole(network, state):
    assert set(network.state_dict()) == set(state)
    assert sum(p.numel() for p in network.parameters()) == 72_141_184


def test_ten_seconds_are_ten_rows_of_128(network):
    assert network.embed(sound(10), 16000).shape == (10, 128)
    assert network.embed(sound(10).repeat(3), 48000).shape == (10, 128)
    assert network.embed(sound(0.5), 16000).shape == (0, 128)


def test_the_dense_layers_take_time_then_band_then_channel(network, state):
    rows = examples(torch.from_numpy(sound(2)))
    with torch.inference_mode():
        maps = network.features(rows[:, None]).numpy()  # [k, 512, 6, 4]
        found = network(rows).numpy()
    row = state["embeddings.0.weight"][0].numpy().reshape(6, 4, 512)
    expected = np.maximum(np.einsum("kctf,tfc->k", maps, row), 0)
    assert expected.max() > 0
    np.testing.assert_allclose(found, np.repeat(expected[:, None], 128, 1), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("content", [b"", b"not weights", None])
def test_what_is_no_vggish_is_refused_in_one_line(content, tmp_path, state):
    path = tmp_path / "weights.pth"
    if content is None:
        torch.save({k: v for k, v in state.items() if not k.endswith("4.bias")}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(RefavsError, match=r"VGGish.*weights\.pth") as refused:
        Vggish.from_file(path)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RefavsError, match="cannot be used"):
        Vggish.from_file(tmp_path / "none.pth")
