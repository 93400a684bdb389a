"""What the pages are given by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request

from gateway.forwarding import Forwarder
from gateway.intake import Intake
from gateway.pages.ports import CaseStatuses, Places, Services, Visits
from gateway.pages.wording import apps
from gateway.throttle import Guesses, Throttle
from services.kernel.bus import CommandBus
from services.kernel.clock import Clock
from services.kernel.identifiers import new_id

FORM_AGE = 24 * 3600
"""Seconds a form may stay open; a day, because people are called away."""


class FirstServices:
    """`Services` of a site that knows of no catalogue: the apps there are words for."""

    def offered(self) -> Mapping[str, str]:
        """See `Services`."""
        return apps()


@dataclass(frozen=True)
class Pages:
    """The dependencies of the public pages. `form_key` (bytes) signs the forms' ids and nothing else."""

    intake: Intake
    throttle: Throttle
    forwarder: Forwarder
    places: Places
    cases: CaseStatuses
    visits: Visits
    bus: CommandBus
    form_key: bytes
    clock: Clock
    services: Services = field(default_factory=FirstServices)
    guesses: Guesses = field(init=False)
    """At visit codes: counted apart from those at residents' own codes."""
    _signer: URLSafeTimedSerializer = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "guesses", self.throttle.apart("visit codes", ipv6=48))
        object.__setattr__(self, "_signer", URLSafeTimedSerializer(self.form_key, salt="public form"))

    def new_form(self) -> str:
        """A signed, dated, random form id: it makes a double submit one case, and is bound to nothing personal."""
        return str(self._signer.dumps(str(new_id())))

    def form_id(self, token: str) -> UUID | None:
        """The id, or None when it is not ours or more than a day old."""
        try:
            return UUID(self._signer.loads(token, max_age=FORM_AGE))
        except (BadSignature, ValueError):
            return None


def client_address(request: Request) -> str:
    """Who asks. Behind a proxy the server has set it, and only for proxies in `CAUSO_TRUSTED_PROXIES`."""
    return request.client.host if request.client else ""
