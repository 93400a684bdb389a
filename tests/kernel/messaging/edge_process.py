"""A service's edge for tests: `python -m tests.kernel.messaging.edge_process <amqp url> <journal file> <heartbeat>`.

Its questions do what they are named for; what ran is written into the journal, one line each.
"""

import services.kernel.messaging.green  # noqa: F401, I001  (first, or nothing below is patched)

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import eventlet
from sqlalchemy import text

from services.kernel.bus import Answer, Payload, UnknownQuestion
from services.kernel.database import Database
from services.kernel.messaging import connection, nameko_edge
from services.kernel.messaging.beat import BEAT_FILE_VARIABLE, Beat
from tests.kernel.messaging.examples import recorded


class Handlers:
    """Answers for each test."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def execute(self, command: str, payload: Payload) -> Answer:
        return self.execute_many([(command, payload)])[0]

    def execute_many(self, commands: Sequence[tuple[str, Payload]]) -> list[Answer]:
        for name, payload in commands:
            self._note(f"{name} {payload.get('id', '')}")
            eventlet.sleep(float(payload.get("seconds", 0)))
            self._note(f"{name} {payload.get('id', '')} done")
        return [
            Answer(True, f"unit-{payload.get('id')}", 1)
            if name != "refuse_me"
            else Answer(False, code="NO", message="Không được.", field="id")
            for name, payload in commands
        ]

    def ask(self, question: str, payload: Mapping[str, Any]) -> Any:
        if question == "echo":
            return dict(payload)
        if question == "fail":
            raise RuntimeError("secret: Nguyễn Văn A")
        if question == "time_out":
            raise eventlet.Timeout(1)
        if question == "leave":
            raise SystemExit(3)
        if question == "not_json":
            return object()
        if question == "hold_the_hub":
            eventlet.patcher.original("time").sleep(float(payload["seconds"]))
            return "done"
        if question == "query_four_times":
            return query_four_times(payload["url"])
        raise UnknownQuestion(question)

    def events_since(self, after: int, limit: int) -> list[dict[str, Any]]:
        return [asdict(recorded(position)) | {"epoch": "e1"} for position in range(after + 1, after + limit + 1)]

    def head(self) -> dict[str, Any]:
        return {"epoch": "e1", "position": 7}

    def _note(self, line: str) -> None:
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def query_four_times(url: str) -> dict[str, float]:
    """Wall time of four sleeping queries at once, and the longest stall of the hub meanwhile."""
    database = Database(url)
    stalls = [0.0]
    done: list[bool] = []

    def tick() -> None:
        while not done:
            before = time.monotonic()
            eventlet.sleep(0.01)
            stalls.append(time.monotonic() - before - 0.01)

    def query() -> None:
        with database.read() as connection:
            connection.execute(text("SELECT pg_sleep(1)"))

    ticker = eventlet.spawn(tick)
    started = time.monotonic()
    for thread in [eventlet.spawn(query) for _ in range(4)]:
        thread.wait()
    wall = time.monotonic() - started
    done.append(True)
    ticker.wait()
    database.close()
    return {"wall": wall, "stall": max(stalls)}


if __name__ == "__main__":
    connection.HEARTBEAT_SECONDS = nameko_edge.HEARTBEAT_SECONDS = int(sys.argv[3])
    beat_file = os.environ.get(BEAT_FILE_VARIABLE)
    sys.exit(
        nameko_edge.serve(
            "registry",
            Handlers(Path(sys.argv[2])),
            amqp_url=sys.argv[1],
            beat=Beat(Path(beat_file) if beat_file else None),
            max_workers=4,
        )
    )
