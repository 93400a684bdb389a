"""One run in a process of its own: `python -m benchmarks.child <module>:<function> '<JSON>'`, answer as a line of JSON.

Every run is a fresh process, ours and the peers' alike: no warmed caches, no memory of the run before.
"""

import json
import logging
import sys
from importlib import import_module
from typing import Any

import structlog


def main(target: str, given: str) -> None:
    """Call the function with what was given and print what it returns."""
    # A measured run is silent, as a production run at level WARNING is; trouble shows on stderr.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    module, _, function = target.partition(":")
    answer: Any = getattr(import_module(module), function)(json.loads(given))
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
