"""The event store: events, outbox, commands, log, history."""

import sqlalchemy as sa
from alembic import op

revision = "store_0001"
down_revision = None
branch_labels = ("store",)
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("ordinal", BIG, sa.Identity(cache=1), primary_key=True),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.UniqueConstraint("stream", "version", name="events_stream_version"),
        sqlite_autoincrement=True,
    )
    op.create_table("outbox", sa.Column("ordinal", BIG, primary_key=True, autoincrement=False))
    op.create_table(
        "commands",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("actor", sa.Text, primary_key=True),
        sa.Column("payload_hash", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
    )
    op.create_table(
        "log",
        sa.Column("position", BIG, primary_key=True, autoincrement=False),
        sa.Column("ordinal", BIG, nullable=False, unique=True),
    )
    op.create_table(
        "history",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("published", BIG, nullable=False, server_default="0"),
    )
    _forbid_rewriting_history()


def _forbid_rewriting_history() -> None:
    """Facts are inserted, never changed: the database itself says no."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION history_is_written() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME; END $$"
        )
        for table in ("events", "log"):
            op.execute(
                f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION history_is_written()"
            )
        # A queue table: its dead rows must go quickly, or the oldest row is ever slower to find.
        op.execute(
            "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,"
            " autovacuum_vacuum_cost_delay = 0)"
        )
        return
    for table in ("events", "log"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("history is not taken back; restore a backup instead")
