"""Priority areas in GraphQL: designated by officials, listed as of a day, and what was reached there."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, Connection, or_, select

from gateway import priority_areas, units
from gateway.commanding import Outcome, asked, checked, command_id_of, order, plain, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.coverage import Figures
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.coverage import Coverage, Structure, structure_of
from gateway.schema.inputs import id_of, quarter_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.units import Hamlet, Unit
from services.kernel.identifiers import derived_id

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class PriorityPlace(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What is designated: never a person."""

    COMMUNE = "commune"
    HAMLET = "hamlet"


class PriorityKind(graphene.Enum):  # type: ignore[misc]
    """Why more is owed to an area, in the plans' words."""

    RURAL = "rural"
    REMOTE = "remote"
    HARDSHIP = "hardship"
    ETHNIC_MINORITY = "ethnic_minority"


class PriorityArea(ObjectType):
    """A commune or hamlet that a decision designated."""

    id = _ID(required=True)
    kind = graphene.Field(PriorityKind, required=True)
    place = graphene.Field(PriorityPlace, required=True)
    commune = graphene.Field(Unit, description="the designated one; null: a hamlet is designated")
    belongs_to = graphene.Field(Unit, description="of a commune: itself, or what it went into as a whole by today")
    hamlet = graphene.Field(Hamlet, description="the designated one; null: a commune is designated")
    decision_no = _TEXT(required=True)
    decision_date = _DAY(required=True)
    issuing_body = _TEXT(required=True)
    valid_from = _DAY(required=True)
    last_day = _DAY(description="null: none was told")

    @staticmethod
    def resolve_id(area: Any, _info: Any) -> str:
        return str(area.area)

    @staticmethod
    def resolve_commune(area: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(units.units_by_id, area.about, context.today) if area.place == "commune" else None

    @staticmethod
    def resolve_belongs_to(area: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(units.homes_by_id, area.about, context.today) if area.place == "commune" else None

    @staticmethod
    def resolve_hamlet(area: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(units.hamlets_by_id, area.about, context.today) if area.place == "hamlet" else None

    @staticmethod
    def resolve_decision_date(area: Any, _info: Any) -> date:
        return date.fromisoformat(area.decision_date)

    @staticmethod
    def resolve_valid_from(area: Any, _info: Any) -> date:
        return date.fromisoformat(area.valid_from)

    @staticmethod
    def resolve_last_day(area: Any, _info: Any) -> date | None:
        return None if area.last_day is None else date.fromisoformat(area.last_day)


class PriorityCoverage(ObjectType):
    """Coverage over the priority areas of one kind, or of all kinds."""

    kind = graphene.Field(PriorityKind, description="null: areas of every kind together, each hamlet once")
    coverage = graphene.Field(Coverage, required=True)


PriorityAreaConnection = connection_of("PriorityArea", lambda: PriorityArea)


class PriorityAreaQueries:
    """Root fields of priority areas."""

    priority_areas = graphene.Field(
        PriorityAreaConnection,
        required=True,
        unit=_TEXT(required=True, description="id or that day's code"),
        as_of=_DAY(description="today in Vietnam by default"),
        kind=PriorityKind(),
        after_token=_TEXT(),
        **page_arguments(),
        description="those designated on a day in or below a unit, the latest first",
    )
    coverage_by_priority_area = many(
        PriorityCoverage,
        unit=_TEXT(required=True, description="id or that day's code"),
        quarter=_TEXT(description="such as 2026-Q4; this quarter by default"),
        as_of=_DAY(description="on which day's map and designations; today in Vietnam by default"),
        structure=Structure(description="CURRENT by default"),
        after_token=_TEXT(),
        description="all kinds together, then each kind of which there is any; over the hamlets the viewer may see",
    )

    @staticmethod
    def resolve_priority_areas(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        kind: Any = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        visible, day = scope_of_areas(context), as_of or context.today
        place = context.read(unit_id_of, unit, day)
        asked_for = [priority_areas.in_force(day), priority_areas.within(place, day)]
        if kind is not None:
            asked_for.append(priority_areas.LIVE.areas.c.kind == kind.value)
        return Listing(
            lambda: once(lambda: context.read(priority_areas.areas_page, wanted, visible, asked_for)),
            lambda: once(lambda: context.read(priority_areas.areas_count, visible, asked_for)),
        )

    @staticmethod
    def resolve_coverage_by_priority_area(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        quarter: str | None = None,
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> list[dict[str, Any]]:
        context = context_of(info)
        scope, day, period = context.scope, as_of or context.today, quarter_of(quarter, context.today)
        place = context.read(unit_id_of, unit, day)
        found = context.read(priority_areas.coverage_by_kind, place, day, period, scope, structure_of(structure))
        together = found.pop(priority_areas.ALL, Figures(period))
        by_kind = [{"kind": kind, "coverage": found[kind]} for kind in sorted(found)]
        return [{"kind": None, "coverage": together}, *by_kind]


def scope_of_areas(context: Context) -> ColumnElement[bool]:
    """Areas of communes and hamlets the viewer may see; for teams also the communes of the hamlets they serve."""
    about, hamlets, scope = priority_areas.LIVE.areas.c.about, units.LIVE.hamlets, context.scope
    theirs = select(hamlets.c.commune).where(units.told_on(context.today, hamlets), scope.hamlets(hamlets.c.hamlet))
    return or_(scope.communes(about), scope.hamlets(about), about.in_(theirs))


class PriorityAreaCommands:
    """Root fields."""

    designate_priority_area = graphene.Field(
        CommandOutcome,
        required=True,
        place=PriorityPlace(required=True),
        about=_TEXT(required=True, description="id; of a commune also today's code"),
        kind=PriorityKind(required=True),
        decision_no=_TEXT(required=True),
        decision_date=_DAY(required=True),
        issuing_body=_TEXT(required=True),
        valid_from=_DAY(required=True),
        command_id=_ID(),
        description="one a place and kind at a time; the area, never who lives there",
    )
    end_priority_area = graphene.Field(
        CommandOutcome, required=True, area=_ID(required=True), last_day=_DAY(required=True), command_id=_ID()
    )

    @staticmethod
    @told_as_outcome
    async def resolve_designate_priority_area(
        _root: None, info: GraphQLResolveInfo, /, place: Any, about: str, kind: Any, **told: Any
    ) -> Outcome:
        context, key = context_of(info), command_id_of(told.get("command_id"))
        context.require()
        if place.value == "commune":
            of = await asked(context, lambda c: unit_id_of(c, about, context.today, "about"))
        else:
            of = id_of(about, "about")
        await checked(context, "designate_priority_area", lambda c: _holds(c, context, place.value, of))
        area = str(derived_id("priority_area", of, kind.value))  # as the registry makes it
        payload = {**plain(told), "place": place.value, "about": of, "kind": kind.value}
        return (await send(context, "registry", order(context, "designate_priority_area", area, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_end_priority_area(
        _root: None, info: GraphQLResolveInfo, /, area: str, last_day: date, command_id: str | None = None
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(area, "area")
        context.require()

        def mine(connection: Connection) -> bool:
            found = priority_areas.area_by_id(connection, about)
            return found is not None and _holds(connection, context, found.place, found.about)

        await checked(context, "end_priority_area", mine)
        payload = {"area": about, "last_day": last_day.isoformat()}
        return (await send(context, "registry", order(context, "end_priority_area", about, payload, key)))[0]


def _holds(connection: Connection, context: Context, place: str, about: str) -> bool:
    if place == "hamlet":
        return bool(context.scope.hamlets_held(connection, [about]))
    return context.scope.holds(connection, [about])
