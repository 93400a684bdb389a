"""How long the rebuild of a read model takes, how much memory, and whether its cost grows with what is done already.

A service rebuilds a read model of its own log beside the live one: every page read, decoded, applied and committed, the
new rows compared with the live ones, the names swapped. In a process of its own, whose peak memory is the figure.
"""

import resource
import time
from typing import Any

from benchmarks.append import long_history
from benchmarks.report import Row, limited
from benchmarks.rounds import brief
from benchmarks.stage import Stage
from benchmarks.workload import SOURCE, Totals
from services.kernel import log as event_log
from services.kernel.consumption import cursors
from services.kernel.database import Database
from services.kernel.local import LocalEvents
from services.kernel.rebuild import rebuild

CONSUMER = "benchmark"
MOST_SECONDS, MOST_MEGABYTES, MOST_UNEVEN = 300, 300, 1.2


def measure(stage: Stage) -> list[Row]:
    """Three rows: seconds, memory, evenness."""
    template, count = long_history(stage)
    # A copy: other questions add to the original.
    with stage.database(template) as url:
        _fill_live(url)
        found = stage.ours("benchmarks.rebuild:run", database=url)
    assert found["events"] == count, found
    fast = f"{count / found['seconds']:,.0f} events/s, {found['rows']:,} rows, equal to the live ones"
    seconds = limited(
        f"rebuild of {count:,} events: time", found["seconds"], MOST_SECONDS * stage.scale, "s", f"one run, {fast}"
    )
    stage.say(f"  {found['seconds']:.1f} s, {found['megabytes']:.0f} MB, {fast}")
    note = "peak of the whole process, Python and libraries included"
    memory = limited(f"rebuild of {count:,} events: memory", found["megabytes"], MOST_MEGABYTES, "MB", note)
    first, second = found["halves"]
    uneven = Row(
        f"rebuild of {count:,} events: second half against first",
        *(second, first, second / first, f"≤ {MOST_UNEVEN}×", "s", second / first <= MOST_UNEVEN),
        f"linear is 1; without the comparison and the swap, which took {brief(found['seconds'] - first - second)} s",
    )
    return [seconds, memory, uneven]


def _fill_live(url: str) -> None:
    """The live read model as its subscription would have left it."""
    database = Database(url, pool_size=1, pg_options="-c timezone=UTC")
    with database.write() as connection:
        Totals().metadata.create_all(connection)
        connection.exec_driver_sql(
            "INSERT INTO totals (counter, total, events)"
            " SELECT data::json ->> 'counter', sum(coalesce((data::json ->> 'by')::int, 0)), count(*)"
            " FROM log JOIN events USING (ordinal) GROUP BY 1"
        )
    event_log.open_history(database)
    with database.write() as connection:
        head = event_log.head(connection)
        name = f"{CONSUMER}.{Totals.name}"
        values = {"subscription": name, "source": SOURCE, "epoch": head.epoch, "position": head.position}
        connection.execute(cursors.insert().values(**values))
    database.close()


# In a process of its own


def run(given: dict[str, Any]) -> dict[str, Any]:
    """The rebuild as `causo rebuild` does it, timed."""
    database = Database(given["database"])
    reached: list[tuple[float, int]] = []
    began = time.perf_counter()
    done = rebuild(
        CONSUMER,
        Totals,
        database,
        LocalEvents({SOURCE: database}),
        progress=lambda count, total: reached.append((time.perf_counter() - began, count)),
    )
    seconds = time.perf_counter() - began
    database.close()
    filled, last = reached[-1]
    half = next(at for at, count in reached if count >= last / 2)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": seconds,
        "megabytes": megabytes,
        "halves": (half, filled - half),
        "events": done.events,
        "rows": done.rows,
    }
