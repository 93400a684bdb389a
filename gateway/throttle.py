"""Throttling of guesses at codes, counted in the database so that many replicas share one count.

Only wrong guesses count, per network prefix (/24, /64) and for the whole site: villages share one carrier address, and
a neighbour's mistyped code must not lock a family out. Prefixes are stored as keyed hashes, minutes as numbers.

What is guessed at apart (`Guesses`) has buckets of its own: who tries out the one shuts nobody out of the other.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from sqlalchemy import Column, Connection, Integer, Table, Text, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.intake import INTAKE
from gateway.tracking import Tracker
from services.kernel.clock import Clock
from services.kernel.database import Database

throttle = Table(
    "throttle",
    INTAKE,
    Column("bucket", Text, primary_key=True),
    Column("minute", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)

PER_PREFIX = 10
"""Wrong guesses a minute from one prefix. At 1,000,000 live codes a year of it finds one with p < 10⁻⁵."""
PER_SITE = 600
"""Wrong guesses a minute from everywhere: 10 a second, the rate 59.8 bits are enough for."""


class Throttle:
    """Counts wrong guesses of the current minute."""

    def __init__(
        self, database: Database, tracker: Tracker, clock: Clock, per_prefix: int = PER_PREFIX, per_site: int = PER_SITE
    ) -> None:
        self._database = database
        self._tracker = tracker
        self._clock = clock
        self._per_prefix = per_prefix
        self._per_site = per_site

    def allows(self, address: str) -> bool:
        """False when this prefix or the whole site has guessed wrong too often this minute."""
        limits = self._limits(address)
        wanted = select(throttle.c.bucket, throttle.c.count.label("wrong"))
        wanted = wanted.where(throttle.c.bucket.in_(limits), throttle.c.minute == self._minute())
        with self._database.read() as connection:
            return all(row.wrong < limits[row.bucket] for row in connection.execute(wanted))

    def wrong(self, address: str) -> None:
        """Count one wrong guess."""
        with self._database.write() as connection:
            for bucket in sorted(self._limits(address)):
                _count(connection, bucket, self._minute(), postgres=self._database.is_postgres)

    def apart(self, of: str, *, ipv6: int) -> "Guesses":
        """The throttle of another kind of code, with the same limits; `ipv6` is the length of its prefixes."""
        return Guesses(self._database, self._tracker, self._clock, of, ipv6, self._per_prefix, self._per_site)

    def sweep(self) -> None:
        """Forget minutes gone by."""
        with self._database.write() as connection:
            connection.execute(delete(throttle).where(throttle.c.minute < self._minute() - 1))

    def _limits(self, address: str) -> dict[str, int]:
        return {
            self._tracker.bucket("prefix", prefix_of(address)): self._per_prefix,
            self._tracker.bucket("site"): self._per_site,
        }

    def _minute(self) -> int:
        return int(self._clock().timestamp() // 60)


@dataclass(frozen=True)
class Guesses:
    """Counts guesses at codes of one kind before they are checked: many at once are no more than one by one."""

    database: Database
    tracker: Tracker
    clock: Clock
    of: str
    ipv6: int
    per_prefix: int
    per_site: int

    def begin(self, address: str) -> int | None:
        """Count a guess; the minute it counts in, or None when there were too many: then it must not be checked.

        What is over its prefix's limit counts for that prefix only: one network does not use up the site's guesses.
        """
        minute = int(self.clock().timestamp() // 60)
        with self.database.write() as connection:
            for bucket, most in self._limits(address):
                if _count(connection, bucket, minute, postgres=self.database.is_postgres) > most:
                    return None
        return minute

    def was_right(self, address: str, minute: int) -> None:
        """It was no guess: take it out of the minute that `begin` counted it in."""
        with self.database.write() as connection:
            for bucket, _ in self._limits(address):
                here = (throttle.c.bucket == bucket, throttle.c.minute == minute, throttle.c.count > 0)
                connection.execute(update(throttle).where(*here).values(count=throttle.c.count - 1))

    def _limits(self, address: str) -> list[tuple[str, int]]:
        prefix = self.tracker.bucket(self.of, "prefix", prefix_of(address, self.ipv6))
        return [(prefix, self.per_prefix), (self.tracker.bucket(self.of, "site"), self.per_site)]


def _count(connection: Connection, bucket: str, minute: int, *, postgres: bool) -> int:
    """One more in a bucket; how many that makes."""
    once = (postgresql.insert if postgres else sqlite.insert)(throttle).values(bucket=bucket, minute=minute, count=1)
    counted = once.on_conflict_do_update(
        index_elements=["bucket", "minute"], set_={"count": throttle.c.count + 1}
    ).returning(throttle.c.count)
    return int(connection.execute(counted).scalar_one())


def prefix_of(address: str, ipv6: int = 64) -> str:
    """The /24, or /64 or another prefix of IPv6, an address is in; one prefix for all that is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else ipv6}", strict=False))
