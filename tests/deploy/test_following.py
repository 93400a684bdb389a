"""Following in a process of its own: who has a long way to go is seen going, who is late says so."""

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from deploy.following import QueueFollower, follow
from services.kernel import subscription as following
from services.kernel.database import Database
from services.kernel.message import parse_recorded_at
from services.kernel.messaging.transport import HeadAnnounced
from services.kernel.migrate import migrate
from services.kernel.projection import Delivered
from tests.kernel.driving import SOURCE, Counting

NO_BROKER = "amqp://127.0.0.1:1/"
PAGE = 7


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Counting]:
    database = Database(f"sqlite:///{tmp_path / 'kernel.db'}")
    migrate(database)
    yield Counting(database)
    database.close()


def test_a_long_way_to_the_head_beats_with_every_page(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAGE", PAGE)
    counting.counter(*[1] * (10 * PAGE - 1))
    stopping = threading.Event()
    beats: list[str] = []
    beaten_before_page: list[int] = []

    def apply(_connection: Connection, _delivered: Sequence[Delivered[Any]]) -> None:
        beaten_before_page.append(len(beats))
        if len(beaten_before_page) == 10:
            stopping.set()

    follow([QueueFollower(NO_BROKER, counting.follower(apply=apply))], stopping, beats.append)

    assert beaten_before_page == list(range(10))


def test_who_is_told_to_stop_leaves_a_long_way_after_the_page_at_hand_and_goes_on_from_there(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PAGE", PAGE)
    counter = counting.counter(*[1] * (10 * PAGE - 1))
    stopping = threading.Event()

    follow([QueueFollower(NO_BROKER, counting.follower())], stopping, lambda _state: stopping.set())

    assert counting.read() == {str(counter): (PAGE - 1, PAGE, PAGE)}
    counting.follower().catch_up()
    assert counting.read() == {str(counter): (10 * PAGE - 1, 10 * PAGE, 10 * PAGE)}


def test_who_applies_what_is_more_than_ten_seconds_old_says_so_once_a_minute(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability row 8: an alert at 10 s."""
    monkeypatch.setattr(following, "PAGE", PAGE)
    late = timedelta(seconds=9)

    def clock() -> datetime:
        return parse_recorded_at(counting.log(counting.head - 1)[0]) + late

    subscription = counting.follower(clock=clock)
    follower = QueueFollower(NO_BROKER, subscription)

    def told(events: int) -> list[tuple[str, int, int]]:
        counting.counter(*[1] * (events - 1))
        with capture_logs() as logs:
            follower._take([HeadAnnounced(SOURCE, counting.epoch, counting.head)])
        lags = [log for log in logs if log["event"] == "subscription_lags"]
        assert all((log["subscription"], log["source"]) == (subscription.name, SOURCE) for log in lags)
        return [(log["log_level"], log["events"], log["seconds"]) for log in lags]

    assert told(events=20) == []
    late = timedelta(seconds=11)
    assert told(events=20) == [("warning", 20, 11)]
    late = timedelta(seconds=50)
    assert told(events=20) == []
    late = timedelta(seconds=80)
    assert told(events=3) == [("warning", 3, 80)]
