"""Whether teams keep to the plans in force: each rule met, broken, or not to be judged, and the section that says so.

Judged is by the profiles that held on the day asked about where the team lay that day, and by who served then. What
nobody has told is not judged: a member of unknown origin breaks no rule and meets none. Nor is what is not due yet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from gateway import learning, members, policies, teams, units
from gateway.paging import Page, Slice, sifted
from gateway.restating import Thing, Ways
from gateway.rows import listed
from gateway.structures import Asked
from gateway.team_places import homes, lying_among, teams_by_home
from gateway.viewer import Scope

Rule = Mapping[str, Any]

MET, BROKEN, NOT_JUDGED = "met", "broken", "not_judged"
GRAVE = frozenset({"block", "warn"})
"""Severities that put a team out of order; what is only for information does not."""
PARTNERS = frozenset({"post_telecom", "bank", "enterprise"})
"""Staff that firms send (003 §III.5)."""
COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    ">=": lambda found, asked: found >= asked,
    "<=": lambda found, asked: found <= asked,
    ">": lambda found, asked: found > asked,
    "=": lambda found, asked: found == asked,
}
_OFFICES = {"leader": "Tổ trưởng", "deputy": "Tổ phó"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one rule: how much was found where it counts something, why in Vietnamese."""

    rule: Rule
    profile: Any
    verdict: str
    found: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """A team and its members on a day, in how many teams each of them served, and who was trained that year."""

    team: Any
    day: date
    members: Sequence[Any]
    places: Mapping[str, int]
    trained: frozenset[str]


def about_teams(profiles: Sequence[Any], level: str) -> list[tuple[Rule, Any]]:
    """The rules that judge teams of a level, each with its profile, in the profiles' order."""
    found = [(rule, profile) for profile in profiles for rule in policies.rules_of(profile)]
    return [(rule, profile) for rule, profile in found if _of_level(rule, level)]


def _of_level(rule: Rule, level: str) -> bool:
    if rule["kind"] == "due":
        return rule["what"] == "launch" and (level == "hamlet" or rule["tier"] != "hamlet")
    return rule.get("level") in (None, level)


def judge(roster: Roster, rules: Sequence[tuple[Rule, Any]]) -> list[Judgement]:
    """What became of each of these rules; those about something else than a team are left out."""
    verdicts = ((rule, profile, _verdict(rule, roster)) for rule, profile in rules)
    return [Judgement(rule, profile, *verdict) for rule, profile, verdict in verdicts if verdict is not None]


_Verdict = tuple[str, float | None, str]


def _verdict(rule: Rule, roster: Roster) -> _Verdict | None:
    match rule["kind"]:
        case "quantity":
            return _quantity(rule, roster)
        case "office":
            return _office(rule, roster)
        case "composition":
            return _composition(rule, roster)
        case "overlap":
            return _overlap(roster)
        case "due":
            return _launched(rule, roster)
        case _:
            return None  # no rule about a team


def _quantity(rule: Rule, roster: Roster) -> _Verdict | None:
    match rule["measure"]:
        case "members":
            found = len(roster.members)
            met = COMPARED[rule["comparator"]](found, rule["value"])
            return (MET if met else BROKEN), found, f"Tổ có {found} thành viên"
        case "hours_per_activity_day" | "activity_days_per_week":
            return NOT_JUDGED, None, "chưa có số liệu về buổi hoạt động của Tổ"
        case "members_trained_per_year_percent":
            return _trained(rule, roster)
        case _:
            return None  # counts hamlets or workers, not what a team is


def _trained(rule: Rule, roster: Roster) -> _Verdict:
    if not roster.members:
        return NOT_JUDGED, None, "Tổ chưa có thành viên"
    done = sum(member.member in roster.trained for member in roster.members)
    share = 100 * done / len(roster.members)
    met = COMPARED[rule["comparator"]](share, rule["value"])
    return (MET if met else BROKEN), share, f"{done} trên {len(roster.members)} thành viên đã được tập huấn trong năm"


