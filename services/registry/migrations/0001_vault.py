"""The vault: members' wrapped keys, what was kept of them, and how much of the erasures' journal was taken in."""

import sqlalchemy as sa
from alembic import op

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_persons",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("erased_at", sa.Text),
    )
    op.create_table(
        "vault_letters",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("locked", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "vault_replayed",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("length", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("what is erased stays erased; restore a backup instead")
