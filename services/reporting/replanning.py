"""Replanning: a plan that is published or ends changes since when the households of its hamlets are counted.

Every hamlet that lies under the plan's territory on that day is asked anew. A plan that begins later is counted for
with the first visit after it has begun: nothing was guided under it before.
"""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Connection

from services.kernel.clock import business_date
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, parse_recorded_at
from services.kernel.process_manager import ProcessManager
from services.kernel.projection import Delivered
from services.kernel.subscription import NotYet
from services.reporting.coverage import CountUnderPlan
from services.reporting.plans import PLANS, PolicyEvent, term_of
from services.reporting.territory import TERRITORY

ACTOR = "reporting.replanning"


class Replanning(ProcessManager):
    """Keeps every hamlet's coverage in step with the plan in force."""

    name: ClassVar[str] = "replanning"
    views: ClassVar[dict[str, Any]] = {"registry": PolicyEvent}

    def react(self, connection: Connection, delivered: Sequence[Delivered[PolicyEvent]]) -> Sequence[Command]:
        """One command for each hamlet under the territory. Raises `NotYet` while the plan has not been taken in."""
        return [command for each in delivered for command in _asked(connection, each)]


def _asked(connection: Connection, delivered: Delivered[PolicyEvent]) -> Sequence[Command]:
    event, recorded = delivered.event, delivered.recorded
    if not PLANS.has_taken(connection, event):
        raise NotYet(f"profile {event.profile} has not been taken in yet")
    at = parse_recorded_at(recorded)
    day = business_date(at)
    hamlets = [UUID(one) for one in connection.execute(TERRITORY.hamlets_under([event.territory], day)).scalars()]
    return [
        CountUnderPlan(
            command_id=derived_id("replanning", recorded.id, hamlet),
            actor=ACTOR,
            at=at,
            correlation_id=UUID(recorded.correlation_id),
            hamlet=hamlet,
            plan=term_of(plans),
        )
        for hamlet, plans in PLANS.in_force(connection, hamlets, day).items()
    ]
