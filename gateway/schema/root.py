"""The schema as a whole."""

import graphene

from gateway.schema.cases import CaseQueries
from gateway.schema.connections import ObjectType
from gateway.schema.coverage import CoverageQueries
from gateway.schema.people import MeQueries
from gateway.schema.teams import TeamQueries
from gateway.schema.units import UnitQueries
from gateway.schema.visits import VisitQueries


class Query(UnitQueries, TeamQueries, VisitQueries, CoverageQueries, CaseQueries, MeQueries, ObjectType):
    """Every question. The map is public; everything else needs a bearer token and stays within its scope."""


SCHEMA = graphene.Schema(query=Query).graphql_schema
