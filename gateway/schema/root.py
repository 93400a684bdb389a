"""The schema as a whole."""

import graphene

from gateway.schema.apportionments import ApportionmentCommands
from gateway.schema.campaigns import CampaignCommands, CampaignQueries
from gateway.schema.case_commands import CaseCommands
from gateway.schema.cases import CaseQueries
from gateway.schema.commendation_calendar import CommendationCalendarQueries
from gateway.schema.commendation_commands import CommendationCommands
from gateway.schema.commendations import CommendationQueries
from gateway.schema.connections import ObjectType
from gateway.schema.contact_commands import ContactCommands
from gateway.schema.coverage import CoverageQueries
from gateway.schema.decision_register import DecisionRegisterQueries
from gateway.schema.decisions import DecisionCommands, DecisionQueries
from gateway.schema.digital_services import DigitalServiceCommands, DigitalServiceQueries
from gateway.schema.emulation_drives import EmulationDriveCommands, EmulationDriveQueries
from gateway.schema.enterprises import EnterpriseCommands, EnterpriseQueries
from gateway.schema.funding import FundingQueries
from gateway.schema.funding_commands import FundingCommands
from gateway.schema.funding_evidence import FundingEvidenceQueries
from gateway.schema.good_practices import GoodPracticeCommands, GoodPracticeQueries
from gateway.schema.groups import GroupCommands, GroupQueries
from gateway.schema.hamlet_commands import HamletCommands
from gateway.schema.launches import LaunchQueries
from gateway.schema.learning import LearningCommands, LearningQueries
from gateway.schema.map_commands import MapCommands, MapImportQueries
from gateway.schema.materials import MaterialCommands, MaterialQueries
from gateway.schema.partners import PartnerCommands, PartnerQueries
from gateway.schema.people import MeQueries
from gateway.schema.policies import PolicyQueries
from gateway.schema.policy_commands import PolicyCommands
from gateway.schema.priority_areas import PriorityAreaCommands, PriorityAreaQueries
from gateway.schema.reorganisations import ReorganisationCommands, ReorganisationQueries
from gateway.schema.rosters import RosterCommands, RosterQueries
from gateway.schema.scorecards import ScorecardCommands, ScorecardQueries
from gateway.schema.serving import ServingQueries
from gateway.schema.tasks import TaskCommands, TaskQueries
from gateway.schema.team_commands import TeamCommands
from gateway.schema.teams import TeamQueries
from gateway.schema.totals import TotalsQueries
from gateway.schema.training_compliance import TrainingComplianceQueries
from gateway.schema.units import UnitQueries
from gateway.schema.visit_commands import VisitCommands
from gateway.schema.visits import VisitQueries
from gateway.schema.watching import WatchingQueries


class Query(
    UnitQueries,
    MapImportQueries,
    ReorganisationQueries,
    PolicyQueries,
    TeamQueries,
    LaunchQueries,
    TotalsQueries,
    DecisionQueries,
    DecisionRegisterQueries,
    EnterpriseQueries,
    GroupQueries,
    LearningQueries,
    TrainingComplianceQueries,
    DigitalServiceQueries,
    MaterialQueries,
    CampaignQueries,
    GoodPracticeQueries,
    ScorecardQueries,
    EmulationDriveQueries,
    CommendationQueries,
    CommendationCalendarQueries,
    FundingQueries,
    FundingEvidenceQueries,
    RosterQueries,
    ServingQueries,
    PriorityAreaQueries,
    PartnerQueries,
    TaskQueries,
    WatchingQueries,
    VisitQueries,
    CoverageQueries,
    CaseQueries,
    MeQueries,
    ObjectType,
):
    """Every question. The map is public; everything else needs a bearer token and stays within its scope."""


class Mutation(
    MapCommands,
    HamletCommands,
    ReorganisationCommands,
    ApportionmentCommands,
    TeamCommands,
    DecisionCommands,
    ContactCommands,
    PolicyCommands,
    EnterpriseCommands,
    GroupCommands,
    LearningCommands,
    DigitalServiceCommands,
    MaterialCommands,
    CampaignCommands,
    GoodPracticeCommands,
    ScorecardCommands,
    EmulationDriveCommands,
    CommendationCommands,
    FundingCommands,
    RosterCommands,
    PriorityAreaCommands,
    PartnerCommands,
    TaskCommands,
    VisitCommands,
    CaseCommands,
    ObjectType,
):
    """Every command. Sent twice with the same `commandId` it is done once and answered the same."""


SCHEMA = graphene.Schema(query=Query, mutation=Mutation).graphql_schema
