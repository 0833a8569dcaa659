"""Which split a pair goes to: all of one video to one split, so that nothing leaks."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from annotations.records import ClipInfo, PairLine
from annotations.review import leans_on
from annotations.schema import ObjectRow, ObjectVersion
from annotations.statements import AT_ONCE, is_head
from annotations.store import Store
from core.datasets.refavs import safe_name
from core.errors import DatasetError

UNSPLIT = "train"  # of a video that has no split
WINDOW = re.compile(r"^(?:null_[a-z]+-)?(.+?)(?:_\d+_\d+)?$")  # a folder of Ref-AVS: the film it is cut from


def parse(text: str) -> dict[str, float]:
    """ "train:80,val:10,test_s:10" -> shares. Raises DatasetError."""
    shares: dict[str, float] = {}
    try:
        for part in text.split(","):
            name, _, share = part.strip().partition(":")
            if name in shares or not safe_name(name):
                raise ValueError
            shares[name] = float(share)
        if not all(0 < share < float("inf") for share in shares.values()):
            raise ValueError
    except ValueError:
        raise DatasetError(f"Expected splits such as train:80,val:10,test_s:10; got {text!r}.") from None
    return shares


def assign(
    lines: Sequence[PairLine], categories: Mapping[UUID, str | None], shares: Mapping[str, float] | None
) -> dict[UUID, str]:
    """Pair -> split. categories: of the objects.

    shares: every video is dealt anew, so that categories and cues come to each split in these shares; the
    same pairs of the same videos are always dealt alike. None: pairs keep their split, and one without takes
    the commonest of its video.
    """
    groups = films([line.clip for line in lines])
    by_film: dict[str, list[PairLine]] = defaultdict(list)
    for line in lines:
        by_film[groups[line.clip.id]].append(line)
    if shares is None:
        split: dict[UUID, str] = {}
        for film in by_film.values():
            known = Counter(sorted(line.pair.split for line in film if line.pair.split))
            usual = known.most_common(1)[0][0] if known else UNSPLIT
            split |= {line.pair.id: line.pair.split or usual for line in film}
        return split
    dealt = _deal({film: _traits(of, categories) for film, of in by_film.items()}, shares)
    return {line.pair.id: dealt[groups[line.clip.id]] for line in lines}


def films(clips: Iterable[ClipInfo]) -> dict[UUID, str]:
    """Clip -> a name that all clips of one film share: by file, public id, or the name they came with."""
    names: dict[str, str] = {}

    def first(name: str) -> str:
        while names.setdefault(name, name) != name:
            name = names[name]
        return name

    clips = list(clips)
    for clip in clips:
        source, label = clip.video.source, WINDOW.match(clip.label)
        mine = [f"file {clip.video.sha256}", *([f"id {source}"] if source else [])]
        mine += [f"id {label[1]}"] if label else []
        roots = sorted(first(name) for name in mine)
        for other in roots[1:]:
            names[other] = roots[0]
    return {clip.id: first(f"file {clip.video.sha256}") for clip in clips}


def categories_of(store: Store, objects: Iterable[UUID]) -> dict[UUID, str | None]:
    """Object -> its category, as it stands."""
    wanted = sorted(set(objects))
    found: dict[UUID, str | None] = {}
    query = sa.select(ObjectRow.id, ObjectVersion.category).join(
        ObjectVersion, is_head(ObjectVersion.object_id, ObjectVersion.change, ObjectRow)
    )
    with store.database.reading() as db:
        for start in range(0, len(wanted), AT_ONCE):
            rows = db.execute(query.where(ObjectRow.id.in_(wanted[start : start + AT_ONCE])))
            found |= {id: category for id, category in rows}
    return found


def leaks(lines: Iterable[tuple[ClipInfo, str]]) -> int:
    """How many films have pairs in more than one split."""
    pairs = list(lines)
    groups = films([clip for clip, _ in pairs])
    splits: dict[str, set[str]] = defaultdict(set)
    for clip, split in pairs:
        splits[groups[clip.id]].add(split)
    return sum(len(of) > 1 for of in splits.values())


def _traits(film: Sequence[PairLine], categories: Mapping[UUID, str | None]) -> Counter[str]:
    """What is to be spread evenly: pairs, their categories, their cues."""
    traits: Counter[str] = Counter()
    for line in film:
        traits["pair"] += 1
        named = {categories.get(id) or "object" for id in line.pair.objects} or {"null"}
        traits.update(f"category {name}" for name in named)
        traits.update(f"cue {cue}" for cue in leans_on(line.pair.expression, line.pair.cues))
    return traits


def _deal(films: Mapping[str, Counter[str]], shares: Mapping[str, float]) -> dict[str, str]:
    """The film with the rarest trait goes where that trait is missing most, and so on.

    Iterative stratification: Sechidis, Tsoumakas, Vlahavas, ECML PKDD 2011.
    """
    left: Counter[str] = sum(films.values(), Counter())
    whole = sum(shares.values())
    missing = {name: {t: n * share / whole for t, n in left.items()} for name, share in shares.items()}
    waiting = dict(sorted(films.items()))
    dealt = {}
    while waiting:
        rarest = min((t for t, n in left.items() if n > 0), key=lambda t: (left[t], t))
        film = max((f for f, of in waiting.items() if of[rarest]), key=lambda f: (waiting[f][rarest], f))
        split = max(shares, key=lambda name: (missing[name][rarest], missing[name]["pair"]))
        dealt[film] = split
        for trait, n in waiting.pop(film).items():
            missing[split][trait] -= n
            left[trait] -= n
    return dealt
