"""Reorganisations of the map in GraphQL: looked at before, decided as one, and what they leave to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection, select

from gateway import reorganisations, units
from gateway.commanding import (
    MAY,
    Order,
    Outcome,
    asked,
    checked,
    command_id_of,
    new_thing,
    order,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of, once
from gateway.errors import InvalidInput, NotFound, Unavailable
from gateway.paging import Page, slice_of
from gateway.reorganisations import Change
from gateway.schema.connections import (
    InputObjectType,
    Listing,
    ObjectType,
    connection_of,
    many,
    page_arguments,
    page_type,
)
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.teams import Team
from gateway.schema.units import Hamlet
from gateway.unit_tree import below
from gateway.viewer import Role
from services.kernel.bus import BusError
from services.kernel.identifiers import derived_id

_ID = graphene.ID
_TEXT = graphene.String
MOST_OPERATIONS = 500


class OperationKind(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What an operation does."""

    FOUND = "found"
    MERGE = "merge"
    SPLIT = "split"
    CEDE = "cede"
    TRANSFER = "transfer"
    RENAME = "rename"
    ABOLISH = "abolish"


class OperationPlace(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What it is about."""

    UNIT = "unit"
    HAMLET = "hamlet"


class OperationInput(InputObjectType):
    """One change. Units are named by id, by their code of the day before, or by the label of one founded beside.

    FOUND `label name kind` and for a unit `level code parent`, for a hamlet `to` (its commune) · MERGE `units to` ·
    SPLIT `unit into seat` · CEDE `unit to` · TRANSFER `unit to` · RENAME `unit name kind` · ABOLISH `units`, or a whole
    tier: `level` and `unit` it lies under.
    """

    do = OperationKind(required=True)
    place = OperationPlace(description="UNIT by default")
    unit = _TEXT()
    units = graphene.List(graphene.NonNull(_TEXT))
    to = _TEXT()
    into = graphene.List(graphene.NonNull(_TEXT))
    seat = _TEXT(description="which part keeps the seat")
    label = _TEXT(description="how other operations call what is founded")
    name = _TEXT()
    kind = _TEXT(description="Xã, Phường, Ấp, Khóm, …")
    level = _TEXT(description="province, district or commune")
    code = _TEXT()
    regime = _TEXT(description="`current` by default")
    parent = _TEXT()
    lat = graphene.Float()
    lon = graphene.Float()


class ReorganisationWarning(ObjectType):
    """What needs a person's look or choice."""

    code = _TEXT(required=True, description="stable")
    message = _TEXT(required=True)
    about = _ID(required=True, description="the unit or hamlet")


class TouchedTeam(ObjectType):
    """A team that serves what changes, or belongs to a commune that does."""

    id = _ID(required=True)
    name = _TEXT(required=True)


class ReorganisationPreview(ObjectType):
    """What would be answered, and what hangs on the units and hamlets that change, counted as of the day before.

    Nothing is counted where the operations could not be read.
    """

    accepted = graphene.Boolean(required=True)
    code = _TEXT(description="of the refusal there would be; empty when accepted")
    message = _TEXT()
    field = _TEXT(description="the argument at fault")
    units = graphene.Int()
    hamlets = graphene.Int()
    teams = graphene.List(graphene.NonNull(TouchedTeam))
    members = graphene.Int()
    households = graphene.Int()
    open_cases = graphene.Int()
    enterprises = graphene.Int()
    trainings = graphene.Int(description="scheduled, not held yet")
    policies = graphene.Int(description="profiles of units that end, in force on the day")
    warnings = graphene.List(graphene.NonNull(ReorganisationWarning))


class Reorganisation(ObjectType):
    """What was decided."""

    id = _ID(required=True)
    on = graphene.Date(required=True, description="first day of the new order")
    decision_no = _TEXT()
    decision_date = graphene.Date()
    issuer = _TEXT()
    source = _TEXT(description="on whose word, where no decision is at hand")
    operations = _TEXT(required=True, description="JSON, as decided")

    @staticmethod
    def resolve_id(row: Any, _info: Any) -> str:
        return str(row.reorganisation)

    @staticmethod
    def resolve_on(row: Any, _info: Any) -> date:
        day: date = row.on_day
        return day


class TeamToReform(ObjectType):
    """A team whose ground has changed: it goes on until somebody decides to renew or dissolve it."""

    team = graphene.Field(Team, required=True)
    reason = _TEXT(required=True)
    proposed = many(Hamlet, description="the hamlets there are in the place of those it serves")

    @staticmethod
    def resolve_proposed(row: tuple[Any, Any, date], info: GraphQLResolveInfo) -> list[Any]:
        context, ids = context_of(info), list(row[1].proposed)
        found = context.read(units.hamlets_by_id, ids, row[2])
        return sorted((found[one] for one in ids if one in found), key=lambda hamlet: hamlet.sort_key)

    @staticmethod
    def resolve_team(row: tuple[Any, Any, date], _info: Any) -> Any:
        return row[0]

    @staticmethod
    def resolve_reason(row: tuple[Any, Any, date], _info: Any) -> str:
        return str(row[1].reason)


ReorganisationConnection: Any = connection_of("Reorganisation", lambda: Reorganisation)
TeamToReformPage: Any = page_type("TeamToReform", lambda: TeamToReform)


class ReorganisationQueries:
    """Root fields; what was decided about the map is public as the map is."""

    reorganisations = graphene.Field(
        ReorganisationConnection,
        required=True,
        unit=_ID(description="a unit or hamlet it names, by id"),
        after_token=_TEXT(),
        **page_arguments(),
    )
    teams_to_reform = graphene.Field(
        TeamToReformPage,
        required=True,
        unit=_TEXT(required=True, description="id or code of the day"),
        as_of=graphene.Date(description="today in Vietnam by default"),
        after_token=_TEXT(),
        **page_arguments(),
        description="teams that serve hamlets which are no more on that day, or whose commune is no more",
    )

    @staticmethod
    def resolve_reorganisations(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        about = None if unit is None else id_of(unit, "unit")
        return Listing(
            lambda: once(lambda: context.read(reorganisations.decided_page, about, wanted)),
            lambda: once(lambda: context.read(reorganisations.decided_count, about)),
        )

    @staticmethod
    def resolve_teams_to_reform(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Page:
        context, wanted = context_of(info), slice_of(first, after)
        day = as_of or context.today
        place = context.read(unit_id_of, unit, day)
        page, why = context.read(reorganisations.to_reform, place, day, context.scope.teams, wanted)
        return replace(page, rows=[(row, why[row.team], day) for row in page.rows])


def _arguments() -> dict[str, Any]:
    return {
        "on": graphene.Date(required=True, description="first day of the new order; may lie ahead"),
        "operations": graphene.List(graphene.NonNull(OperationInput), required=True),
        "decision_no": _TEXT(),
        "decision_date": graphene.Date(),
        "issuer": _TEXT(),
        "source": _TEXT(description="on whose word, where no decision is at hand"),
        "reorganisation": _ID(),
        "command_id": _ID(),
    }


class ReorganisationCommands:
    """Root fields. Units are the province's to reorganise; hamlets also their commune's."""

    reorganise = graphene.Field(CommandOutcome, required=True, **_arguments())
    preview_reorganisation = graphene.Field(
        ReorganisationPreview,
        required=True,
        **_arguments(),
        description="the same asked before: what would be answered and touched; nothing is recorded",
    )

    @staticmethod
    @told_as_outcome
    async def resolve_reorganise(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context = context_of(info)
        return (await send(context, "registry", await _ordered(context, told)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_preview_reorganisation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> dict[str, Any]:
        context = context_of(info)
        asking = await _ordered(context, told)
        try:
            answer = await context.parts.bus.ask("registry", "rehearse", asking.payload)
        except BusError:
            raise Unavailable from None
        change = Change.of(asking.payload["operations"])
        found = await asked(context, lambda c: reorganisations.impact(c, change, told["on"], context.today))
        return {**asdict(found), **{field: answer[field] for field in ("accepted", "code", "message", "field")}}


async def _ordered(context: Context, told: Mapping[str, Any]) -> Order:
    """The command as the registry takes it, of units and hamlets the viewer holds today."""
    key = command_id_of(told.get("command_id"))
    context.require(*MAY["reorganise"])
    about = new_thing(context, "reorganisation", told.get("reorganisation"), key)
    reading = _Reading(about, told["on"] - timedelta(days=1))
    operations = await asked(context, lambda c: reading.operations(c, told["operations"]))
    if reading.units:
        context.require(Role.PROVINCE_OFFICIAL)
    await checked(context, "reorganise", lambda c: _holds(context, c, reading))
    decision_date = told.get("decision_date")
    payload = {
        "reorganisation": about,
        "on": told["on"].isoformat(),
        "operations": operations,
        "decision_no": told.get("decision_no"),
        "decision_date": None if decision_date is None else decision_date.isoformat(),
        "issuer": told.get("issuer"),
        "source": told.get("source"),
    }
    return order(context, "reorganise", about, payload, key)


def _holds(context: Context, connection: Connection, reading: "_Reading") -> bool:
    there = context.scope.holds(connection, sorted(reading.units | reading.places))
    return there and context.scope.hamlets_held(connection, sorted(reading.hamlets)) == reading.hamlets


def _place(told: Mapping[str, Any]) -> str:
    return str(told["place"].value) if told.get("place") else "unit"


class _Reading:
    """Operations as people write them, read into those the registry takes; and whom they are about."""

    def __init__(self, about: str, day: date) -> None:
        self._about = about
        self._day = day
        self._connection: Connection
        self._founded: dict[str, str] = {}
        self.units: set[str] = set()
        """Units that change."""
        self.places: set[str] = set()
        """Communes that hamlets are put under, parents that units are put under."""
        self.hamlets: set[str] = set()

    def operations(self, connection: Connection, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """All of them, in order. Raises `InvalidInput`, `NotFound`."""
        if not 1 <= len(told) <= MOST_OPERATIONS:
            raise InvalidInput(f"Mỗi lần sắp xếp có từ 1 đến {MOST_OPERATIONS} việc.", field="operations")
        self._connection = connection
        for place, each in enumerate(told):
            if each["do"].value == "found":
                self._label(each, f"operations.{place}")
        return [self._operation(each, f"operations.{place}") for place, each in enumerate(told)]

    def _label(self, told: Mapping[str, Any], field: str) -> None:
        label = told.get("label")
        if not label or label in self._founded:
            raise InvalidInput("Đơn vị lập mới phải có `label` riêng.", field=f"{field}.label")
        if _place(told) == "hamlet":
            self._founded[label] = str(derived_id("hamlet", self._about, label))
        else:
            regime = told.get("regime") or "current"
            level, code = self._given(told, "level", field), self._given(told, "code", field)
            self._founded[label] = str(derived_id("unit", regime, level, code))

    def _given(self, told: Mapping[str, Any], name: str, field: str) -> Any:
        if not told.get(name):
            raise InvalidInput(f"Việc này phải có `{name}`.", field=f"{field}.{name}")
        return told[name]

    def _operation(self, told: Mapping[str, Any], field: str) -> dict[str, Any]:
        do, place = told["do"].value, _place(told)
        named = {"do": do, "place": place}
        match do:
            case "found":
                return self._found(told, place, field)
            case "merge":
                gone = [self._of(one, place, f"{field}.units") for one in self._given(told, "units", field)]
                return {**named, "units": gone, "into": self._of(self._given(told, "to", field), place, f"{field}.to")}
            case "split":
                into = [self._of(one, place, f"{field}.into") for one in self._given(told, "into", field)]
                seat = self._of(told["seat"], place, f"{field}.seat") if told.get("seat") else None
                return {**named, "unit": self._unit(told, place, field), "into": into, "seat": seat}
            case "cede":
                to = self._of(self._given(told, "to", field), place, f"{field}.to")
                return {**named, "unit": self._unit(told, place, field), "to": to}
            case "transfer":
                to = self._above(self._given(told, "to", field), f"{field}.to")
                return {**named, "unit": self._unit(told, place, field), "to": to}
            case "rename":
                words = {"name": self._given(told, "name", field), "kind": self._given(told, "kind", field)}
                return {**named, "unit": self._unit(told, place, field), **words}
            case _:
                return {**named, "units": self._abolished(told, place, field)}

    def _found(self, told: Mapping[str, Any], place: str, field: str) -> dict[str, Any]:
        words = {"name": self._given(told, "name", field), "kind": self._given(told, "kind", field)}
        if place == "hamlet":
            commune = self._above(self._given(told, "to", field), f"{field}.to")
            return {"do": "found_hamlet", "hamlet": self._founded[told["label"]], "commune": commune, **words}
        code = {"regime": told.get("regime") or "current", "code": told["code"], "level": told["level"]}
        parent = self._above(told["parent"], f"{field}.parent") if told.get("parent") else None
        where = {"parent": parent, "lat": told.get("lat"), "lon": told.get("lon")}
        return {"do": "found_unit", **code, **words, **where}

    def _unit(self, told: Mapping[str, Any], place: str, field: str) -> str:
        return self._of(self._given(told, "unit", field), place, f"{field}.unit")

    def _of(self, text: str, place: str, field: str) -> str:
        """A unit or hamlet that changes, or is founded beside."""
        if text in self._founded:
            return self._founded[text]
        if place == "hamlet":
            found = id_of(text, field)
            self.hamlets.add(found)
        else:
            found = unit_id_of(self._connection, text, self._day, field)
            self.units.add(found)
        return found

    def _above(self, text: str, field: str) -> str:
        """A unit that something is put under."""
        if text in self._founded:
            return self._founded[text]
        found = unit_id_of(self._connection, text, self._day, field)
        self.places.add(found)
        return found

    def _abolished(self, told: Mapping[str, Any], place: str, field: str) -> list[str]:
        if told.get("level") is None:
            return [self._of(one, place, f"{field}.units") for one in self._given(told, "units", field)]
        root = self._of(self._given(told, "unit", field), "unit", f"{field}.unit")
        tree, table = below([root], self._day), units.LIVE.units
        tier = select(tree.c.unit).join(table, table.c.unit == tree.c.unit)
        tier = tier.where(table.c.level == told["level"], units.told_on(self._day), tree.c.unit != root)
        found = sorted(self._connection.execute(tier).scalars())
        if not found:
            raise NotFound("Không có đơn vị nào của cấp này ở đó.", field=f"{field}.level")
        self.units.update(found)
        return found
