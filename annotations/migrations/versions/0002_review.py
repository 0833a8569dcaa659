"""What a sentence leans on, why nothing fits it, reviews, leases and releases."""

import sqlalchemy as sa
from alembic import op

from annotations.schema import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("pair_version", sa.Column("cues", sa.JSON(), nullable=True))
    op.add_column("pair_version", sa.Column("null_kind", sa.Text(), nullable=True))
    op.add_column("pair_version", sa.Column("comment", sa.Text(), nullable=True))
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("annotator_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("iou", sa.Double(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_review_annotator_id")),
        sa.ForeignKeyConstraint(["change"], ["change.seq"], name=op.f("fk_review_change")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_review_pair_id")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_review_session_id")),
        sa.ForeignKeyConstraint(["version"], ["change.seq"], name=op.f("fk_review_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint(
            "pair_id", "version", "annotator_id", name=op.f("uq_review_pair_id_version_annotator_id")
        ),
    )
    op.create_index(op.f("ix_review_annotator_id"), "review", ["annotator_id"], unique=False)
    op.create_table(
        "review_mask",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("rle_id", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_mask_review_id")),
        sa.ForeignKeyConstraint(["rle_id"], ["rle.id"], name=op.f("fk_review_mask_rle_id")),
        sa.PrimaryKeyConstraint("review_id", "frame", name=op.f("pk_review_mask")),
    )
    op.create_table(
        "lease",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("unit", sa.Uuid(), nullable=False),
        sa.Column("annotator_id", sa.Uuid(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_lease_annotator_id")),
        sa.PrimaryKeyConstraint("stage", "unit", name=op.f("pk_lease")),
    )
    op.create_index(op.f("ix_lease_annotator_id"), "lease", ["annotator_id"], unique=False)
    op.create_table(
        "release",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_release")),
    )
