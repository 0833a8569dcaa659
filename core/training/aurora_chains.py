"""Chains of thought of datasets: from the scripts of world scenes, where what is seen and heard is known, or of real
clips from a model that writes them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.refavs import Dataset, Sample
from core.errors import DatasetError, RefavsError
from core.expressions import cues, read
from core.media import Clip
from core.systems.aurora.chain import MOST, Attempt, Chain, ChainError, checked, read_answer, same
from core.systems.aurora.chain import read as read_chain

TRIES = 3  # of a model that writes chains, for one row
BEGIN = b'{"uid": '  # of a line
SOMETHING = "something"  # what is heard in a clip that has another scene's sound


@dataclass(frozen=True)
class Scene:
    """What is true of a clip. things: every category in the picture, however small; the rest as in `Chain`."""

    things: frozenset[str]
    seen: tuple[str, ...]
    heard: tuple[str, ...]
    loudest: str | None
    unseen: tuple[str, ...]

    def chain(self, expression: str, target: str | None) -> Chain:
        """The right chain of a sentence; its cues are read from it."""
        leans = tuple(str(cue) for cue in cues(read(expression)))
        return Chain(self.seen, self.heard, self.loudest, self.unseen, leans, target)


def scene(sample: Sample) -> Scene:
    """The truth of a sample's clip from its script.json. Raises DatasetError where there is none."""
    path = sample.folder / "script.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        script, facts = told["script"], told["truth"]
        visible = [f for f in facts if 2 * sum(f["shown"]) >= len(f["shown"])]
        large = sorted(visible, key=lambda f: -f["size"])[:MOST]
        heard = sorted((f for f in facts if f["voice"]), key=lambda f: f["start"])
        if script["audio"] != "normal":
            heard = []
        levels = [f["level"] for f in heard]
        return Scene(
            things=frozenset(f["category"] for f in facts),
            seen=tuple(f["category"] for f in sorted(large, key=lambda f: f["x"])),
            heard=tuple(f["category"] for f in heard),
            loudest=heard[levels.index(max(levels))]["category"] if len(heard) > 1 else None,
            unseen=_unseen(script),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"Chains are made of a world scene's script; there is none that can be read at {path} "
            f"({type(error).__name__}). Build the set with `refavs world`, or hand in chains (`refavs chains --writer`)."
        ) from None


def _unseen(script: dict[str, Any]) -> tuple[str, ...]:
    """Kinds of the cast carry their category's name, or that of a variant of it before a colon."""
    if script["audio"] == "muted":
        return ()
    if script["audio"] == "crossed":
        return (SOMETHING,)
    return tuple(dict.fromkeys(o["cast"].partition(":")[0] for o in script["off_screen"]))


def scenes_of_file(path: Path, samples: Sequence[Sample]) -> dict[str, Scene]:
    """By V, what the chains in a file say of the clips of these samples; a chain is asked of one row at least.

    Raises DatasetError for a file that `read_file` does not take.
    """
    chains = read_file(path)
    out: dict[str, Scene] = {}
    spoken: dict[str, set[str]] = {}
    for sample in samples:
        spoken.setdefault(sample.row.v, set()).add(sample.row.category)
    for sample in samples:
        v = sample.row.v
        if v not in out and sample.row.uid in chains:
            said = read_chain(chains[sample.row.uid])
            things = frozenset((*said.seen, *said.heard, *spoken[v]))
            out[v] = Scene(things, said.seen, said.heard, said.loudest, said.unseen)
    return out


def read_file(path: Path) -> dict[str, str]:
    """Chains by uid from lines of JSON with "uid" and "chain". Raises DatasetError, with the line, where the form
    of one is wrong.
    """
    out: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"Expected a file of chains written by `refavs chains`; {path} cannot be read ({error})."
        ) from None
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            read_chain(row["chain"])
            out[str(row["uid"])] = row["chain"]
        except ChainError as error:
            raise DatasetError(f"{path}, line {number}: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DatasetError(
                f'{path}, line {number}: expected a JSON object with texts "uid" and "chain"; found {line[:60]!r}.'
            ) from None
    return out


@dataclass(frozen=True)
class Outcome:
    """Of a row that was asked for. reason: why it has no chain; None = it is in the file."""

    uid: str
    reason: str | None


