"""A subscription process of the distributed run: every subscription of one database on its own queue and thread.

Replicas are safe: the broker lets one consumer of a queue work at a time, and the cursor's lock decides all else.
"""

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from services.kernel.messaging.consumer import QueueConsumer
from services.kernel.messaging.topology import SubscriptionQueue
from services.kernel.messaging.transport import HeadAnnounced, Incoming, IncomingEvent
from services.kernel.subscription import Halted, Leaving, Subscription, due_among

logger = structlog.get_logger(__name__)

TEND_SECONDS = 0.5
LAG_SECONDS = 10.0
"""What is applied so long after it was recorded is an alarm (`subscription_lags` in the log)."""
QUIET_SECONDS = 20.0
"""A consumer that showed no progress for so long keeps the process from beating; the watchdog then restarts it."""


class QueueFollower:
    """One subscription on its queue."""

    def __init__(self, amqp_url: str, subscription: Subscription) -> None:
        self.subscription = subscription
        consumer, _, name = subscription.name.partition(".")
        self.beaten_at = time.monotonic()
        self.state = "starting"
        self._progressed = _nobody_waits
        subscription.on_progress = self._step
        subscription.alarm_seconds = LAG_SECONDS
        self._lock = threading.Lock()
        self._caught_up = False
        self._consumer = QueueConsumer(
            amqp_url,
            [SubscriptionQueue(consumer, name, subscription.source)],
            self._take,
            gather_seconds=subscription.gather_seconds,
            beat=self._beat,
            name=f"{subscription.name} ← {subscription.source}",
        )
        self._thread = threading.Thread(target=self._consumer.run, name=subscription.name, daemon=True)

    def start(self) -> None:
        """Begin to consume."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand."""
        self._consumer.stop()
        self._thread.join(timeout=25)

    def tend(self, progressed: Callable[[], None], *, due: bool) -> None:
        """Retry what is held, if any is due; once, fetch what was published before the queue was there. Never raises.

        `progressed` is called with every step: a million events are a long way for whoever waits for a beat.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._progressed = progressed
            if not self._caught_up:
                self.subscription.catch_up()
                self._caught_up = True
            if due:
                self.subscription.retry_held()
        except Halted:
            self._caught_up = True
        except Leaving:
            pass
        except Exception as error:
            logger.warning("tending_failed", subscription=self.subscription.name, error=type(error).__name__)
        finally:
            self._progressed = _nobody_waits
            self._lock.release()

    def _take(self, batch: list[Incoming]) -> None:
        with self._lock:
            for group in _groups(batch):
                first = group[0]
                if isinstance(first, HeadAnnounced):
                    self.subscription.announced(first.epoch, first.position)
                else:
                    events = [item.recorded for item in group if isinstance(item, IncomingEvent)]
                    redelivered = any(isinstance(item, IncomingEvent) and item.redelivered for item in group)
                    self.subscription.receive(first.epoch, events, redelivered=redelivered)

    def _step(self) -> None:
        self._beat("following")
        self._progressed()

    def _beat(self, state: str) -> None:
        self.beaten_at = time.monotonic()
        self.state = state


def _nobody_waits() -> None:
    """Outside `tend`, the loop that beats is free."""


def _groups(batch: Sequence[Incoming]) -> list[list[Incoming]]:
    """Runs of events of one epoch and one kind of delivery; announcements stand alone, in their place."""
    groups: list[list[Incoming]] = []
    for item in batch:
        last = groups[-1][-1] if groups else None
        if (
            isinstance(item, IncomingEvent)
            and isinstance(last, IncomingEvent)
            and (item.epoch, item.redelivered) == (last.epoch, last.redelivered)
        ):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _those_due(subscriptions: Sequence[Subscription]) -> Sequence[Subscription]:
    try:
        return due_among(subscriptions)
    except Exception as error:
        logger.warning("tending_failed", error=type(error).__name__)
        return ()


def follow(followers: Sequence[QueueFollower], stopping: threading.Event, beat: Callable[[str], None]) -> None:
    """Run followers until `stopping`; beats while every one of them makes progress."""

    def look() -> None:
        if time.monotonic() - min(follower.beaten_at for follower in followers) < QUIET_SECONDS:
            beat("following")

    for follower in followers:
        follower.subscription.must_leave = stopping.is_set
        follower.start()
    while not stopping.is_set():
        due = _those_due([follower.subscription for follower in followers])
        for follower in followers:
            follower.tend(look, due=follower.subscription in due)
        look()
        stopping.wait(TEND_SECONDS)
    for follower in followers:
        follower.stop()
