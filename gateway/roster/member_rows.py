"""`members`: one row, somebody who serves or served in a team: role, organisation, days.

Who it is stands in no event. A member is an opaque id, derived from the commune and from a code the office chooses (or
given as it stands in an export): one code is one person in a commune, in however many teams. A code must not look like
a telephone or identity number, for whoever knows such a number could derive the id from it.

Name and number may stand in columns of their own. They are sealed to the registry as the row is read; neither they nor
anything derived from them without our key stands in a command, an id or a fault.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from gateway.contacts import told
from gateway.errors import InvalidInput
from gateway.roster.cells import coded, coded_or_none, past_day, past_day_or_none
from gateway.roster.files import (
    APPOINTED_ON,
    COMMUNE,
    CONTACT,
    FULL_NAME,
    INFORMED,
    MEMBER,
    ORGANISATION,
    ORGANISATION_KIND,
    ORGANISATIONS,
    PART_TIME,
    PHONE,
    PUBLISH_NAME,
    PUBLISH_PHONE,
    ROLE,
    ROLES,
    SAME_HAMLET,
    STOOD_DOWN_ON,
    TEAM,
    TEAM_ID,
    TERM_TO,
    YES_NO,
)
from gateway.roster.known import KnownTeam, team_named
from gateway.roster.reading import Asked, Reading
from services.kernel.csv_rows import BadCell, Row
from services.kernel.identifiers import derived_id

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,19}")
_LIKE_A_NUMBER_OF_SOMEBODY = re.compile(r"(?:[0-9][._/-]?){9}")


@dataclass(frozen=True, slots=True)
class Spell:
    """Somebody's service in a team as a row tells it; named as in the read model."""

    member: str
    role: str
    organisation: str
    organisation_kind: str | None
    same_hamlet: bool | None
    part_time: bool | None
    appointed_on: date
    term_to: date | None
    stood_down_on: date | None


_TOLD = ("role", "organisation", "organisation_kind", "same_hamlet", "part_time", "term_to")


def appoint_member(row: Row, reading: Reading) -> list[Asked]:
    """What the row asks for: nothing when it is known just so. Raises `BadCell`."""
    commune = reading.known.commune(row, COMMUNE)
    team = team_named(commune, row, TEAM, TEAM_ID)
    spell = _spell(row, member_of(row, commune.unit), reading.today)
    reading.once(row, MEMBER, "member", team.team, spell.member, spell.appointed_on.isoformat())
    key = (spell.member, spell.appointed_on)
    if (there := team.spells.get(key)) is not None:
        asked = _again(team, spell, there)
    else:
        _fits(team, spell)
        asked = [Asked("appoint_member", spell.member, _appointing(team, spell))]
        asked += _standing_down(team, spell)
    contact = _contact(row, reading, team, spell)
    team.spells[key] = spell
    return [*asked, *contact]


def member_of(row: Row, commune: str) -> str:
    """The id of the member a row speaks of. Raises `BadCell`."""
    text = row.text(MEMBER)
    try:
        return str(UUID(text))
    except ValueError:
        pass
    if not _CODE.fullmatch(text):
        raise BadCell(MEMBER, "gồm 1 đến 20 chữ không dấu, chữ số, dấu . _ / -, bắt đầu bằng chữ hoặc số")
    if _LIKE_A_NUMBER_OF_SOMEBODY.search(text):
        raise BadCell(MEMBER, "không được là số điện thoại hoặc số định danh; hãy đặt mã ngắn, ví dụ NO-01")
    return str(derived_id("roster", "member", commune, text.casefold()))


def _spell(row: Row, member: str, today: date) -> Spell:
    spell = Spell(
        member,
        coded(row, ROLE, ROLES),
        row.text(ORGANISATION),
        coded_or_none(row, ORGANISATION_KIND, ORGANISATIONS),
        coded_or_none(row, SAME_HAMLET, YES_NO),
        coded_or_none(row, PART_TIME, YES_NO),
        past_day(row, APPOINTED_ON, today),
        row.day(TERM_TO),
        past_day_or_none(row, STOOD_DOWN_ON, today),
    )
    for column, last in ((TERM_TO, spell.term_to), (STOOD_DOWN_ON, spell.stood_down_on)):
        if last is not None and last < spell.appointed_on:
            raise BadCell(column, "không được trước ngày cử")
    return spell


def _contact(row: Row, reading: Reading, team: KnownTeam, spell: Spell) -> list[Asked]:
    """What to keep of who serves: a name with or without a number, once the member was told. Raises `BadCell`."""
    given = {column: row.cells.get(column, "") for column in CONTACT}
    if not any(given.values()):
        return []
    if spell.stood_down_on is not None:
        raise BadCell(FULL_NAME, "người đã thôi thì không ghi họ tên, số điện thoại nữa")
    if reading.seal is None:
        raise BadCell(FULL_NAME, "không nhập họ tên, số điện thoại theo đường này")
    said = Row(row.line, {**row.cells, **given})
    if not coded_or_none(said, INFORMED, YES_NO):
        raise BadCell(INFORMED, "phải là có: chỉ ghi họ tên, số điện thoại sau khi thành viên đã được thông báo")
    said.text(FULL_NAME)
    agreed = {name: bool(coded_or_none(said, name, YES_NO)) for name in (PUBLISH_NAME, PUBLISH_PHONE)}
    try:
        words = told(
            given[FULL_NAME], given[PHONE], publish_name=agreed[PUBLISH_NAME], publish_phone=agreed[PUBLISH_PHONE]
        )
    except InvalidInput:
        raise BadCell(PHONE, "phải có 10 hoặc 11 số, bắt đầu bằng số 0 hoặc +84") from None
    closed = reading.seal(spell.member, words)
    payload = {"team": team.team, "member": spell.member, **closed}
    return [Asked("keep_member_contact", spell.member, payload, f"{team.team}/{spell.member}/{closed['digest']}")]


def _fits(team: KnownTeam, spell: Spell) -> None:
    if team.dissolved_on is not None:
        raise BadCell(TEAM, "Tổ này đã giải thể")
    if spell.appointed_on < team.decision_date:
        raise BadCell(APPOINTED_ON, "không được trước ngày thành lập Tổ")
    if team.serving(spell.member) is not None:
        raise BadCell(MEMBER, "người này đang là thành viên của Tổ")
    if spell.role == "leader" and team.leader is not None:
        raise BadCell(ROLE, "Tổ đã có Tổ trưởng")


def _again(team: KnownTeam, spell: Spell, there: Any) -> list[Asked]:
    if any(getattr(there, name) != getattr(spell, name) for name in _TOLD):
        raise BadCell(MEMBER, "người này đã được cử ngày đó với nội dung khác")
    if spell.stood_down_on in (None, there.stood_down_on):
        return []
    if there.stood_down_on is not None:
        raise BadCell(STOOD_DOWN_ON, "người này đã thôi vào ngày khác")
    return _standing_down(team, spell)


def _appointing(team: KnownTeam, spell: Spell) -> dict[str, object]:
    told: dict[str, object] = {name: getattr(spell, name) for name in _TOLD}
    told["term_to"] = None if spell.term_to is None else spell.term_to.isoformat()
    payload = {name: value for name, value in told.items() if value is not None}
    return payload | {"team": team.team, "member": spell.member, "appointed_on": spell.appointed_on.isoformat()}


def _standing_down(team: KnownTeam, spell: Spell) -> list[Asked]:
    if spell.stood_down_on is None:
        return []
    told = {"team": team.team, "member": spell.member, "stood_down_on": spell.stood_down_on.isoformat()}
    return [Asked("stand_down_member", spell.member, told)]