Ask = Callable[[Clip, str, str | None, Sequence[Attempt]], str]
"""Writes a chain: of a clip, its sentence, the known category (None = null), and its own answers refused before."""


def fill(
    out: Path, samples: Iterable[Sample], ask: Ask, own: Callable[[Sample], str] | None = None
) -> Iterator[Outcome]:
    """Add a chain of each row to a file that `read_file` takes; rows that are there already are kept as they are.

    own: what a system writes of a row; where that cannot be used or names another target, it is to be corrected.
    Yields a row's outcome as soon as it is known. Raises DatasetError for a file of another kind.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    done = set(_kept(out))
    with out.open("a", encoding="utf-8") as file:
        for sample in samples:
            uid = sample.row.uid
            if uid in done:
                continue
            done.add(uid)
            try:
                line = {"uid": uid, "exp": sample.row.exp, "chain": _asked(sample, ask, own)}
            except RefavsError as error:
                yield Outcome(uid, str(error))
                continue
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            yield Outcome(uid, None)


def _asked(sample: Sample, ask: Ask, own: Callable[[Sample], str] | None) -> str:
    clip, wanted, earlier = sample.clip(), target(sample), list[Attempt]()
    if own is not None:
        said = own(sample)
        try:
            checked(said, wanted)
        except ChainError as error:
            earlier.append(Attempt(said, str(error)))
    for _ in range(TRIES):
        said = ask(clip, sample.row.exp, wanted, tuple(earlier))
        try:
            return checked(said, wanted)
        except ChainError as error:
            earlier.append(Attempt(said, str(error)))
    raise ChainError(f"No chain in {TRIES} tries. {earlier[-1].fault}")


def _kept(out: Path) -> dict[str, str]:
    """The chains of a file, ready for more: a last line that `fill` was broken off in the middle of goes."""
    if out.is_file():
        whole, end, last = out.read_bytes().rpartition(b"\n")
        if last.endswith(b"}"):
            out.write_bytes(whole + end + last + b"\n")
        elif last and last[: len(BEGIN)] == BEGIN[: len(last)]:
            out.write_bytes(whole + end)
    return read_file(out) if out.exists() else {}


def target(sample: Sample) -> str | None:
    """The category that a chain of this sample names."""
    return None if sample.row.is_null else sample.row.category


def samples(folder: Path, split: str | None = None) -> Iterator[tuple[Sample, Chain]]:
    """Every row and its chain, in the order of the file. Raises DatasetError."""
    kept: dict[str, Scene] = {}
    for sample in Dataset(folder).samples(split):
        v = sample.row.v
        kept[v] = kept.get(v) or scene(sample)
        yield sample, kept[v].chain(sample.row.exp, target(sample))


@dataclass(frozen=True)
class Judgement:
    """How true a text is. form: it can be read. category: its answer is right, null included.

    seen, heard: share of what it says is seen or heard that is (1 where it rightly says "nothing");
    None where the form is wrong.
    """

    form: bool
    category: bool
    seen: float | None
    heard: float | None


def judge(text: str, truth: Scene, wanted: str | None) -> Judgement:
    """What a written chain is worth against the script."""
    try:
        category = same(read_answer(text), wanted)
    except ChainError:
        category = False
    try:
        said = read_chain(text)
    except ChainError:
        return Judgement(False, category, None, None)
    sound = (*truth.heard, *truth.unseen)
    if SOMETHING in sound:  # what it is, the script does not keep
        heard = float(bool(said.unseen) and not said.heard)
    else:
        heard = _true((*said.heard, *said.unseen), sound)
    return Judgement(True, category, _true(said.seen, tuple(truth.things)), heard)


def _true(said: tuple[str, ...], there: tuple[str, ...]) -> float:
    if not said:
        return float(not there)
    return sum(name in there for name in said) / len(said)


def summary(judged: Sequence[Judgement]) -> dict[str, float | int | None]:
    """Shares, 0-100: chains of the right form, right categories, and of what chains say is seen and heard the
    part that is so (of those whose form is right).
    """

    def mean(values: list[float]) -> float | None:
        return round(100 * sum(values) / len(values), 1) if values else None

    return {
        "rows": len(judged),
        "form": mean([float(j.form) for j in judged]),
        "category": mean([float(j.category) for j in judged]),
        "seen": mean([j.seen for j in judged if j.seen is not None]),
        "heard": mean([j.heard for j in judged if j.heard is not None]),
    }
