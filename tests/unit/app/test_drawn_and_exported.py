"""From the stroke on the page to the file of the dataset: what is drawn on a frame is what is exported of it."""

import io
import zipfile
from fractions import Fraction

import makers
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from annotations.store import Store
from app import work
from app.desk import Desk
from app.exports import Exports
from app.keeping import Keeper
from app.media_routes import Links
from core import media
from core.masks import Mask

SECONDS = 6


def strokes(size: tuple[int, int]) -> list[Mask]:
    """One for each frame, each of its own place and shape."""
    found = []
    for index in range(2 * SECONDS):
        pixels = np.zeros(size, bool)
        pixels[3 + index : 9 + 2 * index, 2 + index : 6 + 3 * index] = True
        found.append(Mask.encode(pixels))
    return found


def opened(packed: zipfile.ZipFile, name: str) -> np.ndarray:
    (path,) = [path for path in packed.namelist() if path.endswith(name)]
    return np.asarray(Image.open(io.BytesIO(packed.read(path))))


# T9, T41
@pytest.mark.parametrize("rotation", [0, 90, 270])
def test_each_second_has_the_mask_that_was_drawn_on_its_frame_upright(tmp_path, rotation):
    path = makers.make_clip(
        tmp_path / "clip.mp4",
        frames=2 * SECONDS,
        rate=Fraction(2),
        size=(96, 160),
        rotation=rotation,
        options=makers.B_FRAMES,
    )
    desk, links = Desk(media.open(path).clip(), lambda: None, name="clip"), Links()  # type: ignore[arg-type]
    drawn = strokes(desk.clip.size)
    with Store.open() as store:
        exports, keeper = Exports(store, links), Keeper(store)
        keeper.load(desk)
        for index, mask in enumerate(drawn):
            desk.brush(index, mask, erase=False, thing=1 if index else None)
        desk.change_thing(1, category="dog")
        keeper.save(desk, "The dog.")
        for _ in work.export(desk, exports, None):
            pass
        done = desk.feed.since(0)[-1]
    assert done["refused"] == []
    page = TestClient(Starlette(routes=links.routes()))
    with zipfile.ZipFile(io.BytesIO(page.get("/" + done["link"]).content)) as packed:
        for second in range(SECONDS):
            mask = opened(packed, f"/{second:05}.png") > 0
            assert np.array_equal(mask, drawn[2 * second].decode()), second
            picture = opened(packed, f"/{second}.jpg")
            assert picture.shape[:2] == desk.clip.size
            assert makers.read_barcode(picture) == 2 * second
