"""Bare psycopg: a connection a thread, autocommit, one prepared INSERT of a row as large as ours."""

import json
import sys
import threading
import time
from typing import Any
from uuid import uuid4

import psycopg

WARM_UP_SECONDS = 0.5
TABLE = """
CREATE TABLE events (
  ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream text NOT NULL, version int NOT NULL, id text NOT NULL, name text NOT NULL, schema_version int NOT NULL,
  data text NOT NULL, recorded_at text NOT NULL, cause text NOT NULL, correlation_id text NOT NULL,
  actor text NOT NULL, UNIQUE (stream, version))
"""
INSERT = """
INSERT INTO events (stream, version, id, name, schema_version, data, recorded_at, cause, correlation_id, actor)
VALUES (%s, 1, %s, 'counter.started', 1, %s, '2026-11-20T10:00:00.000000Z', %s, %s, 'benchmark')
"""


def main(given: dict[str, Any]) -> dict[str, float]:
    """Commits a second, all threads together."""
    url = given["database"].replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
    unit, counts = str(uuid4()), [0] * given["writers"]
    starts = time.perf_counter() + WARM_UP_SECONDS
    ends = starts + given["seconds"]

    def run(number: int) -> None:
        count = 0
        with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
            while (now := time.perf_counter()) < ends:
                counter, cause = str(uuid4()), str(uuid4())
                body = json.dumps({"counter": counter, "unit": unit, "reason": given["reason"]}, ensure_ascii=False)
                cursor.execute(INSERT, (f"counter-{counter}", str(uuid4()), body, cause, cause), prepare=True)
                count += now >= starts
        counts[number] = count

    workers = [threading.Thread(target=run, args=(number,)) for number in range(given["writers"])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"per_second": sum(counts) / (time.perf_counter() - starts)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
