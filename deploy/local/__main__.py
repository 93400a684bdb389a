"""`python -m deploy.local [postgresql rabbitmq chromium]`: see that the programs are here, install what is missing."""

import sys

from deploy.local import packages
from deploy.local.errors import LocalServerError


def main(wanted: list[str]) -> int:
    """Print each program found; 1 and a sentence of what to do when one is not to be had."""
    finders = {
        "postgresql": lambda: packages.require_postgres("postgres"),
        "rabbitmq": lambda: packages.require_rabbitmq("rabbitmq-server"),
        "chromium": packages.require_chromium,
    }
    unknown = sorted(set(wanted) - set(finders))
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. Known: {', '.join(finders)}.", file=sys.stderr)
        return 2
    try:
        for name in wanted or finders:
            print(f"{name}: {finders[name]()}")
    except LocalServerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
