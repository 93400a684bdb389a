"""A relay in a process of its own, to be killed: `python -m tests.kernel.relaying URL` says `leading` once it leads."""

import sys
import threading
from collections.abc import Callable, Sequence

from services.kernel.database import Database
from services.kernel.message import Recorded
from services.kernel.relay import Relay


class Nowhere:
    """A publisher whose broker forgets everything."""

    def publish(
        self, source: str, epoch: str, batch: Sequence[Recorded], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Forget."""

    def announce(self, source: str, epoch: str, position: int) -> None:
        """Forget."""

    def close(self) -> None:
        """Nothing to let go of."""


if __name__ == "__main__":
    relay = Relay("counting", Database(sys.argv[1]), Nowhere())
    running = threading.Thread(target=relay.run, daemon=True)
    running.start()
    relay.leading.wait()
    sys.stdout.write("leading\n")
    sys.stdout.flush()
    running.join()
