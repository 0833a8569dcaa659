"""Checks on what an annotator asks: each failure is one sentence, said before anything has changed."""

import math
from collections.abc import Mapping

from core.errors import PromptError
from core.masks import Mask
from core.media import Clip
from core.segment.protocol import Click, ObjectId, Prompts

Seeds = Mapping[ObjectId, Mapping[int, Mask | Prompts]]


def check_index(clip: Clip, index: int) -> None:
    """Raises PromptError when the clip has no frame `index`."""
    if index not in clip.indices:
        first, last = clip.indices[0], clip.indices[-1]
        raise PromptError(f"The clip has frames {first} to {last}; there is no frame {index}.")


def check_mask(clip: Clip, mask: Mask) -> None:
    """Raises PromptError when the mask is not of the picture's size."""
    height, width = clip.video.size
    if mask.size != (height, width):
        raise PromptError(
            f"The mask is {mask.size[1]} x {mask.size[0]} pixels but the picture is {width} x {height}; "
            "give a mask of the picture's size."
        )


def checked(clip: Clip, index: int, prompts: Prompts, previous: Mask | None = None) -> Prompts:
    """The same prompts with the box's corners in order and inside the picture.

    Two clicks of opposite sign on one pixel contradict each other and are refused: which one was meant is the
    annotator's to say. Raises PromptError.
    """
    check_index(clip, index)
    if previous is not None:
        check_mask(clip, previous)
    if not prompts.clicks and prompts.box is None:
        raise PromptError("Nothing was asked: give at least one click or a box.")
    _check_clicks(prompts.clicks, clip.video.size)
    has_previous = previous is not None and not previous.is_empty
    if prompts.box is None and not has_previous and not any(c.positive for c in prompts.clicks):
        raise PromptError("There is no mask to remove from yet: click on the object first, or draw a box.")
    return Prompts(
        prompts.clicks, None if prompts.box is None else _checked_box(prompts.box, clip.video.size)
    )


def check_seeds(clip: Clip, seeds: Seeds) -> None:
    """Raises PromptError for the first seed that cannot be used."""
    if not any(frames for frames in seeds.values()):
        raise PromptError("There is nothing to carry on: give at least one object a mask, a click or a box.")
    for frames in seeds.values():
        for index, seed in frames.items():
            check_index(clip, index)
            if isinstance(seed, Mask):
                check_mask(clip, seed)
            else:
                checked(clip, index, seed)


def pixel(click: Click, size: tuple[int, int]) -> tuple[int, int]:
    """(column, row) of the pixel under the click, in a picture of `size` (H, W)."""
    return min(int(click.x), size[1] - 1), min(int(click.y), size[0] - 1)


def _check_clicks(clicks: tuple[Click, ...], size: tuple[int, int]) -> None:
    height, width = size
    signs: dict[tuple[int, int], bool] = {}
    for click in clicks:
        if not (math.isfinite(click.x) and math.isfinite(click.y)):
            raise PromptError(f"A click needs two numbers; got ({click.x}, {click.y}).")
        if not (0 <= click.x <= width and 0 <= click.y <= height):
            raise PromptError(
                f"The click at ({click.x:g}, {click.y:g}) is outside the picture of {width} x {height} "
                "pixels; click inside it."
            )
        x, y = pixel(click, size)
        if signs.setdefault((x, y), click.positive) != click.positive:
            raise PromptError(f"Two clicks on the pixel ({x}, {y}) say opposite things; undo one of them.")


def _checked_box(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    if len(box) != 4 or not all(math.isfinite(v) for v in box):
        raise PromptError(f"A box needs four numbers x0, y0, x1, y1; got {tuple(box)}.")
    height, width = size
    x0, x1 = sorted(min(max(v, 0.0), float(width)) for v in (box[0], box[2]))
    y0, y1 = sorted(min(max(v, 0.0), float(height)) for v in (box[1], box[3]))
    if x1 - x0 < 1 or y1 - y0 < 1:
        raise PromptError(
            f"The box {tuple(box)} covers no pixel of the picture of {width} x {height}; draw it larger."
        )
    return x0, y0, x1, y1
