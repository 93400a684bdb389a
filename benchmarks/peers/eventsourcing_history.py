"""Events in eventsourcing's store, for its projection to read: as many a stream as ours have."""

import json
import sys
from typing import Any
from uuid import uuid4

from eventsourcing_commands import Counter, Counting, settings  # type: ignore[import-not-found,unused-ignore]


def main(given: dict[str, Any]) -> int:
    """Save them, many aggregates at once; returns how many events there are."""
    app = Counting(env=settings(given["database"], 1))
    unit = uuid4()
    made = [Counter(unit=unit, reason=given["reason"]) for _ in range(given["count"] // given["length"])]
    for step in range(given["length"]):
        # Streams grow side by side, as ours do.
        for start in range(0, len(made), 100):
            some = made[start : start + 100]
            if step:
                for counter in some:
                    counter.raised(by=step % 7 + 1, reason=given["reason"])
            app.save(*some)
    last = app.recorder.max_notification_id()
    app.close()
    return int(last or 0)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
