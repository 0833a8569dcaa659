"""The first tables."""

import sqlalchemy as sa
from alembic import op

from annotations.schema import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "annotator",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotator")),
        sa.UniqueConstraint("name", name=op.f("uq_annotator_name")),
    )
    op.create_table(
        "rle",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rle")),
    )
    op.create_table(
        "video",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("pts_hash", sa.String(length=64), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("decoder", sa.Text(), nullable=False),
        sa.Column("has_audio", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("added", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video")),
        sa.UniqueConstraint(
            "sha256", "pts_hash", "height", "width", name=op.f("uq_video_sha256_pts_hash_height_width")
        ),
    )
    op.create_table(
        "clip",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("seconds", sa.JSON(), nullable=True),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("added", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["video.id"], name=op.f("fk_clip_video_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip")),
        sa.UniqueConstraint(
            "video_id", "first", "last", "label", name=op.f("uq_clip_video_id_first_last_label")
        ),
    )
    op.create_index(op.f("ix_clip_head"), "clip", ["head"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("annotator_id", sa.Uuid(), nullable=False),
        sa.Column("started", Moment(), nullable=False),
        sa.Column("finished", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_session_annotator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_annotator_id"), "session", ["annotator_id"], unique=False)
    op.create_table(
        "change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_change_clip_id")),
        sa.ForeignKeyConstraint(["parent"], ["change.seq"], name=op.f("fk_change_parent")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_change_session_id")),
        sa.ForeignKeyConstraint(["undoes"], ["change.seq"], name=op.f("fk_change_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sa.UniqueConstraint("seq", name=op.f("uq_change_seq")),
    )
    op.create_index(op.f("ix_change_at"), "change", ["at"], unique=False)
    op.create_index(op.f("ix_change_clip_id_seq"), "change", ["clip_id", "seq"], unique=False)
    op.create_index(op.f("ix_change_session_id"), "change", ["session_id"], unique=False)
    op.create_table(
        "expression",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["change"], ["change.seq"], name=op.f("fk_expression_change")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expression")),
    )
    op.create_table(
        "object",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("fid", sa.Integer(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_object_clip_id")),
        sa.ForeignKeyConstraint(["head"], ["change.seq"], name=op.f("fk_object_head")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_object")),
    )
    op.create_index(op.f("ix_object_clip_id"), "object", ["clip_id"], unique=False)
    op.create_table(
        "mask_version",
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("rle_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("replaces", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["change"], ["change.seq"], name=op.f("fk_mask_version_change")),
        sa.ForeignKeyConstraint(["object_id"], ["object.id"], name=op.f("fk_mask_version_object_id")),
        sa.ForeignKeyConstraint(["rle_id"], ["rle.id"], name=op.f("fk_mask_version_rle_id")),
        sa.PrimaryKeyConstraint("object_id", "frame", "change", name=op.f("pk_mask_version")),
    )
    op.create_index(op.f("ix_mask_version_change"), "mask_version", ["change"], unique=False)
    op.create_table(
        "object_version",
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("replaces", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["change"], ["change.seq"], name=op.f("fk_object_version_change")),
        sa.ForeignKeyConstraint(["object_id"], ["object.id"], name=op.f("fk_object_version_object_id")),
        sa.PrimaryKeyConstraint("object_id", "change", name=op.f("pk_object_version")),
    )
    op.create_index(op.f("ix_object_version_change"), "object_version", ["change"], unique=False)
    op.create_table(
        "pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("expression_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("annotator_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_pair_annotator_id")),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_pair_clip_id")),
        sa.ForeignKeyConstraint(["created"], ["change.seq"], name=op.f("fk_pair_created")),
        sa.ForeignKeyConstraint(["expression_id"], ["expression.id"], name=op.f("fk_pair_expression_id")),
        sa.ForeignKeyConstraint(["head"], ["change.seq"], name=op.f("fk_pair_head")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_pair_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
    )
    op.create_index(op.f("ix_pair_annotator_id_head"), "pair", ["annotator_id", "head"], unique=False)
    op.create_index(op.f("ix_pair_clip_id"), "pair", ["clip_id"], unique=False)
    op.create_index(op.f("ix_pair_expression_id"), "pair", ["expression_id"], unique=False)
    op.create_index(op.f("ix_pair_head"), "pair", ["head"], unique=False)
    op.create_index(op.f("ix_pair_session_id_head"), "pair", ["session_id", "head"], unique=False)
    op.create_index(op.f("ix_pair_status_head"), "pair", ["status", "head"], unique=False)
    op.create_table(
        "mask_head",
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id", "frame", "change"],
            ["mask_version.object_id", "mask_version.frame", "mask_version.change"],
            name=op.f("fk_mask_head_object_id_frame_change"),
        ),
        sa.PrimaryKeyConstraint("object_id", "frame", name=op.f("pk_mask_head")),
    )
    op.create_table(
        "pair_version",
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("expression_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("split", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("replaces", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["change"], ["change.seq"], name=op.f("fk_pair_version_change")),
        sa.ForeignKeyConstraint(
            ["expression_id"], ["expression.id"], name=op.f("fk_pair_version_expression_id")
        ),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_pair_version_pair_id")),
        sa.PrimaryKeyConstraint("pair_id", "change", name=op.f("pk_pair_version")),
    )
    op.create_index(op.f("ix_pair_version_change"), "pair_version", ["change"], unique=False)
    op.create_table(
        "pair_object",
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["object_id"], ["object.id"], name=op.f("fk_pair_object_object_id")),
        sa.ForeignKeyConstraint(
            ["pair_id", "change"],
            ["pair_version.pair_id", "pair_version.change"],
            name=op.f("fk_pair_object_pair_id_change"),
        ),
        sa.PrimaryKeyConstraint("pair_id", "change", "object_id", name=op.f("pk_pair_object")),
    )
