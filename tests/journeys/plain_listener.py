# mypy: disable-error-code="untyped-decorator"
"""An unmodified nameko service that writes down all it hears, as an integrator would write it; see docs/integrators.md.

Run by `nameko run` in an environment that holds nameko and nothing else of ours.
"""

import json
import os
from pathlib import Path
from typing import Any

from nameko.events import event_handler


def _note(name: str, body: Any) -> None:
    with Path(os.environ["RECEIVED_FILE"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([name, body]) + "\n")


class PlainListener:
    name = "plain_listener"


def _listen(service: str, event: str) -> None:
    def on_event(_listener: Any, body: Any) -> None:
        _note(event, body)

    method = f"on_{event.replace('.', '_')}"
    on_event.__name__ = method
    setattr(PlainListener, method, event_handler(service, event)(on_event))


# One handler for every kind of event there is; their golden files lie in a folder a service.
for _file in sorted((Path(__file__).parent.parent / "golden").glob("*/*.json")):
    _listen(_file.parent.name, _file.name.rpartition(".v")[0])
