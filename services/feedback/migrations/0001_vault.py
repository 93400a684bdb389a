"""The vault: persons' wrapped keys and their locked letters."""

import sqlalchemy as sa
from alembic import op

revision = "feedback_0001"
down_revision = None
branch_labels = ("feedback",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_persons",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("erased_at", sa.Text),
    )
    op.create_table(
        "vault_letters",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("locked", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("residents' letters are not taken back; restore a backup instead")
