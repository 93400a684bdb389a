"""The forwarder: as long as the gateway runs, what waits in the intake goes to the feedback service.

Any number of replicas may run it. A report just accepted wakes it; what must wait is looked for every second.
"""

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError

from gateway.intake import Intake, forward_pending
from gateway.throttle import Throttle
from services.kernel.bus import CommandBus

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0
SWEEP_EVERY = 600


class Forwarder:
    """One background task of the gateway: `await forwarder.run()`, and `wake()` after each accepted report."""

    def __init__(self, intake: Intake, bus: CommandBus, throttle: Throttle) -> None:
        self._intake = intake
        self._bus = bus
        self._throttle = throttle
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something new. Call it on the event loop."""
        self._woken.set()

    async def run(self) -> None:
        """For ever, until cancelled. Trouble with the database or the service is logged and waited out."""
        rounds = 0
        while True:
            self._woken.clear()
            try:
                while await forward_pending(self._intake, self._bus):
                    pass
                if rounds % SWEEP_EVERY == 0:
                    await asyncio.to_thread(self._throttle.sweep)
            except DBAPIError as error:
                log.error("forwarder_trouble", error=type(error).__name__)
            except Exception as error:
                log.error("forwarder_failed", error=type(error).__name__)
            rounds += 1
            try:
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY)
            except TimeoutError:
                continue
