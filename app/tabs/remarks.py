"""What a sentence must still pass, said while it is written."""

from typing import Any

from app.desk import Desk
from app.keeping import tidy
from core.expressions.checks import Candidate, Said, check


def remarks(desk: Desk, expression: str) -> dict[str, Any]:
    """{cues, remarks: [{level, words}]} of the sentence as it would be saved with the desk's ticked objects."""
    if not expression.strip():
        return {"cues": [], "remarks": []}
    things = desk.things
    fitting = [thing for thing in things if thing.fits]
    kept = desk.kept
    others = [
        Said(pair.expression or "", pair.objects)
        for pair in (kept.pairs if kept else ())
        if not (kept.current and pair.id == kept.current.id)
    ]
    # Before anything was found or drawn, nobody has said yet that nothing fits.
    undecided = not things and desk.verdict is None
    found = check(
        expression,
        objects=["not drawn yet"] if undecided else [thing.key for thing in fitting],
        categories={thing.category for thing in fitting if thing.category},
        others=others,
        in_clip={thing.category for thing in things if thing.category},
        candidates=[] if undecided else candidates(desk, expression),
    )
    shown = [{"level": r.level, "words": r.words} for r in found.remarks if r.kind != "no-reason"]
    return {"cues": list(found.cues), "remarks": shown}


def candidates(desk: Desk, expression: str) -> list[Candidate]:
    """What the system that answered this very sentence would choose, best first; [] = none did."""
    verdict = desk.verdict or {}
    if tidy(str(verdict.get("expression") or "")) != tidy(expression):
        return []
    keys = {thing.id: thing.key for thing in desk.things}
    here = {number: keys.get(thing) for number, thing in verdict.get("numbers", ())}
    return [
        Candidate(None, score, "nothing")
        if number is None
        else Candidate(here.get(number) or f"candidate {number}", score, f"number {number} of its reasons")
        for number, score in verdict.get("ranked", ())
    ]