def _launched(rule: Rule, roster: Roster) -> _Verdict:
    """Who was not launched by the day has broken the rule for good; who was founded after it could not keep it."""
    due, launched_on = policies.last_day_of(rule), roster.team.launched_on
    launched = launched_on is not None and launched_on <= roster.day
    if due is None:
        return NOT_JUDGED, None, "kế hoạch không nêu ngày ra mắt"
    if launched and launched_on <= due:
        return MET, None, ""
    if roster.day <= due:
        return NOT_JUDGED, None, f"chưa đến hạn ra mắt {due:%d/%m/%Y}"
    if roster.team.decision_date > due:
        return NOT_JUDGED, None, f"Tổ thành lập sau hạn ra mắt {due:%d/%m/%Y}"
    late = f"Tổ ra mắt ngày {launched_on:%d/%m/%Y}" if launched else "Tổ chưa ra mắt"
    return BROKEN, None, f"{late}, hạn {due:%d/%m/%Y}"


def _office(rule: Rule, roster: Roster) -> _Verdict:
    office = _OFFICES[rule["role"]]
    holders = [member for member in roster.members if member.role == rule["role"]]
    if len(holders) != rule["count"]:
        return BROKEN, len(holders), f"có {len(holders)} {office}, phải có {rule['count']}"
    kinds = {member.organisation_kind for member in holders}
    if None in kinds:
        return NOT_JUDGED, len(holders), f"chưa ghi {office} thuộc tổ chức nào"
    if kinds != {rule["held_by"]}:
        return BROKEN, len(holders), f"{office} không đúng thành phần"
    if rule["same_hamlet"]:
        here = {member.same_hamlet for member in holders}
        if None in here:
            return NOT_JUDGED, len(holders), f"chưa ghi {office} có thuộc ấp, khóm của Tổ không"
        if False in here:
            return BROKEN, len(holders), f"{office} không thuộc ấp, khóm của Tổ"
    return MET, len(holders), ""


def _composition(rule: Rule, roster: Roster) -> _Verdict:
    fitting = sum(member.organisation_kind in rule["one_of"] for member in roster.members)
    if fitting:
        return MET, fitting, ""
    if any(member.organisation_kind is None for member in roster.members):
        return NOT_JUDGED, 0, "chưa ghi thành viên thuộc tổ chức nào"
    return BROKEN, 0, "không có thành viên thuộc các tổ chức này"


def _overlap(roster: Roster) -> _Verdict:
    partners = [member for member in roster.members if member.organisation_kind in PARTNERS]
    several = sum(roster.places.get(member.member, 1) > 1 for member in partners)
    return (
        (BROKEN if several else MET),
        several,
        f"{several} người của doanh nghiệp ở hai Tổ trở lên" if several else "",
    )


def judgements(
    connection: Connection, wanted: Sequence[str], day: date, visible: ColumnElement[bool]
) -> dict[str, list[Judgement]]:
    """Every judgement on each of these teams on a day; none on a team that was not founded yet, or is dissolved."""
    found = teams.teams_by_id(connection, wanted, visible)
    there = [team for team in found.values() if team.decision_date <= day < (team.dissolved_on or date.max)]
    serving = members.serving_on(connection, [team.team for team in there], day)
    people = sorted({member.member for rows in serving.values() for member in rows})
    places = members.serving_elsewhere(connection, people, day)
    trained = frozenset(learning.trained(connection, people, day))
    lies = homes(connection, there, day)
    profiles = policies.profiles_in_force(connection, sorted(set(lies.values())), day)
    kinds = {(lies[team.team], team.level) for team in there}
    rules = {(commune, level): about_teams(profiles[commune], level) for commune, level in kinds}
    return {
        team.team: judge(
            Roster(team, day, serving.get(team.team, ()), places, trained), rules[lies[team.team], team.level]
        )
        for team in there
    }


