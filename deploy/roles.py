"""The distributed run, role by role: each function is one process, and returns when told to stop.

A service's edge runs under eventlet and is composed in `service_process`, imported only after patching; everything
here runs on plain threads.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from deploy import system
from services.kernel.messaging.beat import Beat
from services.kernel.settings import Settings


def relay(settings: Settings, service: str) -> None:
    """Number and publish one service's events, or stand by for the relay that does."""
    from services.kernel.messaging.publisher import Publisher
    from services.kernel.messaging.topology import Feed
    from services.kernel.relay import Relay

    database = system.open_database(settings, service, pool_size=4)
    runner = Relay(
        service,
        database,
        Publisher(_amqp(settings), Feed.of(settings), name=f"{service} relay"),
        announce_seconds=settings.announce_seconds,
        beat=Beat(settings.beat_file).touch,
    )
    on_signal(runner.stop)
    runner.run()
    database.close()


def subscribe(settings: Settings, consumer_name: str, only: str | None = None) -> None:
    """Keep the read models and process managers of one database up to date; `only` picks one of them by name."""
    from deploy.following import QueueFollower, follow
    from services.kernel.messaging.rpc_client import RpcEventSource
    from services.kernel.relay import Notifier
    from services.kernel.runtime import ServiceRuntime

    consumer = system.consumer(consumer_name)
    database = system.open_database(settings, consumer_name, pool_size=16)
    events = RpcEventSource(_amqp(settings), timeout_seconds=settings.rpc_timeout_seconds, name=f"{consumer_name} gaps")
    notifier = Notifier(database) if consumer.owns_events else None
    execute_many = None
    if notifier is not None:
        runtime = ServiceRuntime(system.definition(consumer_name), database, settings, committed=notifier.committed)
        execute_many = runtime.processor.execute_many
    wanted = f"{consumer_name}.{only}"
    followers = [
        QueueFollower(_amqp(settings), subscription)
        for subscription in system.subscriptions(consumer, database, events, execute_many)
        if only is None or subscription.name == wanted
    ]
    if not followers:
        raise LookupError(f"{consumer_name} has no subscription {only or ''}".rstrip())
    stopping = threading.Event()
    on_signal(stopping.set)
    try:
        follow(followers, stopping, Beat(settings.beat_file).touch)
    finally:
        events.close()
        if notifier is not None:
            notifier.close()
        database.close()


def gateway(settings: Settings) -> None:
    """Serve GraphQL, the public pages and the intake."""
    from deploy.serving import claimed, serve
    from gateway.parts import GatewayParts
    from services.kernel.messaging.rpc_client import RpcCommandBus

    database = system.open_database(settings, system.GATEWAY, pool_size=16)
    bus = RpcCommandBus(_amqp(settings), timeout_seconds=settings.rpc_timeout_seconds, name="gateway")
    with claimed(settings) as address:
        serve(GatewayParts(settings, database, bus), address)
    database.close()


def on_signal(stop: Callable[[], object]) -> None:
    """Have SIGTERM and SIGINT call `stop`; main thread only."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _amqp(settings: Settings) -> str:
    if settings.amqp_url is None:
        raise LookupError("CAUSO_AMQP_URL is required for this role")
    return settings.amqp_url
