"""refavs evaluate: score a system on a dataset; refavs preference: the same with other sounds beside its own."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.bulk import Ray, Workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.evaluation import Audio, Evaluation, Progress
    from core.evaluation.tasks import Task

Split = Annotated[str | None, typer.Option(metavar="S", help="Rows of this split; all without it.")]
Weights = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder saved by training.")]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Pass over broken rows.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write JSON there.")]


def register(cli: typer.Typer) -> None:
    cli.command("evaluate")(evaluate)
    cli.command("preference")(preference)


def evaluate(
    dataset: Annotated[
        str, typer.Argument(help="refavs:DIR, s4:DIR, ms3:DIR, avss:DIR or clips:DIR.", show_default=False)
    ],
    system: Annotated[str, typer.Option(metavar="NAME", help="System to score; baselines are systems too.")],
    split: Split = None,
    weights: Weights = None,
    audio: Annotated[str, typer.Option(help="normal, mute, noise:DB or offscreen.")] = "normal",
    skip_broken: SkipBroken = False,
    json_file: Json = None,
    workers: Workers = None,
    ray: Ray = None,
    no_reasoning: Annotated[
        bool, typer.Option("--no-reasoning", help="Answer at once, where the system writes a chain first.")
    ] = False,
) -> None:
    """Score a system with the benchmark's own protocols; stopped, the same command goes on."""
    from core import evaluation, registry

    if no_reasoning:
        system = registry.without_reasoning(system)
    task = evaluation.task(dataset)
    sounds = [evaluation.parse_audio(audio)]
    (result,) = _scored(task, system, split, weights, sounds, skip_broken, json_file, workers, ray)
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
        _write(json_file, data)


def preference(
    dataset: Annotated[str, typer.Argument(help="s4:DIR, ms3:DIR or avss:DIR.", show_default=False)],
    system: Annotated[str, typer.Option(metavar="NAME", help="System to test; baselines are systems too.")],
    split: Split = None,
    weights: Weights = None,
    skip_broken: SkipBroken = False,
    json_file: Json = None,
    workers: Workers = None,
    ray: Ray = None,
) -> None:
    """Does a system listen, or does it guess? Score it with the clips' own sound, silence, noise and other sound.

    The Systems tab of the app shows the report too. Stopped, the same command goes on.
    """
    from hashlib import sha256

    from core import evaluation
    from core.evaluation import preference as report
    from core.paths import cache_dir

    task = evaluation.task(dataset)
    report.check(task)
    results = _scored(task, system, split, weights, report.audios(), skip_broken, json_file, workers, ray)
    found = report.preference(task, results)
    data = {
        "dataset": dataset,
        "split": split,
        "system": system,
        "weights": str(weights) if weights else None,
        "clips": results[0].clips,
        "left_out": results[0].left_out,
        "masks": "hard" if results[0].hard else "logits",
        "seconds": round(sum(one.seconds for one in results), 2),
        **found.to_json(),
    }
    where = f", split {split}" if split else ""
    taught = f", weights {weights}" if weights else ""
    print(
        f"{system}{taught} on {dataset}{where}: {data['clips']} clips, {data['seconds']} s; {data['left_out']} left out\n"
    )
    print(report.table(found))
    mark = sha256(f"{task.root.resolve()} {task.layout} {split} {system} {weights}".encode()).hexdigest()[:12]
    _write(cache_dir() / "preference" / f"{system}-{mark}.json", data)
    if json_file is not None:
        _write(json_file, data)


def _scored(
    task: "Task",
    name: str,
    split: str | None,
    weights: Path | None,
    audios: "Sequence[Audio]",
    skip_broken: bool,
    json_file: Path | None,
    workers: int | None,
    ray: str | None,
) -> "list[Evaluation]":
    """Load the system and ask it about every row with each of the sounds; says what is going on."""
    from core import evaluation, registry
    from core.errors import RefavsError
    from core.paths import cache_dir

    if weights is not None and not weights.is_dir():
        raise RefavsError(f"Weights are a folder saved by training; there is no folder {weights}.")
    system = registry.system(name, weights)
    mark = evaluation.fingerprint(task, split, system.name, weights, *audios)
    partial = (
        json_file.with_name(f".{json_file.name}.partial")
        if json_file
        else cache_dir() / "evaluate" / f"{mark[:16]}.jsonl"
    )
    if json_file and json_file.is_dir():
        raise RefavsError(f"--json takes a file; {json_file} is a folder.")
    try:
        return evaluation.evaluate_each(
            task,
            system,
            split=split,
            audios=audios,
            weights=weights,
            partial=partial,
            skip_broken=skip_broken,
            progress=_Lines(),
            left_out=lambda what: print(f"left out: {what}", file=sys.stderr),
            workers=workers,
            ray=ray,
        )
    except evaluation.BrokenSamples as error:
        for defect in error.defects:
            print(f"{defect.kind}: {defect.where}: {defect.what}", file=sys.stderr)
        raise
    except KeyboardInterrupt:
        print(f"stopped; what is scored is kept in {partial}, the same command goes on", file=sys.stderr)
        raise


def _write(path: Path, data: dict[str, Any]) -> None:
    """Whole or not there."""
    import json

    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.writing")
    whole.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    whole.replace(path)


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
        if now.kept and not self.told:
            self.told = True
            print(f"going on: {now.kept} of {now.total} rows were scored before", file=sys.stderr)
        if now.done < now.total and now.seconds - self.last < 2:
            return
        self.last = now.seconds
        fresh = max(now.done - now.kept, 1)
        left = (now.total - now.done) * now.seconds / fresh
        print(f"{now.done} of {now.total} rows, about {left:.0f} s left", file=sys.stderr, flush=True)
