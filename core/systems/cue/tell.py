"""Tell: every step in words, with its evidence as plain data: seconds of the clip, candidate ids, numbers."""

from typing import Any

from core.expressions import Reading, Thing, cues
from core.systems.cue.answer import Choice, confidence
from core.systems.cue.candidate import Candidate
from core.systems.cue.listen import Hearing
from core.systems.cue.look import Looked
from core.systems.cue.weigh import Scene
from core.systems.protocol import Step

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")

LIKE = 0.6  # a name by looks is told from this chance on


def read_step(reading: Reading | None) -> Step:
    if reading is None:
        return Step(
            "read", "No sentence was given: looks for everything that sounds.", {"reading": None}, 0.02
        )
    parts = [
        {
            "kind": p.kind,
            "value": p.value,
            "degree": p.degree,
            "negated": p.negated,
            "words": p.words,
            "at": list(p.at),
        }
        for thing in reading.things
        for p in thing.deep()
    ]
    evidence: dict[str, Any] = {
        "text": reading.text,
        "reading": str(reading),
        "cues": sorted(cues(reading)),
        "parts": parts,
        "spelled": [list(pair) for pair in reading.spelled],
        "unread": list(reading.unread),
    }
    if not reading.things:
        return Step("read", reading.note, evidence, 0.02)
    words = "Reads: " + " and ".join(_thing(t) for t in reading.things) + "."
    words += "".join(f" Takes “{a}” for “{b}”." for a, b in reading.spelled)
    if reading.unread:
        words += " Does not understand " + ", ".join(f"“{w}”" for w in reading.unread) + "."
    return Step("read", words, evidence, 0.02)


def _thing(thing: Thing) -> str:
    said = ", ".join(p.words for p in thing.parts)
    name = thing.head.name.replace("-", " ")
    article = "" if thing.head.plural else "an " if name[0] in "aeiou" else "a "
    return f"{article}{name}{'s' if thing.head.plural else ''}" + (f" ({said})" if said else "")


def listen_step(hearing: Hearing) -> Step:
    evidence: dict[str, Any] = {
        "heard": hearing.kind,
        "events": [
            {"start": round(e.start, 2), "end": round(e.end, 2), "dbfs": round(e.level, 1)}
            for e in hearing.events
        ],
        "onsets": [round(float(t), 2) for t in hearing.onsets],
        "times": [round(e.start, 2) for e in hearing.events],
        "rhythm": round(hearing.rhythm, 2),
        "names": [
            {
                "name": n.name,
                "chance": round(n.chance, 3),
                "start": round(n.start, 2),
                "end": round(n.end, 2),
            }
            for n in hearing.names.heard
        ],
    }
    if hearing.kind != "sound":
        silent = {"none": "The clip has no sound track.", "silent": "Heard nothing: the clip is silent."}
        return Step(
            "listen", silent.get(hearing.kind, "Heard an even hiss, and nothing else."), evidence, 0.82
        )
    if not hearing.events:
        words = "Heard something, too short or too faint to say when"
    elif hearing.continuous and len(hearing.events) == 1:
        words = "Heard one continuous sound"
    else:
        count = len(hearing.events)
        words = (
            f"Heard {_number(count)} sound{'s' * (count != 1)}, the first at {hearing.events[0].start:.1f} s"
        )
        loudest = max(hearing.events, key=lambda e: e.level)
        words += f", the loudest at {loudest.start:.1f} s" if count > 1 else ""
    if len(hearing.onsets) > 2:
        words += f", with {len(hearing.onsets)} beginnings in it ({hearing.rhythm:.1f} a second)"
    if hearing.names.heard:
        words += "; heard: " + ", ".join(map(str, hearing.names.heard[:3]))
    return Step("listen", words + ".", evidence, 0.82)


def look_step(looked: Looked) -> Step:
    seen = looked.candidates
    evidence = {
        "times": [round(float(t), 2) for t in looked.sight.times],
        "candidates": [candidate_evidence(c) for c in seen],
    }
    if not seen:
        return Step("look", "Saw nothing that stands out or moves.", evidence, 0.8)
    words = f"Saw {_number(len(seen))} thing{'s' * (len(seen) != 1)} that could be meant: "
    words += "; ".join(f"{c.id} is {describe(c)}" for c in seen[:3])
    return Step("look", words + ("; ..." if len(seen) > 3 else "."), evidence, 0.8)


def again_step(found: list[Candidate]) -> Step:
    words = (
        "Looked again for what the sentence describes and saw "
        + "; ".join(f"{c.id}: {describe(c)}" for c in found)
        + "."
    )
    return Step("look", words, {"candidates": [candidate_evidence(c) for c in found]}, 0.86)


