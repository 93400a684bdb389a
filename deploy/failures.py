"""What an operator can put right, in one line: which server, which file, which key. Never a value, never a password."""

import amqp
from sqlalchemy.exc import OperationalError, ProgrammingError

from deploy.embedded import AlreadyRunning
from deploy.local.errors import LocalServerError
from deploy.topology import RoleDidNotStart
from services.kernel.bus import BusError
from services.kernel.rebuild import RebuildRefused
from services.kernel.sealing import SealingError

EXPECTED = (
    AlreadyRunning,
    BusError,
    LocalServerError,
    LookupError,
    OSError,
    OperationalError,
    ProgrammingError,
    RebuildRefused,
    RoleDidNotStart,
    SealingError,
    amqp.AMQPError,
)
"""Errors whose cause lies outside the program."""


def sentence(error: Exception) -> str:
    """The error as an operator needs it."""
    match error:
        case OperationalError() | ProgrammingError():
            # The driver's text names host, user and database, never the password.
            first = str(error.orig).strip().splitlines()
            return f"the database (CAUSO_DATABASE_URL) says: {first[0] if first else type(error.orig).__name__}"
        case amqp.AMQPError():
            return f"RabbitMQ (CAUSO_AMQP_URL) says: {type(error).__name__} {error.reply_text or ''}".rstrip()
        case ConnectionError():
            return f"nobody answers there: {error}"
        case LookupError():
            return str(error.args[0]) if error.args else type(error).__name__
        case _:
            return str(error) or type(error).__name__
