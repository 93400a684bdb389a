"""The registry as the kernel runs it.

Keys come from the settings of the runtime, when its edge starts or at the first use: relays hold none.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from services.kernel.definition import ServiceDefinition
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.kernel.vault import Keys, Vaults
from services.registry.apportionment import APPORTIONMENT
from services.registry.campaign import CAMPAIGN
from services.registry.commendation import COMMENDATION
from services.registry.contact import CONTACT, EraseMemberContact, KeepMemberContact
from services.registry.contact_letters import Preparing
from services.registry.contact_questions import published_contact, read_member_contacts
from services.registry.course import COURSE
from services.registry.decision import TEAM_DECISION
from services.registry.digital_service import DIGITAL_SERVICE
from services.registry.emulation_drive import EMULATION_DRIVE
from services.registry.enterprise import ENTERPRISE
from services.registry.funding import FUNDING
from services.registry.funding_rule import FUNDING_RULE
from services.registry.good_practice import GOOD_PRACTICE
from services.registry.hamlet import HAMLET
from services.registry.learner import LEARNER
from services.registry.map import MAP
from services.registry.map_import import MAP_IMPORT
from services.registry.map_importing import Importing
from services.registry.material import MATERIAL
from services.registry.member_evaluation import MEMBER_EVALUATION
from services.registry.messaging_group import MESSAGING_GROUP
from services.registry.partner import PARTNER
from services.registry.policy import POLICY
from services.registry.priority_area import PRIORITY_AREA
from services.registry.reorganisation import REORGANISATION
from services.registry.roster import ROSTER
from services.registry.task import TASK
from services.registry.team import TEAM
from services.registry.training import TRAINING
from services.registry.unit import UNIT
from services.registry.vault import TABLES, keys_from_settings


def rehearse(runtime: ServiceRuntime, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The question `rehearse`: what a reorganisation (`payload`, as for the command) would be answered now."""
    return asdict(runtime.rehearse("reorganise", payload))


AGGREGATES = (
    *(UNIT, MAP, MAP_IMPORT, HAMLET, REORGANISATION, APPORTIONMENT),
    *(TEAM, TEAM_DECISION, CONTACT, POLICY, ENTERPRISE, MESSAGING_GROUP),
    *(COURSE, TRAINING, LEARNER, MEMBER_EVALUATION),
    *(DIGITAL_SERVICE, MATERIAL, CAMPAIGN, GOOD_PRACTICE),
    *(COMMENDATION, EMULATION_DRIVE, FUNDING_RULE, FUNDING, ROSTER),
    *(PRIORITY_AREA, PARTNER, TASK),
)


def define(keys: Callable[[], Keys]) -> ServiceDefinition:
    """The service, its vault opened with `keys`."""
    vaults = Vaults(keys, TABLES)
    preparing = Preparing(vaults)
    return ServiceDefinition(
        name="registry",
        home=Path(__file__).parent,
        aggregates=AGGREGATES,
        questions={
            "rehearse": rehearse,
            "import_map": Importing().start,
            "read_member_contacts": read_member_contacts(vaults),
            "published_contact": published_contact(vaults),
        },
        prepares={KeepMemberContact: preparing.keeping, EraseMemberContact: preparing.erasing},
        together={KeepMemberContact: lambda database: vaults.of(database).together()},
        takes_back={KeepMemberContact: preparing.take_back},
        tables=TABLES.metadata,
        check=vaults.check,
    )


def _configured(settings: Settings) -> ServiceDefinition:
    return define(cache(lambda: keys_from_settings(settings)))


def _no_keys() -> Keys:
    raise TypeError("the registry's keys come from settings: run its definition through a ServiceRuntime")


DEFINITION = replace(define(_no_keys), configured=_configured)
