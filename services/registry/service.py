"""The registry as the kernel runs it."""

from pathlib import Path

from services.kernel.definition import ServiceDefinition
from services.registry.hamlet import HAMLET
from services.registry.map import MAP
from services.registry.policy import POLICY
from services.registry.team import TEAM
from services.registry.unit import UNIT

DEFINITION = ServiceDefinition(
    name="registry",
    home=Path(__file__).parent,
    aggregates=(UNIT, MAP, HAMLET, TEAM, POLICY),
)
