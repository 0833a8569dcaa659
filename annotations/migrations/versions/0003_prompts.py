"""What was asked on the way to a change, and what a pair cost."""

import sqlalchemy as sa
from alembic import op

from annotations.schema import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "prompt",
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["change"], ["change.seq"], name=op.f("fk_prompt_change")),
        sa.ForeignKeyConstraint(["object_id"], ["object.id"], name=op.f("fk_prompt_object_id")),
        sa.PrimaryKeyConstraint("change", "position", name=op.f("pk_prompt")),
    )
    op.create_index(op.f("ix_prompt_object_id"), "prompt", ["object_id"], unique=False)
    op.create_table(
        "effort",
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("strokes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["change"], ["change.seq"], name=op.f("fk_effort_change")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_effort_pair_id")),
        sa.PrimaryKeyConstraint("pair_id", "change", name=op.f("pk_effort")),
    )
