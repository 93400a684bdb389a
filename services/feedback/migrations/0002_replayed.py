"""How much of the erasures' journal this database has taken in."""

import sqlalchemy as sa
from alembic import op

revision = "feedback_0002"
down_revision = "feedback_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_replayed",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("length", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("what is erased stays erased; restore a backup instead")
