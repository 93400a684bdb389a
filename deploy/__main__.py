"""The command `causo`, also as `python -m deploy`.

A service's edge must be patched by eventlet before anything that holds locks is loaded, and the command line's own
library is such a thing: so the one command that needs it is recognised here, before `cli` exists.
"""

import sys


def main() -> None:
    """Run the command of this process's arguments."""
    if sys.argv[1:2] == ["service"]:
        import services.kernel.messaging.green  # noqa: F401 - for its effect
    from deploy import cli

    cli.main()


if __name__ == "__main__":
    main()
