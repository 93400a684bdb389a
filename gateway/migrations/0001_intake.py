"""The public form's intake and the counters that throttle guessing."""

import sqlalchemy as sa
from alembic import op

revision = "gateway_0001"
down_revision = None
branch_labels = ("gateway",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake",
        sa.Column("submission", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False, unique=True),
        sa.Column("code_hash", sa.Text, nullable=False, unique=True),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("service", sa.Text),
        sa.Column("commune", sa.Text, nullable=False),
        sa.Column("has_contact", sa.Boolean, nullable=False),
        sa.Column("letter", sa.Text),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("forwarded_at", sa.Text),
        sa.Column("next_attempt_at", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("refused_code", sa.Text, nullable=False),
    )
    op.create_index("intake_waiting", "intake", ["next_attempt_at"])
    op.create_table(
        "throttle",
        sa.Column("bucket", sa.Text, primary_key=True),
        sa.Column("minute", sa.Integer, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("residents' reports are not taken back; restore a backup instead")
