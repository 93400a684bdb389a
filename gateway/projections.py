"""Every read model of the gateway; the composition roots subscribe each to its sources as `gateway.<name>`."""

from gateway.cases import Cases
from gateway.commendations import Commendations
from gateway.coverage import Coverage
from gateway.enterprises import Enterprises
from gateway.funding import Funding
from gateway.groups import Groups
from gateway.learning import Learning
from gateway.members import Members
from gateway.policies import Policies
from gateway.rosters import Rosters
from gateway.rows import ReadModel
from gateway.skills import Skills
from gateway.teams import Teams
from gateway.units import Units
from gateway.visits import Visits

PROJECTIONS: tuple[type[ReadModel], ...] = (
    Units,
    Policies,
    Teams,
    Members,
    Enterprises,
    Groups,
    Learning,
    Skills,
    Commendations,
    Funding,
    Rosters,
    Visits,
    Coverage,
    Cases,
)
