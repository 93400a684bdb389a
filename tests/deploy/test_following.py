"""Following in a process of its own: who has a long way to go is seen going."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from deploy.following import QueueFollower, follow
from services.kernel import subscription as following
from services.kernel.database import Database
from services.kernel.migrate import migrate
from services.kernel.projection import Delivered
from tests.kernel.driving import Counting

NO_BROKER = "amqp://127.0.0.1:1/"
PAGE = 7


def test_a_long_way_to_the_head_beats_with_every_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAGE", PAGE)
    database = Database(f"sqlite:///{tmp_path / 'kernel.db'}")
    migrate(database)
    counting = Counting(database)
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
    database.close()
