"""One service's edge as a process of its own: nameko under eventlet. Import this before anything that must be green."""

import services.kernel.messaging.green  # noqa: F401, I001  (first, or nothing below is patched)

from deploy import system
from services.kernel.messaging import nameko_edge
from services.kernel.messaging.beat import Beat
from services.kernel.relay import Notifier
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings

WORKERS = 10


def run_service(settings: Settings, name: str) -> int:
    """Answer commands and questions until told to stop; the exit status. Raises `sealing.KeyMissing`."""
    if settings.amqp_url is None:
        raise LookupError("CAUSO_AMQP_URL is required for this role")
    database = system.open_database(settings, name, pool_size=WORKERS)
    notifier = Notifier(database)
    runtime = ServiceRuntime(system.definition(name), database, settings, committed=notifier.committed)
    try:
        runtime.definition.check()
        return nameko_edge.serve(
            name, runtime, amqp_url=settings.amqp_url, beat=Beat(settings.beat_file), max_workers=WORKERS
        )
    finally:
        notifier.close()
        database.close()
