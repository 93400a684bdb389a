"""Every read model of the gateway; the composition roots subscribe each to its sources as `gateway.<name>`."""

from gateway.apportionments import Apportionments
from gateway.campaigns import Campaigns
from gateway.cases import Cases
from gateway.commendations import Commendations
from gateway.contacts import Contacts
from gateway.coverage import Coverage
from gateway.decisions import Decisions
from gateway.digital_services import DigitalServices
from gateway.emulation_drives import EmulationDrives
from gateway.enterprises import Enterprises
from gateway.funding import Funding
from gateway.good_practices import GoodPractices
from gateway.groups import Groups
from gateway.learning import Learning
from gateway.map_import import MapImports
from gateway.map_tables import Units
from gateway.materials import Materials
from gateway.members import Members
from gateway.partners import Partners
from gateway.policies import Policies
from gateway.priority_areas import PriorityAreas
from gateway.reorganisations import Reorganisations
from gateway.rosters import Rosters
from gateway.rows import ReadModel
from gateway.scorecards import Scorecards
from gateway.skills import Skills
from gateway.tasks import Tasks
from gateway.teams import Teams
from gateway.visits import Visits

PROJECTIONS: tuple[type[ReadModel], ...] = (
    Units,
    MapImports,
    Reorganisations,
    Apportionments,
    Policies,
    Teams,
    Members,
    Contacts,
    Decisions,
    Enterprises,
    Groups,
    Learning,
    DigitalServices,
    Materials,
    Campaigns,
    GoodPractices,
    Skills,
    Scorecards,
    EmulationDrives,
    Commendations,
    Funding,
    Rosters,
    PriorityAreas,
    Partners,
    Tasks,
    Visits,
    Coverage,
    Cases,
)
