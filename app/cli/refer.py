"""refavs refer: a clip and a sentence, or none -> the pixels meant on every frame, and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from core.masks import Track
    from core.media import Clip
    from core.systems import Referral, Step, System


def register(cli: typer.Typer) -> None:
    cli.command("refer")(refer)


def refer(
    clip: Annotated[Path, typer.Argument(help="A video, or a folder of frames.", show_default=False)],
    expression: Annotated[
        str | None,
        typer.Argument(
            help='A sentence, as "The object making a sound."; without one, everything that sounds.',
            show_default=False,
        ),
    ] = None,
    system: Annotated[str, typer.Option(metavar="NAME", help="Who answers.")] = "cue",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for masks/00000.png ..., overlay.mp4 and referral.json."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder saved by training.")] = None,
    no_reasoning: Annotated[
        bool, typer.Option("--no-reasoning", help="Answer at once, where the system writes a chain first.")
    ] = False,
) -> None:
    """Find what a sentence means; reasons on standard error, one JSON object on standard output."""
    import json
    from time import perf_counter

    from core import media, registry
    from core.errors import RefavsError
    from core.expressions import normalise

    if expression is not None and normalise(expression) is None:
        raise RefavsError(
            "An expression was expected, but it is empty; say in one sentence what is meant, or leave it out "
            "for everything that sounds."
        )
    if no_reasoning:
        system = registry.without_reasoning(system)
    asked = registry.system(system, weights)
    opened = media.open(clip).clip()
    if out is not None:
        _folder(out)
    begin = perf_counter()
    answer = _ask(asked, opened, expression)
    seconds = round(perf_counter() - begin, 2)
    if out is not None:
        tracks = _every_frame(opened, answer)
        _write(out, opened, tracks, _data(opened, expression, system, answer, tracks))
    verdict = next((step.words for step in reversed(answer.steps) if step.kind == "answer"), "")
    print(
        json.dumps(
            {
                "system": system,
                "expression": expression,
                "null": not answer.objects,
                "objects": [
                    {
                        "category": found.category,
                        "frames": len(found.track.present),
                        "score": round(max(found.score.values(), default=0.0), 3),
                        "box": _box(found.track),
                    }
                    for found in answer.objects
                ],
                "answer": verdict,
                "seconds": seconds,
                "out": None if out is None else str(out),
            },
            ensure_ascii=False,
        )
    )


def _ask(system: "System", clip: "Clip", expression: str | None) -> "Referral":
    from core.errors import RefavsError
    from core.systems import Referral, Step

    answer = None
    for item in system.refer(clip, expression):
        if isinstance(item, Step):
            _say(item)
        elif isinstance(item, Referral):
            answer = item
    if answer is None:
        raise RefavsError(f"The system {system.name} ended without an answer; try another one.")
    return answer


def _say(step: "Step") -> None:
    """A step on a line of its own; progress alone on a line that is written over."""
    import sys

    if step.words:
        print(f"\r[{100 * step.progress:3.0f} %] {step.kind}: {step.words}", file=sys.stderr, flush=True)
    elif sys.stderr.isatty():
        print(f"\r[{100 * step.progress:3.0f} %] {step.kind} ...", end="", file=sys.stderr, flush=True)


def _folder(out: Path) -> None:
    from core.errors import RefavsError

    try:
        (out / "masks").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefavsError(
            f"Cannot write to {out} ({error.strerror}); name a folder that can be written."
        ) from error


def _every_frame(clip: "Clip", answer: "Referral") -> "list[Track]":
    """The objects' tracks with the frames between filled."""
    import sys

    from core import registry
    from core.masks import Mask, Track
    from core.systems.densify import densify

    masks: list[dict[int, Mask]] = [{} for _ in answer.objects]
    for done, frame in enumerate(densify(clip, answer, registry.segmenter()), 1):
        for number, found in frame.items():
            masks[number][found.index] = found.mask
        if sys.stderr.isatty() or done == len(clip):
            print(f"\r{done} of {len(clip)} frames", end="", file=sys.stderr, flush=True)
    if masks:
        print(file=sys.stderr)
    return [Track(clip.size, own) for own in masks]


def _write(out: Path, clip: "Clip", tracks: "list[Track]", data: dict[str, Any]) -> None:
    import json

    from core.errors import RefavsError
    from core.masks import Mask, union, write_binary
    from core.media.overlay import write_overlay

    nothing = Mask.empty(clip.size)
    try:
        for old in (out / "masks").glob("[0-9]*.png"):
            old.unlink()
        for index in clip.indices:
            here = [track.masks[index] for track in tracks if index in track.masks]
            write_binary(out / "masks" / f"{index:05d}.png", union(here) if here else nothing)
        write_overlay(out / "overlay.mp4", clip, tracks)
        (out / "referral.json").write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise RefavsError(
            f"Cannot write to {out} ({error.strerror}); make room, or name another folder."
        ) from error


def _data(
    clip: "Clip", expression: str | None, system: str, answer: "Referral", tracks: "list[Track]"
) -> dict[str, Any]:
    video = clip.video
    return {
        "expression": expression,
        "system": system,
        "clip": {
            "name": video.path.name,
            "sha256": video.sha256,
            "size": list(video.size),
            "first": clip.first,
            "last": clip.last,
            "pts": [round(float(t), 6) for t in video.pts[clip.first : clip.last + 1]],
        },
        "indices": list(answer.indices),
        "null": not answer.objects,
        "objects": [
            {
                "category": found.category,
                "score": {str(i): score for i, score in found.score.items()},
                "masks": {str(i): mask.to_coco() for i, mask in sorted(track.masks.items())},
            }
            for found, track in zip(answer.objects, tracks, strict=True)
        ],
        "steps": [
            {"kind": s.kind, "words": s.words, "progress": round(s.progress, 3), "evidence": dict(s.evidence)}
            for s in answer.steps
        ],
    }


def _box(track: "Track") -> list[int] | None:
    """x0, y0, x1, y1 in pixels on the middle one of the frames where it is seen."""
    there = track.present
    box = track.masks[there[len(there) // 2]].box if there else None
    return None if box is None else list(box)
