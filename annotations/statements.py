"""The statements of a save, made once: to build one takes longer than to run it."""

from typing import Any

import sqlalchemy as sa

from annotations.schema import Base

AT_ONCE = 500  # values in one IN list

_tables = Base.metadata.tables
_change, _clip, _video, _session = (_tables[name] for name in ("change", "clip", "video", "session"))
_object, _object_version = _tables["object"], _tables["object_version"]
_pair, _pair_version, _pair_object = _tables["pair"], _tables["pair_version"], _tables["pair_object"]
_mask_version, _mask_head, _rle = _tables["mask_version"], _tables["mask_head"], _tables["rle"]
_expression = _tables["expression"]


def is_head(id: Any, change: Any, row: Any) -> Any:
    """Join condition: the version that counts for an object or a pair."""
    return sa.and_(id == row.id, change == row.head)


_p = sa.bindparam
_newest = sa.select(sa.func.max(_change.c.seq))
CLIP = (
    sa.select(
        _clip.c.first,
        _clip.c.last,
        _video.c.height,
        _video.c.width,
        _newest.scalar_subquery().label("newest"),
        _clip.c.head,
        sa.select(_session.c.annotator_id)
        .where(_session.c.id == _p("session"))
        .scalar_subquery()
        .label("annotator"),
    )
    .join_from(_clip, _video, _video.c.id == _clip.c.video_id)
    .where(_clip.c.id == _p("clip"))
)
OBJECT = (
    sa.select(
        _object.c.clip_id,
        _object.c.fid,
        _object.c.head,
        _object_version.c.category,
        _object_version.c.deleted,
    )
    .join_from(
        _object, _object_version, is_head(_object_version.c.object_id, _object_version.c.change, _object.c)
    )
    .where(_object.c.id == _p("id"))
)
TOP_FID = sa.select(sa.func.max(_object.c.fid).label("top")).where(_object.c.clip_id == _p("clip"))
THERE = (
    sa.select(_object.c.id)
    .join_from(
        _object, _object_version, is_head(_object_version.c.object_id, _object_version.c.change, _object.c)
    )
    .where(
        _object.c.clip_id == _p("clip"),
        ~_object_version.c.deleted,
        _object.c.id.in_(_p("ids", expanding=True)),
    )
)
MASKS = (
    sa.select(_mask_version)
    .join_from(
        _mask_head,
        _mask_version,
        sa.and_(
            _mask_head.c.object_id == _mask_version.c.object_id,
            _mask_head.c.frame == _mask_version.c.frame,
            _mask_head.c.change == _mask_version.c.change,
        ),
    )
    .where(_mask_head.c.object_id == _p("id"))
)
SOME_MASKS = MASKS.where(_mask_head.c.frame.in_(_p("frames", expanding=True)))
PAIR = (
    sa.select(_pair.c.clip_id, _pair.c.head, _pair_version, _expression.c.text)
    .join_from(_pair, _pair_version, is_head(_pair_version.c.pair_id, _pair_version.c.change, _pair.c))
    .outerjoin(_expression, _expression.c.id == _pair_version.c.expression_id)
    .where(_pair.c.id == _p("id"))
)
OBJECTS = sa.select(_object.c.id).where(
    _object.c.clip_id == _p("clip"), _object.c.id.in_(_p("ids", expanding=True))
)
PAIR_OBJECTS = (
    sa.select(_pair_object.c.object_id)
    .where(_pair_object.c.pair_id == _p("id"), _pair_object.c.change == _p("change"))
    .order_by(_pair_object.c.position)
)
SUBMITTED = (
    sa.select(_expression.c.text)
    .select_from(_pair)
    .outerjoin(_expression, _expression.c.id == _pair.c.expression_id)
    .where(
        _pair.c.clip_id == _p("clip"),
        _pair.c.annotator_id == _p("annotator"),
        _pair.c.status == "submitted",
        ~_pair.c.deleted,
    )
    .limit(1)
)
SUBMITTED_OBJECTS = SUBMITTED.join(
    _pair_object, sa.and_(_pair_object.c.pair_id == _pair.c.id, _pair_object.c.change == _pair.c.head)
)
OWNER = sa.select(_change.c.session_id, _change.c.act).where(_change.c.seq == _p("seq"))
REPLAYED = sa.select(_change.c.id, _change.c.seq, _change.c.at, _change.c.rows).where(
    _change.c.id == _p("id")
)
INSERTS = {name: table.insert() for name, table in _tables.items()}
