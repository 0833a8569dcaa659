"""Blind find-back: a second person sees the clip and the sentence only, and looks for what it refers to."""

from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from annotations import reading
from annotations.edit import MAX_EXPRESSION, Edit, clean, put_pixels, rle_id
from annotations.history import JUDGEMENTS
from annotations.records import (
    CUES,
    Agreement,
    ClipWork,
    PairWork,
    ReviewInfo,
    Saved,
    Share,
    StoreError,
)
from annotations.schema import (
    Annotator,
    ChangeRow,
    ExpressionRow,
    LeaseRow,
    PairObject,
    PairRow,
    PairVersion,
    Review,
    ReviewMask,
    Rle,
)
from core.errors import RefavsError
from core.expressions import cues as cues_of
from core.expressions import read
from core.expressions.checks import Said, check
from core.masks import Mask, Track, iou, union

AGREE = 0.5  # mean IoU from which two people mean the same
NONE, OTHER = "none", "other"


def submit(db: Session, session: UUID, pair: UUID, change: UUID | None) -> Saved:
    row = _standing(db, pair)
    work = reading.clip_work(db, row.clip_id)
    mine = next(each for each in work.pairs if each.id == pair)
    if mine.status == "accepted":
        raise StoreError("This pair is accepted already.")
    if mine.status != "cannot-describe" and (wrong := refusals(work, mine)):
        raise StoreError(f"It cannot be submitted: {' '.join(wrong)}")
    edit = Edit(db, session=session, clip=row.clip_id, act="submit pair", change=change)
    if edit.annotator != row.annotator_id:
        raise StoreError(f"This pair is {mine.annotator}'s, who alone submits it.")
    now = db.get_one(PairVersion, (row.id, row.head))
    if mine.status != "submitted":
        edit.judge_pair(row.id, row, now, "submitted", now.comment)
    return edit.saved()


def refusals(work: ClipWork, pair: PairWork) -> list[str]:
    """Why the sentence of a pair cannot be submitted, by the checks that it had when it was written."""
    names = {thing.id: thing.category for thing in work.objects if thing.category}
    found = check(
        pair.expression or "",
        objects=pair.objects,
        categories={names[id] for id in pair.objects if id in names},
        others=[Said(p.expression or "", p.objects) for p in work.pairs if p.id != pair.id],
        in_clip=set(names.values()),
        null_kind=pair.null_kind,
    )
    return [remark.words for remark in found.remarks if remark.level == "refuse"]


def find_back(
    db: Session, session: UUID, pair: UUID, track: Track | None, comment: str | None, id: UUID | None
) -> ReviewInfo:
    if id and (known := db.get(Review, id)):
        return next(each for each in of_pair(db, known.pair_id) if each.id == id)
    row = _standing(db, pair)
    if row.status not in ("submitted", "accepted"):
        raise StoreError(f"Only a submitted pair is reviewed; this one is {row.status}.")
    said = None if comment is None else clean(comment, "comment", MAX_EXPRESSION)
    work = reading.clip_work(db, row.clip_id)
    mine = next(each for each in work.pairs if each.id == pair)
    found = _checked(track, work)
    answer, mean = _answer(found, mine, work)
    agrees = answer == _key(mine.objects)
    act = JUDGEMENTS[0] if agrees else JUDGEMENTS[1]
    edit = Edit(db, session=session, clip=row.clip_id, act=act)
    if edit.annotator == row.annotator_id:
        raise StoreError("You wrote this pair yourself; somebody else has to find it.")
    version = db.scalar(
        sa.select(sa.func.max(PairVersion.change))
        .join(ChangeRow, ChangeRow.seq == PairVersion.change)
        .where(PairVersion.pair_id == pair, ChangeRow.act.not_in(JUDGEMENTS))
    )
    before = sa.select(Review.id).where(
        Review.pair_id == pair, Review.version == version, Review.annotator_id == edit.annotator
    )
    if db.scalar(before) is not None:
        raise StoreError("You looked for this already; it waits for somebody else.")
    status = "accepted" if agrees else "returned"
    if moved := status != row.status:
        now = db.get_one(PairVersion, (row.id, row.head))
        edit.judge_pair(row.id, row, now, status, said or (None if agrees else _words(answer, mean)))
    edit.saved()
    review = Review(
        id=id or uuid4(),
        pair_id=pair,
        version=version,
        change=edit.seq if moved else None,
        session_id=session,
        annotator_id=edit.annotator,
        answer=answer,
        iou=mean,
        agrees=agrees,
        comment=said,
        at=datetime.now(UTC),
    )
    db.add(review)
    db.flush()
    masks = {} if found is None else found.masks
    put_pixels(edit.connection, {rle_id(mask): mask for mask in masks.values()})
    db.add_all(ReviewMask(review_id=review.id, frame=f, rle_id=rle_id(mask)) for f, mask in masks.items())
    db.execute(sa.delete(LeaseRow).where(LeaseRow.stage == "review", LeaseRow.unit == pair))
    db.flush()
    return next(each for each in of_pair(db, pair) if each.id == review.id)


