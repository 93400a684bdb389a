"""Posts of teams that stand empty on a day: too few members, no leader, no deputy, a term that has run out.

A leader every team needs; how many members and deputies, the plans in force say, judged as compliance judges them. A
term has run out on the day after its last; who still serves then is counted as serving and listed here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection

from gateway import members, policies, teams
from gateway.compliance import BROKEN, Judgement, judgements
from gateway.paging import Page, Slice, sifted
from gateway.team_places import homes, lying_in
from gateway.unit_tree import belonging

TOO_FEW, NO_LEADER, NO_DEPUTY, TERM_OVER = "too_few_members", "no_leader", "no_deputy", "term_over"


@dataclass(frozen=True, slots=True)
class Vacancy:
    """What is missing, and the rule that asks for it; without a rule it needs none."""

    kind: str
    reason: str
    missing: int | None = None
    member: str | None = None
    term_to: date | None = None
    rule: Mapping[str, Any] | None = None
    profile: Any | None = None


@dataclass(frozen=True, slots=True)
class Vacant:
    """A team with vacancies."""

    team: Any
    vacancies: list[Vacancy]


def vacant_teams(
    connection: Connection,
    unit: str,
    day: date,
    visible: ColumnElement[bool],
    wanted: Slice,
    kind: str | None = None,
) -> Page:
    """Teams below a unit with a vacancy on a day, of one kind or any, by name."""
    here = lying_in(belonging([unit], day), day) & teams.stands(day)

    def vacant(rows: list[Any]) -> list[Vacant | None]:
        found = vacancies(connection, rows, day, visible)
        kept = [[each for each in found[row.team] if kind in (None, each.kind)] for row in rows]
        return [Vacant(row, each) if each else None for row, each in zip(rows, kept, strict=True)]

    return sifted(lambda part: teams.teams_page(connection, visible, here, part), vacant, wanted)


def vacancies(
    connection: Connection, rows: Sequence[Any], day: date, visible: ColumnElement[bool]
) -> dict[str, list[Vacancy]]:
    """The vacancies of each of these teams on a day."""
    ids = [row.team for row in rows]
    judged = judgements(connection, ids, day, visible)
    serving = members.serving_on(connection, ids, day)
    lies = homes(connection, rows, day)
    plans = policies.profiles_in_force(connection, sorted(set(lies.values())), day)
    found: dict[str, list[Vacancy]] = {}
    for row in rows:
        people = serving.get(row.team, [])
        found[row.team] = [each for each in map(_missing, judged.get(row.team, ())) if each is not None]
        if not any(person.role == "leader" for person in people):
            leads = policies.stated(plans[lies[row.team]], "office", role="leader", level=row.level)
            asked = {} if leads is None else {"rule": leads[0], "profile": leads[1]}
            found[row.team].append(Vacancy(NO_LEADER, "Tổ chưa có Tổ trưởng", 1, **asked))
        found[row.team] += [_over(person) for person in people if person.term_to and person.term_to < day]
    return found


def _missing(judged: Judgement) -> Vacancy | None:
    """What a broken rule on numbers leaves open; None for every other judgement."""
    rule, found = judged.rule, judged.found
    if judged.verdict != BROKEN or found is None:
        return None
    if (rule["kind"], rule.get("measure")) == ("quantity", "members") and rule["comparator"] in (">=", ">", "="):
        least = ceil(rule["value"]) if rule["comparator"] != ">" else int(rule["value"]) + 1
        if found >= least:
            return None
        said = f"Tổ có {int(found)} thành viên, phải có ít nhất {least}"
        return Vacancy(TOO_FEW, said, least - int(found), rule=rule, profile=judged.profile)
    if (rule["kind"], rule.get("role")) == ("office", "deputy") and found < rule["count"]:
        return Vacancy(NO_DEPUTY, judged.reason, rule["count"] - int(found), rule=rule, profile=judged.profile)
    return None


def _over(person: Any) -> Vacancy:
    said = f"nhiệm kỳ hết ngày {person.term_to:%d/%m/%Y}"
    return Vacancy(TERM_OVER, said, member=person.member, term_to=person.term_to)
