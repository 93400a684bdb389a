"""eventsourcing: a projection into a materialised view of PostgreSQL, as its documentation builds one.

The view is a `PostgresTrackingRecorder` whose `note` writes the row and the tracking record in one transaction; the
`ProjectionRunner` reads events in pages of 500 in a thread ahead of it.
"""

import json
import sys
import threading
import time
from typing import Any

from eventsourcing.persistence import Tracking  # type: ignore[import-not-found,unused-ignore]
from eventsourcing.postgres import PostgresTrackingRecorder  # type: ignore[import-not-found,unused-ignore]
from eventsourcing.projection import Projection, ProjectionRunner  # type: ignore[import-not-found,unused-ignore]
from eventsourcing_commands import Counter, Counting, settings  # type: ignore[import-not-found,unused-ignore]
from psycopg.sql import SQL, Identifier

CREATE = "CREATE TABLE IF NOT EXISTS {0}.totals (counter uuid PRIMARY KEY, total int NOT NULL, events int NOT NULL)"
UPSERT = (
    "INSERT INTO {0}.totals VALUES (%s, %s, 1)"
    " ON CONFLICT (counter) DO UPDATE SET total = totals.total + excluded.total, events = totals.events + 1"
)


class Totals(PostgresTrackingRecorder):  # type: ignore[misc,unused-ignore]
    """The read model: what every counter stands at."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        schema = Identifier(self.datastore.schema)
        self.sql_create_statements.append(SQL(CREATE).format(schema))
        self._upsert = SQL(UPSERT).format(schema)

    def note(self, counter: Any, by: int, tracking: Tracking) -> None:
        """Write one event's row and how far we are, together."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._upsert, (counter, by), prepare=True)


class CounterTotals(Projection[Totals]):  # type: ignore[misc,unused-ignore]
    """From events to the view."""

    name = "totals"
    last = 0
    all_taken = threading.Event()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """One event."""
        by = domain_event.by if isinstance(domain_event, Counter.Raised) else 0
        self.view.note(domain_event.originator_id, by, tracking)
        if tracking.notification_id >= self.last:
            self.all_taken.set()


def main(given: dict[str, Any]) -> float:
    """Events a second from constructing the runner until the last event is committed."""
    CounterTotals.last = given["count"]
    began = time.perf_counter()
    runner = ProjectionRunner(
        application_class=Counting,
        projection_class=CounterTotals,
        view_class=Totals,
        env=settings(given["database"], 4),
    )
    with runner:
        while not CounterTotals.all_taken.wait(0.5):
            runner.run_forever(timeout=0.01)  # raises what stopped it
        seconds = time.perf_counter() - began
        with runner.view.datastore.get_connection() as connection:
            applied = connection.execute("SELECT sum(events) AS n FROM totals").fetchone()["n"]
    assert applied == given["count"], f"{applied} of {given['count']} events applied"
    return float(given["count"] / seconds)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
