"""A release: a named export that stays as it is, with a datasheet and the sum of every file."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from annotations import exchange, reading, review
from annotations.edit import MAX_NAME, clean
from annotations.exchange.gather import Report
from annotations.exchange.splits import categories_of
from annotations.records import Agreement, PairFilter, PairLine, ReleaseInfo, Share, Spent, StoreError
from annotations.schema import ReleaseRow
from annotations.store import Store
from core.datasets.whole import SUMS, sum_of

SHEET, WORDS = "datasheet.json", "DATASHEET.md"


def make(
    store: Store,
    name: str,
    root: Path | str,
    layout: str,
    which: PairFilter | None = None,
    shares: Mapping[str, float] | None = None,
) -> tuple[ReleaseInfo, Report]:
    """Export the chosen pairs to the new folder `root` and keep, under a name that is given once, which
    version of each pair went out. Beside the export lie datasheet.json, DATASHEET.md and SHA256SUMS (for
    `sha256sum -c`). Raises RefavsError; then neither the folder nor the release is there.
    """
    name = clean(name, "release's name", MAX_NAME).strip()
    if any(each.name == name for each in releases(store)):
        raise StoreError(f"There is a release {name!r} already; a release never changes, name a new one.")
    sheet: dict[str, Any] = {}
    out: dict[UUID, dict[str, Any]] = {}

    def seal(report: Report, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        out.update((UUID(entry["pair"]), entry) for entry in manifest["pairs"].values())
        sheet.update(_sheet(store, out, manifest) | {"name": name, "layout": layout, "rows": report.rows})
        (folder / SHEET).write_text(json.dumps(sheet, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (folder / WORDS).write_text(_words(sheet), encoding="utf-8")

    report = exchange.export(store, root, layout, which, shares, seal)
    try:
        info = ReleaseInfo(
            name=name,
            at=datetime.now(UTC),
            layout=layout,
            sha256=sum_of(report.root / SUMS),
            sheet=sheet,
            versions={id: entry["version"] for id, entry in out.items()},
        )
        with store.database.writing() as db:
            if db.get(ReleaseRow, name) is not None:
                raise StoreError(f"There is a release {name!r} already; name a new one.")
            values = {str(id): version for id, version in info.versions.items()}
            db.add(ReleaseRow(**_row(info) | {"versions": values}))
    except BaseException:
        shutil.rmtree(report.root, ignore_errors=True)
        raise
    return info, report


def releases(store: Store) -> list[ReleaseInfo]:
    """Newest first."""
    with store.database.reading() as db:
        rows = db.scalars(sa.select(ReleaseRow).order_by(ReleaseRow.at.desc())).all()
        return [
            ReleaseInfo(
                name=row.name,
                at=row.at,
                layout=row.layout,
                sha256=row.sha256,
                sheet=row.sheet,
                versions={UUID(id): version for id, version in row.versions.items()},
            )
            for row in rows
        ]


def changed(root: Path | str) -> list[str]:
    """Files of a release's folder that are not as they were released, or are gone. Raises StoreError."""
    root = Path(root)
    try:
        lines = (root / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise StoreError(f"{root} is no release: {SUMS} cannot be read ({error.strerror}).") from None
    said = [line.partition("  ") for line in lines]
    return [name for sum, _, name in said if not (root / name).is_file() or sum_of(root / name) != sum]


def _row(info: ReleaseInfo) -> dict[str, Any]:
    return {key: getattr(info, key) for key in ("name", "at", "layout", "sha256", "sheet")}


def _sheet(store: Store, out: Mapping[UUID, dict[str, Any]], manifest: dict[str, Any]) -> dict[str, Any]:
    """Counts of the pairs that went out."""
    with store.database.reading() as db:
        lines = reading.lines(db, list(out))
        agreement = review.agreement(db, out)
    if len(lines) != len(out):
        raise StoreError(f"{len(out) - len(lines)} pairs were deleted while the release was made; try again.")
    names = categories_of(store, (id for line in lines for id in line.pair.objects))
    words = Counter(len((line.pair.expression or "").split()) for line in lines)
    return {
        "made": manifest["made"],
        "pairs": len(lines),
        "pairs_left_out": manifest["pairs_selected"] - len(lines),
        "videos": len({line.clip.video.sha256 for line in lines}),
        "clips": len({line.clip.id for line in lines}),
        "by_kind": _counts(lines, lambda line: [_kind(line)]),
        "by_cue": _counts(
            lines, lambda line: review.leans_on(line.pair.expression, line.pair.cues) or ["none"]
        ),
        "by_category": _counts(
            lines, lambda line: {names.get(id) or "object" for id in line.pair.objects} or {"null"}
        ),
        "by_split": _counts(lines, lambda line: [out[line.pair.id]["split"]]),
        "by_status": _counts(lines, lambda line: [line.pair.status]),
        "by_annotator": _counts(lines, lambda line: [line.pair.annotator]),
        "by_licence": _counts(lines, lambda line: [line.clip.video.licence or "unknown"]),
        "by_words": {str(n): words[n] for n in sorted(words)},
        "spent": _spent(store.spent(out)),
        "agreement": _told(agreement),
    }


def _counts(lines: Sequence[PairLine], of: Any) -> dict[str, int]:
    counts = Counter(trait for line in lines for trait in of(line))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _kind(line: PairLine) -> str:
    if line.pair.is_null:
        return f"null ({line.pair.null_kind or 'no reason given'})"
    return "plural" if line.pair.is_plural else "one object"


def _spent(spent: Mapping[UUID, Spent]) -> dict[str, Any]:
    """pairs: of how many it is known what they cost; the rest is about these. median, mean, most: a pair."""
    told: dict[str, Any] = {"pairs": len(spent)}
    for name in ("seconds", "clicks", "strokes") if spent else ():
        values = [getattr(each, name) for each in spent.values()]
        told[name] = {
            "median": median(values),
            "mean": fmean(values),
            "most": max(values),
            "all": sum(values),
        }
        told[name] = {key: round(value, 1) for key, value in told[name].items()}
    return told


def _told(agreement: Agreement) -> dict[str, Any]:
    def share(of: Share) -> dict[str, Any]:
        return asdict(of) | {"percent": round(of.percent, 1)}

    return {
        "total": share(agreement.total),
        "by_cue": {cue: share(of) for cue, of in agreement.by_cue.items()},
        "by_author": {name: share(of) for name, of in agreement.by_author.items()},
        "krippendorff_alpha": None if agreement.alpha is None else round(agreement.alpha, 4),
    }


def _words(sheet: dict[str, Any]) -> str:
    """The datasheet for people."""
    told = sheet["agreement"]
    alpha, total = told["krippendorff_alpha"], told["total"]
    text = [f"# {sheet['name']}", ""]
    text += [f"Made {sheet['made']}, layout {sheet['layout']}, {sheet['rows']} rows.", ""]
    text += [f"{sheet['pairs']} pairs of {sheet['clips']} clips from {sheet['videos']} videos; "]
    text[-1] += f"{sheet['pairs_left_out']} chosen pairs are left out (see manifest.json)."
    for key in (key for key in sheet if key.startswith("by_")):
        text += ["", f"## By {key.removeprefix('by_')}", "", "| | pairs |", "|---|---|"]
        text += [f"| {str(name).replace('|', ' ')} | {n} |" for name, n in sheet[key].items()]
    text += ["", "## Agreement of a second person who saw the sentence only", ""]
    if total["reviews"]:
        said = "undefined" if alpha is None else alpha
        text += [
            f"{total['agreed']} of {total['reviews']} ({total['percent']} %); Krippendorff's alpha {said}."
        ]
        text += [f"- {cue}: {of['agreed']} of {of['reviews']}" for cue, of in told["by_cue"].items()]
    else:
        text += ["Nobody has looked for these pairs yet."]
    spent = sheet["spent"]
    text += ["", "## Time and clicks spent on a pair", ""]
    if spent["pairs"]:
        text += [f"Counted for {spent['pairs']} of {sheet['pairs']} pairs.", ""]
        text += ["| | median | mean | most | all together |", "|---|---|---|---|---|"]
        for name in ("seconds", "clicks", "strokes"):
            of = spent[name]
            text += [f"| {name} | {of['median']} | {of['mean']} | {of['most']} | {of['all']} |"]
    else:
        text += ["It was counted for none of them."]
    return "\n".join(text) + "\n"
