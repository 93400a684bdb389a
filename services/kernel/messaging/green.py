"""The first import of a nameko process, before anything else: makes the process green.

    python -c 'import services.kernel.messaging.green; …'

psycopg waits in C and knows gevent only: without the line below every greenthread would stand still during each query
(four `pg_sleep(1)` took 4 s and blocked the hub for 2 s). It is set in code, because an environment variable forgotten
in one deployment would freeze that service silently.
"""

import os
import sys
import warnings

# Names must be resolved as the system does it, or container and cluster names are not found.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
_TOO_EARLY = {"amqp", "kombu", "psycopg", "sqlalchemy", "nameko"} & set(sys.modules)
if _TOO_EARLY:
    raise ImportError(f"import services.kernel.messaging.green before {', '.join(sorted(_TOO_EARLY))}")
with warnings.catch_warnings():
    # It says at every import that it is in maintenance; the decision to keep it inside these processes is made.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()
    import psycopg.waiting

psycopg.waiting.wait = psycopg.waiting.wait_selector


def assert_green() -> None:
    """Raises `RuntimeError` unless sockets are patched and psycopg yields while it waits."""
    if not eventlet.patcher.is_monkey_patched("socket"):
        raise RuntimeError("this process is not monkey-patched: import services.kernel.messaging.green first")
    if psycopg.waiting.wait is not psycopg.waiting.wait_selector:
        raise RuntimeError("psycopg would block every greenthread: wait must be wait_selector")


assert_green()
