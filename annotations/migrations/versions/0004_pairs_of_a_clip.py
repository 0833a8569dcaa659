"""One index finds what an annotator submitted on a clip; without it a planner walks everything submitted."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index(
        op.f("ix_pair_clip_id_annotator_id_status"),
        "pair",
        ["clip_id", "annotator_id", "status"],
        unique=False,
    )
    op.drop_index(op.f("ix_pair_clip_id"), table_name="pair")
