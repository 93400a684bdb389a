"""Long histories made in seconds: SQL writes what as many commands would have left behind."""

from hashlib import md5
from uuid import UUID

from services.kernel import log as event_log
from services.kernel.database import Database

STREAM_LENGTH = 10
"""Events a stream: a start, then raises. Streams grow side by side, as they do in life."""


def write_history(database: Database, count: int, *, numbered: bool) -> None:
    """Store `count` events of the workload (a multiple of `STREAM_LENGTH`), in the log or still in the outbox."""
    with database.write() as connection:
        connection.exec_driver_sql(_EVENTS, {"count": count, "streams": count // STREAM_LENGTH})
        connection.exec_driver_sql(_COMMANDS)
        if numbered:
            connection.exec_driver_sql("INSERT INTO log (position, ordinal) SELECT ordinal, ordinal FROM events")
        else:
            connection.exec_driver_sql("INSERT INTO outbox (ordinal) SELECT ordinal FROM events")
    if numbered:
        event_log.open_history(database)
        with database.write() as connection:
            event_log.set_published(connection, count)


def counter_of(number: int) -> UUID:
    """The counter of the stream with this number, from 0."""
    return UUID(f"{number:012x}70008000{md5(f'{number}counter'.encode(), usedforsecurity=False).hexdigest()[:12]}")


def _uuid(number: str, salt: str) -> str:
    """A UUIDv7 made of a number: the higher the number the later it sorts, as with real ones."""
    random = f"substr(md5({number}::text || '{salt}'), 1, 12)"
    return f"(lpad(to_hex({number}), 12, '0') || '70008000' || {random})::uuid::text"


_EVENTS = f"""
INSERT INTO events (stream, version, id, name, schema_version, data, recorded_at, cause, correlation_id, actor)
SELECT 'counter-' || counter, n / streams + 1, id,
  CASE WHEN n < streams THEN 'counter.started' ELSE 'counter.raised' END, 1,
  '{{"counter":"' || counter || CASE WHEN n < streams
    THEN '","unit":"01900000-0000-7000-8000-000000000001"'
    ELSE '","by":' || mod(n, 7) + 1 END
    || ',"reason":"Hướng dẫn nộp hồ sơ trực tuyến tại nhà văn hoá ấp"}}',
  '2026-11-20T10:00:00.000000Z', cause, cause, 'benchmark'
FROM (
  SELECT n, streams, {_uuid("mod(n, streams)", "counter")} AS counter,
    {_uuid("n", "event")} AS id, {_uuid("n", "command")} AS cause
  FROM (SELECT %(streams)s::int AS streams) AS given, generate_series(0, %(count)s::int - 1) AS n
) AS made
ORDER BY n
"""
_COMMANDS = """
INSERT INTO commands (actor, id, payload_hash, outcome, recorded_at)
SELECT actor, cause, md5(cause) || md5(id),
  '{"accepted":true,"stream":"' || stream || '","version":' || version || ',"code":"","message":"","field":""}',
  recorded_at
FROM events ORDER BY ordinal
"""
