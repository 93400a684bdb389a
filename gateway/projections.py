"""Every read model of the gateway; the composition roots subscribe each to its sources as `gateway.<name>`."""

from gateway.cases import Cases
from gateway.contacts import Contacts
from gateway.coverage import Coverage
from gateway.decisions import Decisions
from gateway.enterprises import Enterprises
from gateway.groups import Groups
from gateway.learning import Learning
from gateway.members import Members
from gateway.policies import Policies
from gateway.rows import ReadModel
from gateway.teams import Teams
from gateway.units import Units
from gateway.visits import Visits

PROJECTIONS: tuple[type[ReadModel], ...] = (
    Units,
    Policies,
    Teams,
    Members,
    Contacts,
    Decisions,
    Enterprises,
    Groups,
    Learning,
    Visits,
    Coverage,
    Cases,
)
