"""refavs chains: the chains of thought of a dataset, as they should be and as a system writes them."""

from pathlib import Path
from typing import Annotated

import typer


def register(cli: typer.Typer) -> None:
    cli.command("chains")(chains)


def chains(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="refavs:DIR", help="A set built by `refavs world`; any with --writer.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON line each row; standard output without it.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="S", help="Rows of this split; all without it.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check the form of the chains in a file instead.")
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Take this system's own chains, and say how true they are; with --writer, have those that are wrong "
            "corrected.",
        ),
    ] = None,
    weights: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder saved by training.")] = None,
    writer: Annotated[
        str | None,
        typer.Option(
            metavar="HUB_ID|DIR",
            help="Have a model of a Qwen Omni family write them, for clips without a script; rows that --out "
            "has already are kept.",
        ),
    ] = None,
) -> None:
    """Write right chains from the world's scripts or with a model, check a file of them, or judge those of a system."""
    import json
    import sys

    from core.errors import RefavsError
    from core.systems.aurora.chain import write
    from core.training import aurora_chains

    if not dataset.startswith("refavs:"):
        raise RefavsError(f"Chains are those of a dataset of the form refavs:DIR; got {dataset!r}.")
    folder = Path(dataset.removeprefix("refavs:"))
    if check is not None:
        print(f"{len(aurora_chains.read_file(check))} chains, all of the right form")
        return
    if writer is not None:
        if out is None:
            raise RefavsError("--writer adds chains to a file: expected --out FILE with it.")
        _with_model(folder, split, out, writer, system, weights)
        return
    lines: list[dict[str, str]] = []
    judged: list[aurora_chains.Judgement] = []
    for sample, right in aurora_chains.samples(folder, split):
        text = write(right)
        if system is not None:
            text = _own(system, weights, sample)
            truth = aurora_chains.scene(sample)
            judged.append(aurora_chains.judge(text, truth, aurora_chains.target(sample)))
            if len(judged) % 10 == 0:
                print(f"{len(judged)} rows", file=sys.stderr, flush=True)
        lines.append({"uid": sample.row.uid, "exp": sample.row.exp, "chain": text})
    whole = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(whole, encoding="utf-8")
        print(f"{len(lines)} chains in {out}", file=sys.stderr)
    elif system is None:
        print(whole, end="")
    if system is not None:
        print(json.dumps({"system": system, "split": split, **aurora_chains.summary(judged)}))


def _with_model(
    folder: Path, split: str | None, out: Path, writer: str, system: str | None, weights: Path | None
) -> None:
    """Add what the model writes to a file; a line on standard output for each row without a chain, and a last one."""
    import json
    import sys
    from functools import partial

    from core.datasets.refavs import Dataset
    from core.systems.aurora.writer import OmniWriter
    from core.training import aurora_chains

    samples = list(Dataset(folder).samples(split))
    written = refused = 0
    own = partial(_own, system, weights) if system is not None else None
    for outcome in aurora_chains.fill(out, samples, OmniWriter(writer), own):
        if outcome.reason is None:
            written += 1
        else:
            refused += 1
            print(json.dumps({"uid": outcome.uid, "reason": outcome.reason}, ensure_ascii=False), flush=True)
        if (written + refused) % 10 == 0:
            print(f"{written + refused} rows", file=sys.stderr, flush=True)
    kept = len({sample.row.uid for sample in samples}) - written - refused
    print(
        json.dumps({"writer": writer, "split": split, "written": written, "kept": kept, "refused": refused})
    )


def _own(name: str, weights: Path | None, sample) -> str:  # type: ignore[no-untyped-def]
    """What the system writes of the first ten seconds. Raises RefavsError for one that writes no chains."""
    from core import registry
    from core.errors import RefavsError
    from core.systems.protocol import Referral

    for item in registry.system(name, weights).refer(sample.clip(), sample.row.exp):
        if isinstance(item, Referral):
            said = item.steps[-1].evidence.get("answers")
            if said:
                return str(said[0])
    raise RefavsError(f"Expected a system that writes chains, as aurora-nano does; {name} writes none.")
