"""The first tables. Those that were made before there were versions are these, and are taken over."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "history_run",
        sa.Column("run_id", sa.String(200), primary_key=True),
        sa.Column("created", sa.String(40), nullable=False),
        sa.Column("profile", sa.String(200), nullable=False),
        sa.Column("pool", sa.String(200), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "history_cell",
        sa.Column("run_id", sa.String(200), primary_key=True),
        sa.Column("cell", sa.String(200), primary_key=True),
        if_not_exists=True,
    )
    op.create_table(
        "history_failure",
        sa.Column("run_id", sa.String(200), primary_key=True),
        sa.Column("cell", sa.String(200), primary_key=True),
        sa.Column("check", sa.String(200), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        if_not_exists=True,
    )