def out_of_order(
    connection: Connection,
    within: Select[Any],
    day: date,
    visible: ColumnElement[bool],
    severities: frozenset[str],
    wanted: Slice,
) -> Page:
    """The teams of some units that break a rule of these severities on a day, by name.

    A page looks at as many teams as it needs.
    """
    here = lying_among(within, day)

    def broken(rows: list[Any]) -> list[Any]:
        breaking = _breaking(connection, [row.team for row in rows], day, visible, severities)
        return [row if row.team in breaking else None for row in rows]

    return sifted(lambda part: teams.teams_page(connection, visible, here, part), broken, wanted)


def _breaking(
    connection: Connection, wanted: Sequence[str], day: date, visible: ColumnElement[bool], severities: frozenset[str]
) -> set[str]:
    judged = judgements(connection, wanted, day, visible)
    return {team for team, each in judged.items() if any(_counts(one, severities) for one in each)}


def _counts(each: Judgement, severities: frozenset[str]) -> bool:
    return each.verdict == BROKEN and each.rule["severity"] in severities


@dataclass(frozen=True, slots=True)
class Totals:
    """What stood in a unit on a day; None where something was divided over `unshared` without a stated share."""

    teams: int | None = 0
    teams_out_of_order: int | None = 0
    hamlets: int | None = 0
    hamlets_without_team: int | None = 0
    unshared: tuple[str, ...] = ()


def totals(connection: Connection, asked: Asked, scope: Scope) -> Totals:
    """The lists of teams out of order and of hamlets without a team in numbers, over what the viewer may see."""
    if asked.structure == "restated":
        return _restated(connection, asked, scope)
    table = teams.LIVE.teams.c
    standing = select(table.team).where(lying_among(asked.units, asked.day), teams.stands(asked.day), scope.teams)
    here = list(connection.execute(standing).scalars())
    hamlets, visible = units.LIVE.hamlets, scope.hamlets(units.LIVE.hamlets.c.hamlet)
    stood = teams.hamlets_of(asked.units, asked.day, asked.on).where(visible).subquery()
    return Totals(
        len(here),
        len(_breaking(connection, here, asked.day, scope.teams, GRAVE)),
        connection.execute(select(func.count()).select_from(stood)).scalar_one(),
        teams.hamlets_without_team_count(connection, asked.units, asked.day, asked.on, scope.hamlets(hamlets.c.hamlet)),
    )


def _restated(connection: Connection, asked: Asked, scope: Scope) -> Totals:
    ways, day = Ways(connection, [asked.unit], asked.on), asked.day
    reach = sorted(ways.reach[asked.unit])
    here = teams_by_home(connection, reach, day, and_(teams.stands(day), scope.teams))
    breaking = _breaking(connection, [row.team for row, _ in here], day, scope.teams, GRAVE)
    of_teams = ways.sum(asked.unit, [Thing([home], (1, row.team in breaking), day) for row, home in here], 2)
    hamlets, known = list(ways.near(asked.unit, ways.hamlets(scope))), units.LIVE.hamlets
    stood = select(known.c.hamlet).where(listed(connection, known.c.hamlet, hamlets), units.in_force(day, known))
    reached = select(units.LIVE.units.c.unit).where(listed(connection, units.LIVE.units.c.unit, reach))
    without = teams.without_team(connection, reached, day, day).with_only_columns(known.c.hamlet)
    lacking = set(connection.execute(without).scalars())
    things = [Thing([one], (1, one in lacking), day) for one in connection.execute(stood).scalars()]
    of_hamlets = ways.sum(asked.unit, things, 2)
    stand, broken = of_teams.counts or (None, None)
    lie, lack = of_hamlets.counts or (None, None)
    return Totals(stand, broken, lie, lack, tuple(sorted({*of_teams.unshared, *of_hamlets.unshared})))
