"""A process that is killed at the worst moment: `python -m tests.kernel.dying URL COUNTER COMMAND_ID`.

Its transaction has committed, its caller has heard nothing. SIGKILL is the real thing, no cleanup runs.
"""

import os
import signal
import sys
from uuid import UUID

from services.kernel.database import Database
from tests.kernel.driving import processor, start

if __name__ == "__main__":
    url, counter, command_id = sys.argv[1:]
    dying = processor(Database(url), committed=lambda: os.kill(os.getpid(), signal.SIGKILL))
    dying.execute(start(UUID(counter), UUID(command_id)))
