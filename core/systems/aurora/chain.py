"""The chain of thought: how it is written, and a reader that checks its form.

    From left to right the picture shows dog, emergency-car.       what is seen; "nothing" where nothing can be named
    The sound has emergency-car, dog; the loudest is dog.          what is heard, in the order in which it begins
    The sentence leans on sound and place.                         what the reference asks for
    The target is the emergency-car. [SEG]                         or: Nothing fits. [SEG]

What is heard and not seen is said to be "out of sight". After a wrong answer "Wait, let me reconsider." may
follow, and a whole new chain; the last answer counts. Names are never split at hyphens or spaces.
"""

import re
from dataclasses import dataclass

from core.errors import RefavsError

SEG = "[SEG]"
NOTHING = "Nothing fits."
WAIT = "Wait, let me reconsider."
CUES = ("sound", "look", "place", "time")
MOST = 6  # things named of a picture, the largest

_PICTURE = re.compile(r"from left to right the picture shows (?P<names>[^.;]+)", re.I)
_SOUND = re.compile(
    r"the sound has (?P<names>[^.;]+?)(; the loudest is (?P<loudest>[^.;]+?))?(; out of sight (?P<unseen>[^.;]+))?",
    re.I,
)
_CUES = re.compile(r"the sentence leans on (?P<names>[^.;]+)", re.I)
_TARGET = re.compile(r"the target is (?:the )?(?P<name>[^.;]+)", re.I)


class ChainError(RefavsError):
    """A text that is no chain."""


@dataclass(frozen=True)
class Chain:
    """What a chain says. seen: left to right. heard: in order of beginning, of what is in the picture.

    unseen: heard, but out of sight. cues: what the sentence leans on. target: None = nothing fits.
    """

    seen: tuple[str, ...]
    heard: tuple[str, ...]
    loudest: str | None
    unseen: tuple[str, ...]
    cues: tuple[str, ...]
    target: str | None


@dataclass(frozen=True)
class Attempt:
    """An answer that was refused, and why."""

    said: str
    fault: str


def write(chain: Chain) -> str:
    """The chain as text, [SEG] at its end."""
    sound = f"The sound has {_listed(chain.heard)}"
    sound += f"; the loudest is {chain.loudest}" if chain.loudest else ""
    sound += f"; out of sight {_listed(chain.unseen)}" if chain.unseen else ""
    return " ".join(
        [
            f"From left to right the picture shows {_listed(chain.seen)}.",
            f"{sound}.",
            f"The sentence leans on {' and '.join(chain.cues) or 'nothing'}.",
            answer(chain.target),
        ]
    )


def answer(target: str | None) -> str:
    """The last sentence of a chain, and all of an answer without reasoning."""
    return f"{NOTHING if target is None else f'The target is the {target}.'} {SEG}"


def read(text: str) -> Chain:
    """What a text says whose form is right; behind a reconsideration, what it says last.

    Raises ChainError: what was expected and what stands there.
    """
    attempts = re.split(rf"{re.escape(WAIT)}\s*", text.strip(), flags=re.I)
    if len(attempts) > 2:
        raise ChainError(f"Expected at most one {WAIT!r}; found {len(attempts) - 1}. Write one chain.")
    if len(attempts) == 2:
        _read_one(f"{attempts[0].strip()} {SEG}")
    return _read_one(attempts[-1])


def read_answer(text: str) -> str | None:
    """The category of the last answer in a text of any form; None = nothing fits. Raises ChainError."""
    said = [s for s in _sentences(text.replace(SEG, "")) if _is_answer(s)]
    if not said:
        raise ChainError(f"Expected 'The target is X.' or {NOTHING!r}; found none in {text[-60:]!r}.")
    found = _TARGET.fullmatch(said[-1])
    return _name(found["name"]) if found else None


def same(first: str | None, second: str | None) -> bool:
    """Whether two names mean one category, whatever joins their words: hyphens, spaces, upper case."""
    return (first and _name(first)) == (second and _name(second))


def checked(text: str, wanted: str | None) -> str:
    """The chain in what a model wrote, in its regular spelling. wanted: the target that it must name.

    Raises ChainError: what was expected and what stands there.
    """
    chain = read(text)
    sound = (*chain.heard, *chain.unseen)
    for name in (*chain.seen, *sound):
        if name in ("", "nothing") or not all(c.isalnum() or c in "-'" for c in name):
            raise ChainError(
                f"Expected names of letters and hyphens with commas between them; found {name!r}."
            )
    if (most := max(len(chain.seen), len(sound))) > MOST:
        raise ChainError(f"Expected at most {MOST} names of the picture, and of the sound; found {most}.")
    if chain.loudest and chain.loudest not in chain.heard:
        raise ChainError(f"Expected the loudest to be one of what the sound has; found {chain.loudest!r}.")
    if not same(chain.target, wanted):
        raise ChainError(f"Expected {answer(wanted)!r}, which is known; found {answer(chain.target)!r}.")
    return write(chain)


def _read_one(text: str) -> Chain:
    body, mark, rest = text.partition(SEG)
    if not mark or rest.strip():
        raise ChainError(f"Expected one {SEG}, at the end; found {text[-60:]!r}.")
    sentences = _sentences(body)
    if len(sentences) != 4 or not body.strip().endswith("."):
        raise ChainError(f"Expected four sentences before {SEG}; found {len(sentences)} in {body[:80]!r}.")
    picture, sound, cues = (
        _match(pattern, sentence, what)
        for pattern, sentence, what in zip(
            (_PICTURE, _SOUND, _CUES), sentences, ("picture", "sound", "sentence"), strict=False
        )
    )
    if not _is_answer(sentences[3]):
        raise ChainError(f"Expected 'The target is X.' or {NOTHING!r}; found {sentences[3]!r}.")
    leans = () if cues["names"].lower() == "nothing" else tuple(cues["names"].lower().split(" and "))
    if unknown := [cue for cue in leans if cue not in CUES]:
        raise ChainError(f"A sentence leans on {', '.join(CUES)}; found {unknown[0]!r}.")
    loudest = sound["loudest"]
    return Chain(
        _names(picture["names"]),
        _names(sound["names"]),
        _name(loudest) if loudest else None,
        _names(sound["unseen"] or "nothing"),
        leans,
        read_answer(body),
    )


def _match(pattern: re.Pattern[str], sentence: str, what: str) -> re.Match[str]:
    found = pattern.fullmatch(sentence)
    if not found:
        raise ChainError(f"Expected what the {what} has, in the words of a chain; found {sentence!r}.")
    return found


def _is_answer(sentence: str) -> bool:
    return bool(_TARGET.fullmatch(sentence)) or sentence.lower() == NOTHING[:-1].lower()


def _sentences(text: str) -> list[str]:
    return [s.strip() for s in text.split(".") if s.strip()]


def _names(text: str) -> tuple[str, ...]:
    return () if text.strip().lower() == "nothing" else tuple(_name(n) for n in text.split(","))


def _name(text: str) -> str:
    """As the layout has it: lower case, words joined by hyphens."""
    return re.sub(r"[\s_-]+", "-", text.strip().lower())


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"