def of_pair(db: Session, pair: UUID) -> list[ReviewInfo]:
    query = (
        sa.select(Review, Annotator.name)
        .join(Annotator, Annotator.id == Review.annotator_id)
        .where(Review.pair_id == pair)
        .order_by(Review.at)
    )
    rows = db.execute(query).all()
    pixels = (
        sa.select(ReviewMask.review_id, ReviewMask.frame, Rle.height, Rle.width, Rle.counts)
        .join(Rle, Rle.id == ReviewMask.rle_id)
        .where(ReviewMask.review_id.in_([review.id for review, _ in rows]))
        .order_by(ReviewMask.frame)
    )
    masks: dict[UUID, dict[int, Mask]] = defaultdict(dict)
    for id, frame, height, width, counts in db.execute(pixels):
        masks[id][frame] = Mask((height, width), counts)
    return [
        ReviewInfo(
            id=review.id,
            pair=pair,
            version=review.version,
            annotator=name,
            track=_track(masks[review.id]),
            answer=review.answer,
            iou=review.iou,
            agrees=review.agrees,
            comment=review.comment,
            at=review.at,
        )
        for review, name in rows
    ]


def agreement(db: Session, pairs: Container[UUID] | None = None) -> Agreement:
    """Of these pairs; None = of all that stand."""
    author = sa.orm.aliased(Annotator)
    query = (
        sa.select(Review, Annotator.name, author.name.label("author"), PairVersion.cues, ExpressionRow.text)
        .join(PairRow, PairRow.id == Review.pair_id)
        .join(Annotator, Annotator.id == Review.annotator_id)
        .join(author, author.id == PairRow.annotator_id)
        .join(
            PairVersion,
            sa.and_(PairVersion.pair_id == Review.pair_id, PairVersion.change == Review.version),
        )
        .outerjoin(ExpressionRow, ExpressionRow.id == PairVersion.expression_id)
        .where(~PairRow.deleted)
        .order_by(Review.at)
    )
    every: list[bool] = []
    authors: dict[str, list[bool]] = defaultdict(list)
    reviewers: dict[str, list[bool]] = defaultdict(list)
    by_cue: dict[str, list[bool]] = defaultdict(list)
    units: dict[tuple[UUID, int], list[Hashable]] = {}
    keys = _keys(db)
    for review, name, wrote, cues, text in db.execute(query):
        if pairs is not None and review.pair_id not in pairs:
            continue
        every.append(review.agrees)
        authors[wrote].append(review.agrees)
        reviewers[name].append(review.agrees)
        for cue in leans_on(text, cues):
            by_cue[cue].append(review.agrees)
        unit = units.setdefault((review.pair_id, review.version), [keys[review.pair_id, review.version]])
        # two people who both found something else have not found the same
        unit.append(review.id if review.answer == OTHER else review.answer)
    return Agreement(
        total=_share(every),
        by_author=_shares(authors),
        by_reviewer=_shares(reviewers),
        by_cue={cue: _share(by_cue[cue]) for cue in CUES if cue in by_cue},
        alpha=alpha(units.values()),
    )


def alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha of nominal answers; units: the answers to each question, by one or more people.

    1 = all agree, 0 = as by chance; None: nothing to compare, or all answers are one. Krippendorff,
    Computing Krippendorff's Alpha-Reliability (2011), section E.
    """
    counts = [Counter(unit) for unit in units if len(unit) > 1]
    every: Counter[Hashable] = sum(counts, Counter())
    n = every.total()
    expected = n * n - sum(c * c for c in every.values())
    if not expected:
        return None
    observed = sum((u.total() ** 2 - sum(c * c for c in u.values())) / (u.total() - 1) for u in counts)
    return 1 - (n - 1) * observed / expected


def leans_on(text: str | None, cues: Sequence[str] | None) -> tuple[str, ...]:
    """What the annotator said that a sentence leans on; what it seems to, where nobody said."""
    if cues is not None or not text:
        return tuple(cues or ())
    try:
        found = cues_of(read(text))
    except RefavsError:
        return ()
    return tuple(cue for cue in CUES if cue in found)


def _standing(db: Session, pair: UUID) -> PairRow:
    row = db.get(PairRow, pair)
    if row is None or row.deleted:
        raise StoreError(f"The store has no pair {pair}.")
    return row


def _checked(track: Track | None, work: ClipWork) -> Track | None:
    """None where the track has no pixel."""
    if track is None or not track.present:
        return None
    for frame, mask in track.masks.items():
        if not work.clip.first <= frame <= work.clip.last:
            ends = f"{work.clip.first} to {work.clip.last}"
            raise StoreError(f"The answer's frame {frame} lies outside the clip ({ends}).")
        if mask.size != work.clip.video.size:
            raise StoreError(
                f"The answer on frame {frame} is {mask.size} (H, W), the video {work.clip.video.size}."
            )
    return track


def _answer(found: Track | None, pair: PairWork, work: ClipWork) -> tuple[str, float | None]:
    """(what was found, mean IoU with the pair's objects or None where one side is none)."""
    if found is None:
        return NONE, None
    tracks = {thing.id: thing.track.masks for thing in work.objects}
    mean = None
    if pair.objects:
        mean = mean_iou(found.masks, [tracks[id] for id in pair.objects])
        if mean is None:
            raise StoreError(
                "The answer is on no frame where the pair has masks; mark the object on another frame too."
            )
        if mean >= AGREE:
            return _key(pair.objects), mean
    others = {id: mean_iou(found.masks, [masks]) or 0 for id, masks in tracks.items()}
    best = max(others, key=others.__getitem__, default=None)
    if best is None or others[best] < AGREE or (best,) == pair.objects:
        return OTHER, mean
    return _key([best]), mean


def mean_iou(found: Mapping[int, Mask], objects: Sequence[Mapping[int, Mask]]) -> float | None:
    """Over the frames that both sides answered; where both say absent, nothing is compared. None = no frame."""
    values = []
    for frame, mask in found.items():
        there = [masks[frame] for masks in objects if frame in masks]
        if len(there) == len(objects):
            meant = union(there)
            if not (mask.is_empty and meant.is_empty):
                values.append(iou(mask, meant))
    return sum(values) / len(values) if values else None


def _key(objects: Sequence[UUID]) -> str:
    return " ".join(sorted(map(str, objects))) or NONE


def _keys(db: Session) -> dict[tuple[UUID, int], str]:
    """What the authors meant: by pair and version, of those that were reviewed."""
    meant: dict[tuple[UUID, int], list[UUID]] = defaultdict(list)
    query = sa.select(Review.pair_id, Review.version, PairObject.object_id).outerjoin(
        PairObject, sa.and_(PairObject.pair_id == Review.pair_id, PairObject.change == Review.version)
    )
    for pair, version, thing in db.execute(query.distinct()):
        meant[pair, version] += [thing] if thing else []
    return {unit: _key(objects) for unit, objects in meant.items()}


def _words(answer: str, mean: float | None) -> str:
    if answer == NONE:
        return "A second person found nothing that fits this sentence."
    what = "something else" if answer == OTHER else "another object"
    return f"A second person found {what}" + ("." if mean is None else f" (IoU {mean:.2f}).")


def _track(masks: dict[int, Mask]) -> Track | None:
    return Track(next(iter(masks.values())).size, masks) if masks else None


def _share(agreed: Sequence[bool]) -> Share:
    return Share(len(agreed), sum(agreed))


def _shares(agreed: Mapping[str, Sequence[bool]]) -> dict[str, Share]:
    return {name: _share(agreed[name]) for name in sorted(agreed)}
