"""refavs bench stress: systems on clips that are hard in one way each."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.evaluation import Scores, Task
    from core.evaluation.tasks import Item, Record

LENGTHS = "seconds-"  # parts of long videos, where boxes are scored


def register(bench: typer.Typer) -> None:
    bench.command("stress")(stress)


def stress(
    systems: Annotated[list[str], typer.Argument(metavar="SYSTEM...", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for rows.jsonl.")],
    rows: Annotated[int, typer.Option(min=1, help="Rows of each part, evenly spread over its clips.")] = 20,
    minutes: Annotated[float, typer.Option(min=0, help="No part is begun after these.")] = 10.0,
) -> None:
    """Score systems on parts of world-stress-1 (built when it is missing); stopped, it goes on."""
    import json
    import sys
    from time import monotonic

    from app.cli.bench_common import machine
    from core import registry
    from core.datasets.world.sets import build_set

    ways = {name: registry.system(name) for name in systems}
    folders = build_set("world-stress-1")
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "rows.jsonl"
    found = _kept(kept, rows)
    started = monotonic()
    for folder in folders:
        for name, system in ways.items():
            if (folder.name, name) in found or monotonic() - started >= 60 * minutes:
                continue
            print(f"{folder.name}, {name}", file=sys.stderr, flush=True)
            row = _score(folder, name, system, rows, out)
            found[folder.name, name] = row
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    print(_table([folder.name for folder in folders], list(ways), found))
    print(f"J in %, of {LENGTHS}* box hits in %; {rows} rows of each, 95 % intervals; {machine()}")
    scored = sum((folder.name, name) in found for folder in folders for name in ways)
    print(json.dumps({"rows": rows, "scored": scored, "of": len(folders) * len(ways)}))


class _Some:
    """A task with a few of its items."""

    def __init__(self, task: "Task", rows: int) -> None:
        from app.cli.bench_common import spread

        self.layout, self.root = task.layout, task.root
        self._task, self._items = task, spread(list(task.items(None)), rows)

    def items(self, split: str | None) -> "Iterator[Item]":
        return iter(self._items)

    def scores(self, records: "Sequence[Record]") -> "Scores":
        return self._task.scores(records)

    def cue_scores(self, records: "Sequence[Record]") -> dict[str, Any]:
        return self._task.cue_scores(records)


def _score(folder: Path, name: str, system: Any, rows: int, out: Path) -> dict[str, Any]:
    from core import evaluation

    long = folder.name.startswith(LENGTHS)
    result = evaluation.evaluate(
        _Some(evaluation.task(f"{'clips' if long else 'refavs'}:{folder}"), rows),
        system,
        split=None,
        audio=evaluation.parse_audio("normal"),
        weights=None,
        partial=out / f".{folder.name}-{name}-{rows}.partial",
    )
    scored, value = result.scores.results[-1], "box_hit" if long else "j"
    return {
        "part": folder.name,
        "system": name,
        "asked": rows,
        "rows": result.rows,
        "clips": result.clips,
        "value": scored.values[value],
        "interval": scored.intervals.get(value),
        "seconds": round(result.seconds, 1),
    }


def _kept(path: Path, rows: int) -> dict[tuple[str, str], dict[str, Any]]:
    """What was scored before with as many rows; a line that was cut off does not count."""
    import json

    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
            if row["asked"] == rows:
                found[row["part"], row["system"]] = row
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _table(parts: list[str], systems: list[str], found: dict[tuple[str, str], dict[str, Any]]) -> str:
    lines = ["| | " + " | ".join(systems) + " |", "|---" * (len(systems) + 1) + "|"]
    for part in parts:
        cells = []
        for name in systems:
            row = found.get((part, name))
            ends = row and row["interval"]
            cells.append(
                "not run"
                if row is None
                else "nothing to score"
                if row["value"] is None
                else f"{row['value']:.1f}" + (f" [{ends[0]:.1f}, {ends[1]:.1f}]" if ends else "")
            )
        lines.append(f"| {part} | {' | '.join(cells)} |")
    return "\n".join(lines)
