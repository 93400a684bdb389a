"""The registry as the kernel runs it."""

from pathlib import Path

from services.kernel.definition import ServiceDefinition
from services.registry.course import COURSE
from services.registry.decision import TEAM_DECISION
from services.registry.enterprise import ENTERPRISE
from services.registry.hamlet import HAMLET
from services.registry.learner import LEARNER
from services.registry.map import MAP
from services.registry.messaging_group import MESSAGING_GROUP
from services.registry.policy import POLICY
from services.registry.team import TEAM
from services.registry.training import TRAINING
from services.registry.unit import UNIT

DEFINITION = ServiceDefinition(
    name="registry",
    home=Path(__file__).parent,
    aggregates=(UNIT, MAP, HAMLET, TEAM, POLICY, ENTERPRISE, MESSAGING_GROUP, COURSE, TRAINING, LEARNER, TEAM_DECISION),
)
