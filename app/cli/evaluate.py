"""refavs evaluate: score a system on a dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from core.evaluation import Evaluation, Progress


def register(cli: typer.Typer) -> None:
    cli.command("evaluate")(evaluate)


def evaluate(
    dataset: Annotated[
        str, typer.Argument(help="refavs:DIR, s4:DIR, ms3:DIR, avss:DIR or clips:DIR.", show_default=False)
    ],
    system: Annotated[str, typer.Option(metavar="NAME", help="System to score; baselines are systems too.")],
    split: Annotated[
        str | None, typer.Option(metavar="S", help="Rows of this split; all without it.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder saved by training.")] = None,
    audio: Annotated[str, typer.Option(help="normal, mute, noise:DB or offscreen.")] = "normal",
    skip_broken: Annotated[bool, typer.Option("--skip-broken", help="Pass over broken rows.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write JSON there.")
    ] = None,
) -> None:
    """Score a system with the benchmark's own protocols; stopped, the same command goes on."""
    import json
    import sys

    from core import evaluation, registry
    from core.errors import RefavsError
    from core.paths import cache_dir

    task = evaluation.task(dataset)
    sound = evaluation.parse_audio(audio)
    if weights is not None and not weights.is_dir():
        raise RefavsError(f"Weights are a folder saved by training; there is no folder {weights}.")
    scored = registry.system(system, weights)
    mark = evaluation.fingerprint(task, split, scored.name, weights, sound)
    partial = (
        json_file.with_name(f".{json_file.name}.partial")
        if json_file
        else cache_dir() / "evaluate" / f"{mark[:16]}.jsonl"
    )
    if json_file and json_file.is_dir():
        raise RefavsError(f"--json takes a file; {json_file} is a folder.")
    try:
        result = evaluation.evaluate(
            task,
            scored,
            split=split,
            audio=sound,
            weights=weights,
            partial=partial,
            skip_broken=skip_broken,
            progress=_Lines(),
            left_out=lambda what: print(f"left out: {what}", file=sys.stderr),
        )
    except evaluation.BrokenSamples as error:
        for defect in error.defects:
            print(f"{defect.kind}: {defect.where}: {defect.what}", file=sys.stderr)
        raise
    except KeyboardInterrupt:
        print(f"stopped; what is scored is kept in {partial}, the same command goes on", file=sys.stderr)
        raise
    facts = {
        "dataset": dataset,
        "split": split,
        "system": system,
        "weights": str(weights) if weights else None,
        "audio": audio,
    }
    data = {**facts, **_measured(result)}
    print(_text(data, result))
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        whole = json_file.with_name(f".{json_file.name}.writing")
        whole.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        whole.replace(json_file)


def _measured(result: "Evaluation") -> dict[str, Any]:
    return {
        "clips": result.clips,
        "rows": result.rows,
        "left_out": result.left_out,
        "masks": "hard" if result.hard else "logits",
        "seconds": round(result.seconds, 2),
        "by_cue": result.by_cue,
        "protocol": result.scores.protocol,
    }


def _text(data: dict[str, Any], result: "Evaluation") -> str:
    from core.metrics import table

    split = f", split {data['split']}" if data["split"] else ""
    weights = f", weights {data['weights']}" if data["weights"] else ""
    masks = "hard masks (scored as logits of +10 and -10)" if result.hard else "logits"
    lines = [
        f"{data['system']}{weights} on {data['dataset']}{split}, audio {data['audio']}, {masks}",
        f"{result.rows} rows of {result.clips} clips in {result.seconds:.1f} s; {result.left_out} left out",
        "",
        table(result.scores.results),
    ]
    for cue, values in result.by_cue.items():
        there = {name: value for name, value in values.items() if value is not None}
        shares = (f"{name} {v:.2f}" if isinstance(v, float) else f"{name} {v}" for name, v in there.items())
        lines.append(f"expressions that lean on {cue}: " + ", ".join(shares))
    return "\n".join(lines)


class _Lines:
    """A line of progress on standard error every few seconds, and at the end."""

    def __init__(self) -> None:
        self.last = 0.0
        self.told = False

    def __call__(self, now: "Progress") -> None:
        import sys

        if now.kept and not self.told:
            self.told = True
            print(f"going on: {now.kept} of {now.total} rows were scored before", file=sys.stderr)
        if now.done < now.total and now.seconds - self.last < 2:
            return
        self.last = now.seconds
        fresh = max(now.done - now.kept, 1)
        left = (now.total - now.done) * now.seconds / fresh
        print(f"{now.done} of {now.total} rows, about {left:.0f} s left", file=sys.stderr, flush=True)
