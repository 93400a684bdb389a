"""What an operator can put right, in one line: which server, which file, which key. Never a value, never a password."""

import amqp
from sqlalchemy.exc import OperationalError, ProgrammingError

from deploy.embedded import AlreadyRunning
from deploy.environment import BadEnvironment
from deploy.installing import InstallationRefused
from deploy.local.errors import LocalServerError
from deploy.topology import RoleDidNotStart
from deploy.transfer import TargetNotEmpty
from services.kernel.bus import BusError
from services.kernel.rebuild import RebuildRefused
from services.kernel.relay import PublishFailed
from services.kernel.sealing import SealingError

EXPECTED = (
    *(AlreadyRunning, BadEnvironment, InstallationRefused, LocalServerError, RoleDidNotStart, TargetNotEmpty),
    *(BusError, LookupError, OSError, PublishFailed, RebuildRefused, SealingError),
)
"""Their own text is the sentence."""


def sentence(error: Exception) -> str | None:
    """The error as an operator needs it; None for one that lies in the program."""
    match error:
        case OperationalError() | ProgrammingError():
            # The driver's text names host, user and database, never the password.
            first = str(error.orig).strip().splitlines()
            return f"the database (CAUSO_DATABASE_URL) says: {first[0] if first else type(error.orig).__name__}"
        case amqp.AMQPError():
            return f"RabbitMQ (CAUSO_AMQP_URL) says: {type(error).__name__} {error.reply_text or ''}".rstrip()
        case ConnectionError():
            return f"nobody answers there: {error}"
        case KeyError() | IndexError():
            return None
        case _:
            return str(error) if isinstance(error, EXPECTED) else None
