"""Coverage in GraphQL: counts as numbers, rates as text with one decimal."""

from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import rollups
from gateway.context import context_of
from gateway.coverage import Figures
from gateway.errors import InvalidInput
from gateway.schema.connections import ObjectType, many
from gateway.schema.inputs import id_of, quarter_of, unit_id_of
from gateway.structures import Structure as Structures


class Structure(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """On which map figures are put together, those of a quarter or those of a day."""

    CURRENT = "current"
    ORIGINAL = "original"
    RESTATED = "restated"

    @property
    def description(self) -> str:
        """What each says."""
        return {
            "current": "the map of the day asked for: what belongs to the unit then, wherever it lay before",
            "original": "the map of the quarter's last day: the unit as it was",
            "restated": "the map of the day asked for, what was divided shared out by shares stated with a source",
        }[self.value]


class Coverage(ObjectType):
    """Households guided directly (indicator HH-02), over the hamlets the viewer may see.

    Counts are null where something was divided and nobody has stated its shares: see `unshared`, `stateShares`.
    """

    quarter = graphene.String(required=True)
    plan = graphene.String(description="the plan in force; null: none, or several")
    hamlets = graphene.Int(required=True)
    hamlets_counted = graphene.Int(required=True, description="hamlets with any household or visit so far")
    households = graphene.Int(description="null: not computed")
    guided_in_quarter = graphene.Int(description="null: not computed")
    guided_since_plan = graphene.Int(description="null: no plan holds here, or not computed")
    rate_in_quarter = graphene.String(description="percent, such as '12.5'; null without households")
    rate_since_plan = graphene.String(description="percent; null without households or plan")
    unshared = many(graphene.ID, description="divided units and hamlets whose shares nobody has stated")


def figures_or_none(found: Figures | None, quarter: str) -> Figures:
    """Nothing seen is nothing counted."""
    return Figures(quarter) if found is None else found


def structure_of(told: Any) -> Structures:
    """The argument `structure`."""
    found: Structures = "current" if told is None else told.value
    return found


class CoverageQueries:
    """Root field of coverage."""

    coverage = graphene.Field(
        Coverage,
        required=True,
        unit=graphene.String(description="id or code of the day"),
        team=graphene.ID(),
        hamlet=graphene.ID(),
        quarter=graphene.String(description="such as 2026-Q4; this quarter by default"),
        as_of=graphene.Date(description="of a unit or hamlet: on which day's map; today in Vietnam by default"),
        structure=Structure(description="of a unit; CURRENT by default"),
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
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> Figures:
        context, day = context_of(info), as_of or context_of(info).today
        scope, asked = context.scope, quarter_of(quarter, context.today)
        if [unit, team, hamlet].count(None) != 2:
            raise InvalidInput("Cần đúng một trong `unit`, `team`, `hamlet`.", field="unit")
        if unit is not None:
            key = context.read(unit_id_of, unit, day)
            on_map = structure_of(structure)
            found = context.read(rollups.coverage_of_units, [key], day, asked, scope, on_map)
        elif team is not None:
            key = id_of(team, "team")
            found = context.read(rollups.coverage_of_teams, [key], asked, scope)
        else:
            key = id_of(hamlet or "", "hamlet")
            found = context.read(rollups.coverage_of_hamlets, [key], day, asked, scope)
        return figures_or_none(found.get(key), asked)
