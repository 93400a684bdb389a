"""The registry as the kernel runs it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.kernel.definition import ServiceDefinition
from services.kernel.runtime import ServiceRuntime
from services.registry.campaign import CAMPAIGN
from services.registry.commendation import COMMENDATION
from services.registry.course import COURSE
from services.registry.digital_service import DIGITAL_SERVICE
from services.registry.enterprise import ENTERPRISE
from services.registry.funding import FUNDING
from services.registry.funding_rule import FUNDING_RULE
from services.registry.hamlet import HAMLET
from services.registry.learner import LEARNER
from services.registry.map import MAP
from services.registry.material import MATERIAL
from services.registry.messaging_group import MESSAGING_GROUP
from services.registry.policy import POLICY
from services.registry.reorganisation import REORGANISATION
from services.registry.roster import ROSTER
from services.registry.team import TEAM
from services.registry.training import TRAINING
from services.registry.unit import UNIT


def rehearse(runtime: ServiceRuntime, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The question `rehearse`: what a reorganisation (`payload`, as for the command) would be answered now."""
    return asdict(runtime.rehearse("reorganise", payload))


DEFINITION = ServiceDefinition(
    name="registry",
    home=Path(__file__).parent,
    aggregates=(
        *(UNIT, MAP, HAMLET, REORGANISATION),
        *(TEAM, POLICY, ENTERPRISE, MESSAGING_GROUP),
        *(COURSE, TRAINING, LEARNER),
        *(DIGITAL_SERVICE, MATERIAL, CAMPAIGN),
        *(COMMENDATION, FUNDING_RULE, FUNDING, ROSTER),
    ),
    questions={"rehearse": rehearse},
)