def describe(one: Candidate) -> str:
    """ "like a dog, orange, in the middle, 18 % of the picture, moving"."""
    x, y = one.centre
    across = "on the left" if x < 0.4 else "on the right" if x > 0.6 else "in the middle"
    down = ", at the top" if y < 0.3 else ", at the bottom" if y > 0.75 else ""
    colours = [name for name, share in one.colours.items() if share > 0.25][:2] or list(one.colours)[:1]
    moving = ", moving" if one.motion > 0.4 else ", hardly moving" if one.motion < 0.15 else ""
    like = next((name for name, chance in one.names.items() if chance > LIKE), "")
    like = f"like a {like.replace('-', ' ')}, " if like else ""
    return f"{like}{' and '.join(colours)} {across}{down}{moving}, {max(1, round(100 * one.area))} % of the picture"


def candidate_evidence(one: Candidate) -> dict[str, Any]:
    return {
        "id": one.id,
        "source": one.source,
        "worth": round(one.worth, 3),
        "box": [round(v, 3) for v in one.box],
        "centre": [round(v, 3) for v in one.centre],
        "area": round(one.area, 4),
        "motion": round(one.motion, 3),
        "skin": round(one.skin, 3),
        "colours": {name: round(share, 3) for name, share in one.colours.items() if share >= 0.05},
        "names": {name: round(chance, 3) for name, chance in one.names.items() if chance >= 0.1},
        "present": [round(float(t), 2) for t in one.sight.times[one.present]],
    }


def match_step(scene: Scene) -> Step:
    matches = {
        str(i): {
            "goes": round(m.goes, 3),
            "correlation": round(m.agreement, 3),
            "by_chance": round(m.usual, 3),
            "sd_above_chance": round(m.chance, 2),
            "lag": round(m.lag, 2),
            "moves_at": list(m.active),
        }
        for i, m in scene.matches.items()
    }
    evidence: dict[str, Any] = {"matches": matches, "telling": round(scene.telling, 2)}
    if not scene.hearing.heard:
        return Step("match", "There is no sound to match anything with.", evidence, 0.9)
    best = max(scene.candidates, key=lambda c: scene.matches[c.id].goes, default=None)
    if best is None:
        return Step("match", "There is nothing to match the sound with.", evidence, 0.9)
    found = scene.matches[best.id]
    evidence["times"] = list(found.active)
    if found.goes >= 0.25:
        words = (
            f"What moves in {best.id} goes with the sound (correlation {found.agreement:.2f}, "
            f"{found.chance:.1f} standard deviations above chance)."
        )
    elif scene.telling > 0.5 and found.told:
        words = (
            "No candidate's motion goes with the rhythm of the sound: what sounds may be off the picture, or "
            "sound without moving."
        )
    else:
        words = "The sound is too even, or the clip too short, to tell by motion what makes it."
    return Step("match", words, evidence, 0.9)


def answer_step(choices: list[Choice]) -> Step:
    evidence = {
        "objects": [w.candidate.id for c in choices for w in c.chosen],
        "scores": [{str(w.candidate.id): round(w.score, 3) for w in c.ranked} for c in choices],
        "confidence": [round(confidence(c), 3) if c.chosen else 0.0 for c in choices],
    }
    told = []
    for choice in choices:
        if choice.chosen:
            names = " and ".join(str(w.candidate.id) for w in choice.chosen)
            told.append(f"Chose {names} ({describe(choice.chosen[0].candidate)}) because {choice.why}.")
        else:
            told.append(f"Nothing fits because {choice.why}.")
    return Step("answer", " ".join(told), evidence, 0.95)


def reflect_step(choices: list[Choice]) -> Step:
    evidence: dict[str, Any] = {
        "checks": [
            {
                "object": w.candidate.id,
                "parts": [
                    {
                        "words": c.words,
                        "kind": c.kind,
                        "score": None if c.score is None else round(c.score, 3),
                        "why": c.why,
                    }
                    for c in w.checks
                ],
            }
            for choice in choices
            for w in (choice.chosen or choice.ranked[:1])
        ],
        "refused": [{"candidate": i, "why": why} for choice in choices for i, why in choice.refused],
    }
    told = []
    for choice in choices:
        for i, why in choice.refused[:1] if choice.chosen else ():
            told.append(f"{i} was refused: {why}.")
        for w in choice.chosen[:1]:
            open_parts = [f"“{c.words}”" for c in w.checks if c.score is None]
            weak = [f"“{c.words}”" for c in w.checks if c.score is not None and c.score < 0.4]
            told.append("Checked every part again" + (": all hold." if not weak and not open_parts else "."))
            if weak:
                told.append(f"Weak: {', '.join(weak)}.")
            if open_parts:
                told.append(f"Could not be checked: {', '.join(open_parts)}.")
        if not choice.chosen:
            told.append("Tried every candidate; none passes, so the answer is that nothing fits.")
    return Step("reflect", " ".join(told), evidence, 1.0)


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)
