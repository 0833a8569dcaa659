"""refavs segment: clicks or a box on one frame -> that object's mask, there or over a range of frames."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np

    from core.masks import FrameMask, Mask
    from core.media import Clip
    from core.segment import Click, Prompts, Segmenter

OVERLAY = (255, 80, 0)


def register(cli: typer.Typer) -> None:
    cli.command("segment")(segment)


def segment(
    clip: Annotated[Path, typer.Argument(help="A video, or a folder of frames.", show_default=False)],
    frame: Annotated[int, typer.Option(help="Frame index of the clicks and the box, from 0.")],
    click: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y[,-]", help="Pixel on the object; ',-' = not on it. Repeatable."),
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="X0,Y0,X1,Y1", help="Box around the object, pixels.")
    ] = None,
    propagate: Annotated[
        str | None, typer.Option(metavar="A:B", help="Carry the mask over frames A to B, both included.")
    ] = None,
    segmenter: Annotated[
        str, typer.Option(metavar="NAME", help="auto = the best whose weights are here.")
    ] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for masks/00000.png (0 and 255) and overlay.jpg."),
    ] = None,
) -> None:
    """Cut out one object; the last line printed is one JSON object."""
    import json

    from core import media, registry
    from core.masks import FrameMask

    opened = media.open(clip).clip()
    prompts = _prompts(click or [], box)
    tool = registry.segmenter(segmenter)
    wanted = None if propagate is None else _range(opened, propagate)
    prediction = tool.segment(opened, frame, prompts)
    answers = {frame: FrameMask(frame, prediction.mask, prediction.score)}
    if wanted is not None:
        answers |= _carry(tool, opened, frame, prediction.mask, wanted)
        answers[frame] = FrameMask(frame, prediction.mask, prediction.score)
    if out is not None:
        _write(out, answers, opened, frame, prompts)
    box_found = prediction.mask.box
    print(
        json.dumps(
            {
                "segmenter": tool.name,
                "frame": frame,
                "area": prediction.mask.area,
                "box": None if box_found is None else list(box_found),
                "score": round(prediction.score, 4),
                "frames": [
                    {"index": i, "area": a.mask.area, "score": round(a.score, 4)}
                    for i, a in sorted(answers.items())
                ],
                "out": None if out is None else str(out),
            }
        )
    )


def _carry(
    tool: "Segmenter", clip: "Clip", frame: int, mask: "Mask", wanted: range
) -> "dict[int, FrameMask]":
    """The mask on every frame of `wanted`: from `frame` on, then from `frame` back."""
    import sys

    found: dict[int, FrameMask] = {}
    for indices in ([i for i in wanted if i >= frame], [i for i in reversed(wanted) if i <= frame]):
        for answers in tool.propagate(clip, {1: {frame: mask}}, indices):
            found |= {answer.index: answer for answer in answers.values()}
            print(f"\r{len(found)} of {len(wanted)} frames", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def _write(out: Path, answers: "dict[int, FrameMask]", clip: "Clip", frame: int, prompts: "Prompts") -> None:
    from PIL import Image

    from core.errors import RefavsError
    from core.masks import write_binary

    try:
        (out / "masks").mkdir(parents=True, exist_ok=True)
        for index, answer in answers.items():
            write_binary(out / "masks" / f"{index:05d}.png", answer.mask)
        picture = _overlay(clip.frame(frame), answers[frame].mask.decode(), prompts)
        Image.fromarray(picture).save(out / "overlay.jpg", quality=90)
    except OSError as error:
        raise RefavsError(
            f"Cannot write to {out} ({error.strerror}); name a folder that can be written."
        ) from error


def _overlay(picture: "np.ndarray", mask: "np.ndarray", prompts: "Prompts") -> "np.ndarray":
    """The picture with the mask coloured, its edge drawn, and the clicks and the box on it."""
    import cv2
    import numpy as np

    drawn = picture.copy()
    drawn[mask] = (0.55 * drawn[mask] + 0.45 * np.array(OVERLAY)).astype(np.uint8)
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, edges, -1, OVERLAY, 1)
    size = max(3, max(picture.shape) // 160)
    for click in prompts.clicks:
        colour = (0, 220, 0) if click.positive else (230, 0, 0)
        cv2.circle(drawn, (int(click.x), int(click.y)), size, (255, 255, 255), -1)
        cv2.circle(drawn, (int(click.x), int(click.y)), max(2, size - 2), colour, -1)
    if prompts.box is not None:
        x0, y0, x1, y1 = (round(v) for v in prompts.box)
        cv2.rectangle(drawn, (x0, y0), (x1, y1), (255, 255, 0), 1)
    return drawn


def _prompts(clicks: list[str], box: str | None) -> "Prompts":
    from core.segment import Prompts

    corners = None
    if box is not None:
        x0, y0, x1, y1 = _numbers(box, 4, "--box needs X0,Y0,X1,Y1 in pixels")
        corners = (x0, y0, x1, y1)
    return Prompts(tuple(_click(text) for text in clicks), corners)


def _click(text: str) -> "Click":
    from core.segment import Click

    positive = not text.endswith(",-")
    x, y = _numbers(
        text if positive else text[:-2], 2, "--click needs X,Y in pixels, or X,Y,- for a place off it"
    )
    return Click(x, y, positive)


def _numbers(text: str, count: int, expected: str) -> list[float]:
    from core.errors import PromptError

    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise PromptError(f"{expected}; got {text!r}.")
    return numbers


def _range(clip: "Clip", text: str) -> range:
    from core.errors import PromptError

    first, colon, last = text.partition(":")
    try:
        a, b = sorted((int(first), int(last)))
    except ValueError:
        a, b = -1, -1
    if not colon or a not in clip.indices or b not in clip.indices:
        raise PromptError(
            f"--propagate needs A:B, two frames of {clip.indices[0]} to {clip.indices[-1]}; got {text!r}."
        )
    return range(a, b + 1)
