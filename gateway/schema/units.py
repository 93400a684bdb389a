"""The map in GraphQL: public, as of any day the map is known."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import rollups, search, team_places, teams, unit_tree, units
from gateway.context import context_of
from gateway.coverage import Figures
from gateway.errors import NotFound
from gateway.paging import Page, slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments, search_argument
from gateway.schema.coverage import Coverage, Structure, figures_or_none, structure_of
from gateway.schema.inputs import id_of, quarter_of
from services.kernel.tiers import tiers

UnitLevel: Any = graphene.Enum(
    "UnitLevel",
    [(each.code.upper(), each.code) for each in tiers()],
    description="Tier of government, from the highest down; districts exist until 30 June 2025 only.",
)


class Unit(ObjectType):
    """An administrative unit on the day it was asked for."""

    id = graphene.ID(required=True, description="stable for ever; codes are not")
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    kind = graphene.String(required=True, description="Tỉnh, Thành phố, Huyện, Xã, Phường, …")
    level = graphene.Field(UnitLevel, required=True)
    regime = graphene.String(required=True)
    valid_from = graphene.Date(description="null: the source states no day")
    valid_to = graphene.Date(description="last day; null: still stands")
    lat = graphene.Float()
    lon = graphene.Float()
    area_km2 = graphene.Float()
    parent = graphene.Field(lambda: Unit)
    children = graphene.Field(lambda: UnitConnection, required=True, **page_arguments())
    descendants = graphene.Field(
        lambda: UnitConnection, required=True, level=UnitLevel(required=True), **page_arguments()
    )
    tree = many(lambda: TreeNode, description="all that stands below it that day, hamlets too, at once")
    successors = many(lambda: Succession, description="what it became")
    predecessors = many(lambda: Succession, description="what it came from")
    hamlets = graphene.Field(lambda: HamletConnection, required=True, search=search_argument(), **page_arguments())
    teams = graphene.Field("gateway.schema.teams.TeamConnection", required=True, **page_arguments())
    coverage = graphene.Field(
        Coverage,
        required=True,
        quarter=graphene.String(),
        structure=Structure(description="CURRENT by default: the map of the day the unit was asked for"),
    )

    @staticmethod
    def resolve_id(unit: units.Unit, _info: Any) -> str:
        return unit.unit

    @staticmethod
    def resolve_parent(unit: units.Unit, info: GraphQLResolveInfo) -> Awaitable[units.Unit | None] | None:
        context = context_of(info)
        return None if unit.parent is None else context.load(units.units_by_id, unit.parent, unit.as_of)

    @staticmethod
    def resolve_children(
        unit: units.Unit, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
    ) -> Listing:
        context, wanted, day = context_of(info), slice_of(first, after), unit.as_of
        return Listing(
            lambda: context.load(unit_tree.children_pages, unit.unit, day, wanted, missing=Page()),
            lambda: context.load(unit_tree.children_counts, unit.unit, day, missing=0),
            lambda row: units.unit_from(row, day),
        )

    @staticmethod
    def resolve_descendants(
        unit: units.Unit,
        info: GraphQLResolveInfo,
        level: Any,
        first: int | None = None,
        after: str | None = None,
    ) -> Listing:
        context, wanted, day = context_of(info), slice_of(first, after), unit.as_of
        return Listing(
            lambda: context.load(unit_tree.descendants_pages, unit.unit, day, level.value, wanted, missing=Page()),
            lambda: context.load(unit_tree.descendants_counts, unit.unit, day, level.value, missing=0),
            lambda row: units.unit_from(row, day),
        )

    @staticmethod
    def resolve_tree(unit: units.Unit, info: GraphQLResolveInfo) -> Awaitable[list[unit_tree.Node]]:
        return context_of(info).load(unit_tree.whole_trees, unit.unit, unit.as_of, missing=[])

    @staticmethod
    def resolve_successors(unit: units.Unit, info: GraphQLResolveInfo) -> Awaitable[list[units.Succession]]:
        context = context_of(info)
        return context.load(unit_tree.successors, unit.unit, missing=[])

    @staticmethod
    def resolve_predecessors(unit: units.Unit, info: GraphQLResolveInfo) -> Awaitable[list[units.Succession]]:
        context = context_of(info)
        return context.load(unit_tree.predecessors, unit.unit, missing=[])

    @staticmethod
    def resolve_hamlets(
        unit: units.Unit,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        search: str | None = None,
    ) -> Listing:
        context, wanted, day = context_of(info), slice_of(first, after), unit.as_of
        return Listing(
            lambda: context.load(unit_tree.hamlets_pages, unit.unit, day, search, wanted, missing=Page()),
            lambda: context.load(unit_tree.hamlets_counts, unit.unit, day, search, missing=0),
        )

    @staticmethod
    def resolve_teams(
        unit: units.Unit, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
    ) -> Listing:
        context, wanted, day = context_of(info), slice_of(first, after), unit.as_of
        visible = context.scope.teams
        return Listing(
            lambda: context.load(team_places.teams_pages, unit.unit, day, visible, wanted, missing=Page()),
            lambda: context.load(team_places.teams_counts, unit.unit, day, visible, missing=0),
        )

    @staticmethod
    async def resolve_coverage(
        unit: units.Unit, info: GraphQLResolveInfo, quarter: str | None = None, structure: Any = None
    ) -> Figures:
        context, on_map = context_of(info), structure_of(structure)
        asked = quarter_of(quarter, context.today)
        found = await context.load(rollups.coverage_of_units, unit.unit, unit.as_of, asked, context.scope, on_map)
        return figures_or_none(found, asked)


class TreeNode(ObjectType):
    """A unit or hamlet in a tree; `parent` names the node, or the root, it hangs on."""

    id = graphene.ID(required=True)
    parent = graphene.ID(required=True)
    level = graphene.String(required=True, description="district, commune or hamlet")
    kind = graphene.String(required=True)
    name = graphene.String(required=True)


class Succession(ObjectType):
    """The other end: where a unit went or what it came from."""

    unit = graphene.Field(Unit, required=True)
    part = graphene.Boolean(required=True, description="only a part of it")
    share = graphene.String(description="of a part, as stated, such as '0.25'; null: nobody has stated it")
    share_source = graphene.String(description="who says so")
    seat = graphene.Boolean(required=True, description="the seat of the old unit lies here")
    on = graphene.Date(required=True, description="first day of the new unit")


class Hamlet(ObjectType):
    """A hamlet of a commune: below the tiers of government."""

    id = graphene.ID(required=True)
    name = graphene.String(required=True)
    kind = graphene.String(required=True, description="Ấp, Khóm, Thôn, …")
    valid_from = graphene.Date(required=True)
    commune = graphene.Field(Unit, required=True, description="the one it belongs to today")
    teams = many(
        "gateway.schema.teams.Team",
        as_of=graphene.Date(description="today in Vietnam by default"),
        description="those that serve it on a day, as far as the viewer may see",
    )
    coverage = graphene.Field(Coverage, required=True, quarter=graphene.String())

    @staticmethod
    def resolve_id(hamlet: Any, _info: Any) -> str:
        return str(hamlet.hamlet)

    @staticmethod
    def resolve_commune(hamlet: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.homes_by_id, hamlet.commune, context.today)

    @staticmethod
    def resolve_teams(hamlet: Any, info: GraphQLResolveInfo, as_of: date | None = None) -> Awaitable[list[Any]]:
        context = context_of(info)
        day, visible = as_of or context.today, context.scope.teams
        return context.load(teams.teams_of_hamlets, hamlet.hamlet, day, visible, missing=[])

    @staticmethod
    async def resolve_coverage(hamlet: Any, info: GraphQLResolveInfo, quarter: str | None = None) -> Figures:
        context = context_of(info)
        asked = quarter_of(quarter, context.today)
        found = await context.load(rollups.coverage_of_hamlets, hamlet.hamlet, context.today, asked, context.scope)
        return figures_or_none(found, asked)


class UnitMatch(ObjectType):
    """A commune found by some name."""

    unit = graphene.Field(Unit, required=True)
    province = graphene.String(required=True)
    formerly = graphene.String(description="the old name that matched")
    part = graphene.Boolean(required=True, description="only a part of the old unit lies here: ask which")


UnitConnection: Any = connection_of("Unit", lambda: Unit)
HamletConnection: Any = connection_of("Hamlet", lambda: Hamlet)


class UnitQueries:
    """Root fields of the map; no token needed."""

    unit = graphene.Field(
        Unit,
        code=graphene.String(required=True),
        as_of=graphene.Date(description="today in Vietnam by default"),
        level=UnitLevel(),
        after_token=graphene.String(),
        description="the unit that carried this code on that day; MAP_NOT_KNOWN before the map is known",
    )
    hamlet = graphene.Field(
        Hamlet,
        id=graphene.ID(required=True),
        as_of=graphene.Date(description="today in Vietnam by default: as it was called that day"),
        after_token=graphene.String(),
    )
    search_units = many(
        UnitMatch,
        text=graphene.String(required=True),
        as_of=graphene.Date(),
        after_token=graphene.String(),
        description="communes by any name they have or had, without marks",
    )

    @staticmethod
    def resolve_unit(
        _root: None,
        info: GraphQLResolveInfo,
        code: str,
        as_of: date | None = None,
        level: Any = None,
        **_: Any,
    ) -> units.Unit | None:
        context = context_of(info)
        if "\0" in code:
            return None
        return context.read(units.unit_by_code, code, as_of or context.today, level and level.value)

    @staticmethod
    def resolve_hamlet(
        _root: None,
        info: GraphQLResolveInfo,
        id: str,  # noqa: A002
        as_of: date | None = None,
        **_: Any,
    ) -> Any:
        context, hamlet = context_of(info), id_of(id, "id")
        found = context.read(units.hamlets_by_id, [hamlet], as_of or context.today).get(hamlet)
        if found is None:
            raise NotFound
        return found

    @staticmethod
    def resolve_search_units(
        _root: None, info: GraphQLResolveInfo, text: str, as_of: date | None = None, **_: Any
    ) -> list[search.Found]:
        context = context_of(info)
        if as_of is not None:
            context.read(units.require_some_map, as_of)
        return context.read(search.find_communes, text, as_of or context.today)
