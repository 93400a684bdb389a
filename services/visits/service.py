"""The visits service in one value: what it decides, reads and publishes, and the question it answers to others."""

from pathlib import Path

from services.kernel.definition import ServiceDefinition
from services.visits.activity_rules import ActivityRules, answer_activity_rules
from services.visits.catalogue import Catalogue
from services.visits.household import HOUSEHOLD
from services.visits.territory import Territory
from services.visits.visit import VISIT

DEFINITION = ServiceDefinition(
    name="visits",
    home=Path(__file__).parent,
    aggregates=(HOUSEHOLD, VISIT),
    projections=(Territory, Catalogue, ActivityRules),
    questions={"activity_rules": answer_activity_rules},
)
