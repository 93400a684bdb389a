"""Coverage in GraphQL: counts as numbers, rates as text with one decimal."""

from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import rollups
from gateway.context import context_of
from gateway.coverage import Figures
from gateway.errors import InvalidInput
from gateway.schema.connections import ObjectType
from gateway.schema.inputs import id_of, quarter_of, unit_id_of


class Coverage(ObjectType):
    """Households guided directly (indicator HH-02), over the hamlets the viewer may see."""

    quarter = graphene.String(required=True)
    plan = graphene.String(description="the plan in force; null: none, or several")
    hamlets = graphene.Int(required=True)
    hamlets_counted = graphene.Int(required=True, description="hamlets with any household or visit so far")
    households = graphene.Int(required=True)
    guided_in_quarter = graphene.Int(required=True)
    guided_since_plan = graphene.Int(description="null: no plan holds here")
    rate_in_quarter = graphene.String(description="percent, such as '12.5'; null without households")
    rate_since_plan = graphene.String(description="percent; null without households or plan")


def figures_or_none(found: Figures | None, quarter: str) -> Figures:
    """Nothing seen is nothing counted."""
    return Figures(quarter) if found is None else found


class CoverageQueries:
    """Root field of coverage."""

    coverage = graphene.Field(
        Coverage,
        required=True,
        unit=graphene.String(description="id or today's code"),
        team=graphene.ID(),
        hamlet=graphene.ID(),
        quarter=graphene.String(description="such as 2026-Q4; this quarter by default"),
        after_token=graphene.String(),
        description="exactly one of unit, team, hamlet",
    )

    @staticmethod
    def resolve_coverage(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str | None = None,
        team: str | None = None,
        hamlet: str | None = None,
        quarter: str | None = None,
        **_: Any,
    ) -> Figures:
        context = context_of(info)
        scope, asked = context.scope, quarter_of(quarter, context.today)
        if [unit, team, hamlet].count(None) != 2:
            raise InvalidInput("Cần đúng một trong `unit`, `team`, `hamlet`.", field="unit")
        if unit is not None:
            key = context.read(unit_id_of, unit, context.today)
            found = context.read(rollups.coverage_of_units, [key], context.today, asked, scope)
        elif team is not None:
            key = id_of(team, "team")
            found = context.read(rollups.coverage_of_teams, [key], asked, scope)
        else:
            key = id_of(hamlet or "", "hamlet")
            found = context.read(rollups.coverage_of_hamlets, [key], asked, scope)
        return figures_or_none(found.get(key), asked)
