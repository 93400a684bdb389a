"""Totals of a unit as of a day, on any map: teams and hamlets in and out of order, rosters handed on."""

from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import compliance, rosters
from gateway.context import context_of
from gateway.schema.connections import ObjectType, many
from gateway.schema.inputs import id_of
from gateway.schema.structures import UNIT, dated, place_of


def _unshared() -> Any:
    return many(graphene.ID, description="RESTATED: divided units and hamlets whose shares nobody has stated")


class ComplianceTotals(ObjectType):
    """What stood on a day, over what the viewer may see; the lists are `teamsOutOfOrder`, `hamletsWithoutTeam`."""

    teams = graphene.Int(description="null: not computed")
    teams_out_of_order = graphene.Int(description="that break a rule of the plans in force that day")
    hamlets = graphene.Int()
    hamlets_without_team = graphene.Int()
    unshared = _unshared()


class RosterTotals(ObjectType):
    """The last version up to a day of each commune's roster under a plan, summed up."""

    rosters = graphene.Int(description="null: not computed")
    teams = graphene.Int()
    members = graphene.Int()
    unshared = _unshared()


class TotalsQueries:
    """Root fields of totals."""

    compliance_totals = graphene.Field(
        ComplianceTotals,
        required=True,
        unit=graphene.String(required=True, description=UNIT),
        **dated(),
        after_token=graphene.String(),
    )
    roster_totals = graphene.Field(
        RosterTotals,
        required=True,
        unit=graphene.String(required=True, description=UNIT),
        profile=graphene.ID(required=True, description="the plan that asks for them"),
        **dated(),
        after_token=graphene.String(),
    )

    @staticmethod
    def resolve_compliance_totals(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> compliance.Totals:
        context = context_of(info)
        return context.read(compliance.totals, place_of(context, unit, as_of, structure), context.scope)

    @staticmethod
    def resolve_roster_totals(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        profile: str,
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> rosters.Totals:
        context = context_of(info)
        asked, visible = place_of(context, unit, as_of, structure), context.scope.of_units(rosters.LIVE.rosters.c.unit)
        return context.read(rosters.totals, asked, id_of(profile, "profile"), visible)
