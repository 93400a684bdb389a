"""Commendations in GraphQL: proposals and what became of them for officials and teams, the roll for everybody."""

from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any

import graphene
import orjson
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import commendations, emulation_drives, members, teams, units
from gateway.commanding import Notice
from gateway.context import context_of, once
from gateway.errors import InvalidInput, NotFound
from gateway.evidence import Evidence, evidence_of
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.emulation_drives import EmulationDrive
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandNotice
from gateway.schema.teams import Team
from gateway.schema.units import Unit
from gateway.team_places import home_units

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class CommendationStatus(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """How far it has come."""

    PROPOSED = "proposed"
    SELECTED = "selected"
    DECLINED = "declined"
    APPROVED = "approved"
    AWARDED = "awarded"
    REVOKED = "revoked"


class CommendationForm(graphene.Enum):  # type: ignore[misc]
    """Biểu dương tại hội nghị, khen thưởng hằng năm, đề xuất khen thưởng cấp trên."""

    PRAISE = "praise"
    ANNUAL_AWARD = "annual_award"
    PROPOSED_UPWARD = "proposed_upward"


class CommendationEvidence(ObjectType):
    """Figures recorded in a period. Null: not counted for such."""

    visits = graphene.Int()
    households_visited = graphene.Int(description="distinct households")
    households_guided = graphene.Int(description="distinct households guided directly")
    activity_days = graphene.Int(description="days with at least one visit")
    members = graphene.Int(description="of a team: who served on the period's last day")
    members_trained = graphene.Int(description="of these: trained in the period")
    trainings_attended = graphene.Int()


class Commendation(ObjectType):
    """A commendation of a team, or of a member of it."""

    id = _ID(required=True)
    team = graphene.Field(Team, required=True)
    member = _ID(description="opaque; null: the team as a whole")
    member_role = _TEXT(description="leader, deputy or member")
    form = graphene.Field(CommendationForm, required=True)
    period_from = _DAY(required=True)
    period_to = _DAY(required=True)
    evidence = graphene.Field(CommendationEvidence, required=True, description="as recorded when it was proposed")
    evidence_now = graphene.Field(
        CommendationEvidence, required=True, description="of the same period as recorded today, corrections included"
    )
    proposer = _TEXT(required=True, description="leader or office")
    proposed_on = _DAY(required=True)
    drive = graphene.Field(EmulationDrive, description="null: it belongs to none")
    status = graphene.Field(CommendationStatus, required=True)
    office = _TEXT(description="that selected or declined it")
    selected_on = _DAY()
    declined_on = _DAY()
    decision_no = _TEXT()
    decision_date = _DAY()
    signer = _TEXT(description="the office that signed")
    issuing_body = _TEXT()
    awarded_on = _DAY()
    revoked_on = _DAY(description="day of the decision that revoked it")
    revoked_by_no = _TEXT()
    revoked_by_body = _TEXT()
    warnings = many(CommandNotice, description="what of it the plan in force says otherwise")

    @staticmethod
    def resolve_id(commendation: Any, _info: Any) -> str:
        return str(commendation.commendation)

    @staticmethod
    def resolve_team(commendation: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(teams.teams_by_id, commendation.team, context.scope.teams)

    @staticmethod
    def resolve_member_role(commendation: Any, info: GraphQLResolveInfo) -> Awaitable[str | None] | None:
        return _role(commendation, info)

    @staticmethod
    def resolve_evidence(commendation: Any, _info: Any) -> Mapping[str, int | None]:
        told: Mapping[str, int | None] = orjson.loads(commendation.evidence)
        return told

    @staticmethod
    def resolve_evidence_now(commendation: Any, info: GraphQLResolveInfo) -> Evidence:
        of = (commendation.team, commendation.member, commendation.period_from, commendation.period_to)
        return context_of(info).read(evidence_of, *of)

    @staticmethod
    def resolve_proposed_on(commendation: Any, _info: Any) -> date:
        return date.fromisoformat(commendation.proposed_on)

    @staticmethod
    def resolve_drive(commendation: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        if commendation.drive is None:
            return None
        return context_of(info).load(emulation_drives.drives_by_id, commendation.drive)

    @staticmethod
    def resolve_awarded_on(commendation: Any, _info: Any) -> date | None:
        return _day(commendation.awarded_on)

    @staticmethod
    def resolve_warnings(commendation: Any, info: GraphQLResolveInfo) -> list[Any]:
        awarded_on = _day(commendation.awarded_on)
        if awarded_on is None:
            return []
        found = context_of(info).read(notice_of, commendation.team, awarded_on)
        return [] if found is None else [found]


def notice_of(connection: Connection, team: str, awarded_on: date) -> Notice | None:
    """What to know when the plan in force names another day for awards."""
    rule = commendations.off_the_day(connection, team, awarded_on)
    if rule is None:
        return None
    where = f"{rule['citation']['document']}, mục {rule['citation']['section']}"
    said = f"Kế hoạch nêu ngày trao khen thưởng là {rule['day']}/{rule['month']} hằng năm ({where})."
    return Notice("AWARDED_OFF_THE_DAY", said, "awardedOn")


def _role(commendation: Any, info: GraphQLResolveInfo) -> Awaitable[str | None] | None:
    if commendation.member is None:
        return None
    return context_of(info).load(commendations.roles_of, commendation.commendation)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


class CommendationRollEntry(ObjectType):
    """Somebody honoured in public: a team by its name, a member by their role in it."""

    team_name = _TEXT(required=True)
    commune = graphene.Field(Unit, required=True, description="the one the team belonged to on the day of the award")
    member_role = _TEXT(description="leader, deputy or member; null: the team as a whole")
    form = graphene.Field(CommendationForm, required=True)
    decision_no = _TEXT(required=True)
    decision_date = _DAY(required=True)
    issuing_body = _TEXT(required=True)
    awarded_on = _DAY(required=True)

    @staticmethod
    def resolve_commune(entry: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        awarded_on = date.fromisoformat(entry.awarded_on)
        return context_of(info).load(home_units, entry.team, awarded_on)

    @staticmethod
    def resolve_member_role(entry: Any, info: GraphQLResolveInfo) -> Awaitable[str | None] | None:
        return _role(entry, info)

    @staticmethod
    def resolve_awarded_on(entry: Any, _info: Any) -> date:
        return date.fromisoformat(entry.awarded_on)


CommendationConnection = connection_of("Commendation", lambda: Commendation)
CommendationRollConnection = connection_of("CommendationRollEntry", lambda: CommendationRollEntry)


class CommendationQueries:
    """Root fields of commendations."""

    commendations = graphene.Field(
        CommendationConnection,
        required=True,
        unit=_TEXT(description="id or today's code"),
        team=_ID(),
        drive=_ID(),
        status=CommendationStatus(),
        after_token=_TEXT(),
        **page_arguments(),
        description="the latest proposed first",
    )
    commendation = graphene.Field(Commendation, id=_ID(required=True), after_token=_TEXT())
    commendation_evidence = graphene.Field(
        CommendationEvidence,
        required=True,
        team=_ID(required=True),
        member=_ID(description="of the team; left out: the team as a whole"),
        period_from=_DAY(required=True),
        period_to=_DAY(required=True),
        after_token=_TEXT(),
        description="what a proposal made now would rest on",
    )
    commendation_roll = graphene.Field(
        CommendationRollConnection,
        required=True,
        unit=_TEXT(required=True, description="id or today's code"),
        year=graphene.Int(required=True, description="of the award"),
        after_token=_TEXT(),
        **page_arguments(),
        description="public: needs no token; what preceded the unit is included, what was revoked is not",
    )

    @staticmethod
    def resolve_commendations(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        team: str | None = None,
        drive: str | None = None,
        status: Any = None,
        **_: Any,
    ) -> Listing:
        context, table = context_of(info), commendations.LIVE.commendations.c
        wanted, visible = slice_of(first, after), context.scope.of_teams(table.team)
        those = []
        if unit is not None:
            those.append(commendations.within(context.read(unit_id_of, unit, context.today), context.today))
        if team is not None:
            those.append(table.team == id_of(team, "team"))
        if drive is not None:
            those.append(table.drive == id_of(drive, "drive"))
        if status is not None:
            those.append(table.status == status.value)
        return Listing(
            lambda: once(lambda: context.read(commendations.commendations_page, visible, those, wanted)),
            lambda: once(lambda: context.read(commendations.commendations_count, visible, those)),
        )

    @staticmethod
    def resolve_commendation(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context = context_of(info)
        visible = context.scope.of_teams(commendations.LIVE.commendations.c.team)
        found = context.read(commendations.commendation_by_id, id_of(id, "id"), visible)
        if found is None:
            raise NotFound
        return found

    @staticmethod
    def resolve_commendation_evidence(
        _root: None,
        info: GraphQLResolveInfo,
        team: str,
        period_from: date,
        period_to: date,
        member: str | None = None,
        **_: Any,
    ) -> Evidence:
        context, of = context_of(info), id_of(team, "team")
        person = None if member is None else id_of(member, "member")
        if period_to < period_from:
            raise InvalidInput("Ngày cuối kỳ phải từ ngày đầu kỳ trở đi.", field="periodTo")
        if of not in context.read(teams.teams_by_id, [of], context.scope.teams):
            raise NotFound(field="team")
        if person is not None and of not in context.read(members.teams_of, [person]).get(person, []):
            raise NotFound(field="member")
        return context.read(evidence_of, of, person, period_from, period_to)

    @staticmethod
    def resolve_commendation_roll(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        year: int,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        if not 2000 <= year <= 2100:
            raise InvalidInput("`year` phải từ 2000 đến 2100.", field="year")
        place = context.read(unit_id_of, unit, context.today)
        return Listing(
            lambda: once(lambda: context.read(commendations.roll_page, place, year, context.today, wanted)),
            lambda: once(lambda: context.read(commendations.roll_count, place, year, context.today)),
        )
