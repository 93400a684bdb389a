# mypy: disable-error-code="untyped-decorator"
"""An unmodified nameko service, as an integrator writes it; it knows nothing of this project.

Run by `nameko run` in an environment that holds nameko and nothing else of ours.
"""

import json
import os
from pathlib import Path
from typing import Any

from nameko.events import event_handler


class PlainSubscriber:
    name = "plain_subscriber"

    @event_handler("registry", "unit.registered")
    def on_unit_registered(self, unit: Any) -> None:
        with Path(os.environ["RECEIVED_FILE"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(unit) + "\n")
