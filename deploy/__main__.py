"""The command `causo`, also as `python -m deploy`.

A service's edge must be patched by eventlet before anything that holds locks is loaded, and the command line's own
library is such a thing: so the one command that needs it is recognised here, before `cli` exists.
"""

import gc
import sys

GARBAGE_AFTER = 50_000
"""Objects made and not yet freed before Python looks for cycles. At its own 700 it would look through all that is
being loaded hundreds of times, a quarter of the time each process takes to start."""


def main() -> None:
    """Run the command of this process's arguments."""
    gc.set_threshold(GARBAGE_AFTER, 10, 10)
    if sys.argv[1:2] == ["service"]:
        import services.kernel.messaging.green  # noqa: F401 - for its effect
    from deploy import cli

    cli.main()


if __name__ == "__main__":
    main()
