"""Questions of a day on that day's map, on today's and restated; and days before the map is known."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.asking import Gateway
from tests.gateway.world import World, unit_id

OLD, NEW = unit_id("legacy", "province", "96"), unit_id("current", "province", "96")
THEN = "2025-06-30"
PLAN = derived_id("profile", "test")
CITED = {"severity": "warn", "note": "", "citation": {"document": "20/KH-UBND", "section": "II"}}
RULES = [{"kind": "quantity", "measure": "members", "level": "hamlet", "comparator": ">=", "value": 3, **CITED}]
LAUNCHES = "launchProgress(unit: $u, asOf: $d, structure: $s) { teams launched unshared }"
SKILLS = "skillFigures(unit: $u, asOf: $d, structure: $s) { members assessed mastering basic unshared }"
TOTALS = """complianceTotals(unit: $u, asOf: $d, structure: $s) {
    teams teamsOutOfOrder hamlets hamletsWithoutTeam unshared }"""
ROSTERS = f'rosterTotals(unit: $u, profile: "{PLAN}", asOf: $d, structure: $s) {{ rosters teams members unshared }}'
AREAS = """coverageByPriorityArea(unit: $u, quarter: "2025-Q2", asOf: $d, structure: $s) {
    kind coverage { hamlets households unshared } }"""


class Split:
    """Two communes of old: A went whole into X, B into X and Y; each had two hamlets, and B a quarter of it for X."""

    def __init__(self, world: World, var: Path) -> None:
        self.world = world
        old = world.unit("legacy", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None, valid_to=THEN)
        self.a, self.b = (
            world.unit("legacy", code, f"Xã {code}", "commune", "Xã", old, valid_to=THEN) for code in ("32001", "32002")
        )
        new = world.unit("current", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None, valid_from="2025-07-01")
        self.x, self.y = (
            world.unit("current", code, f"Xã {code}", "commune", "Xã", new, valid_from="2025-07-01")
            for code in ("31001", "31002")
        )
        world.succeeded(old, new)
        world.succeeded(self.a, self.x)
        world.succeeded(self.b, self.x, part=True, seat=False)
        world.succeeded(self.b, self.y, part=True)
        world.known("legacy", "2023-08-31", THEN)
        world.known("current", "2025-07-01")
        for number, commune in enumerate((self.a, self.a, self.b, self.b, self.b, self.b)):
            self._team(number, commune)
        plan = {"code": "T", "name": "Kế hoạch", "issuer": "UBND", "document": "20", "issued_on": "2025-01-01"}
        plan |= {"valid_from": "2025-01-01", "valid_to": None, "tiers": [], "team_levels": [], "rules": RULES}  # type: ignore[dict-item]
        world.log.add(
            "registry", f"policy-{old}", "policy_profile.published", territory=str(old), profile=str(PLAN), plan=plan
        )
        for commune, teams in ((self.a, 2), (self.b, 4)):
            self._roster(commune, teams)
        world.catch_up()
        self.gateway = Gateway(world.database, var)
        self.token = self.gateway.token(Role.PROVINCE_OFFICIAL, new)

    def _team(self, number: int, commune: UUID) -> None:
        """A team for one of two hamlets, launched when even; three members when even, two when odd."""
        world = self.world
        hamlet = derived_id("hamlet", f"Ấp {number}", commune)
        registered = {"hamlet": str(hamlet), "commune": str(commune), "name": f"Ấp {number}", "kind": "Ấp"}
        world.log.add("registry", f"hamlet-{hamlet}", "hamlet.registered", **registered, valid_from="2024-01-01")
        alone = derived_id("hamlet", f"Xóm {number}", commune)
        registered |= {"hamlet": str(alone), "name": f"Xóm {number}"}
        world.log.add("registry", f"hamlet-{alone}", "hamlet.registered", **registered, valid_from="2024-01-01")
        world.counted(hamlet, "2025-Q2", 10, 5, None)
        area = {"area": str(derived_id("area", hamlet)), "place": "hamlet", "about": str(hamlet), "kind": "rural"}
        area |= {"decision_no": "1", "decision_date": "2025-01-01", "issuing_body": "UBND", "valid_from": "2025-01-01"}
        world.log.add("registry", f"priority_area-{area['area']}", "priority_area.designated", **area)
        team = derived_id("team", number)
        told = {"team": str(team), "commune": str(commune), "name": f"Tổ {number}", "level": "hamlet"}
        told |= {"hamlets": [str(hamlet)], "decision_no": "1", "decision_date": "2025-01-10"}  # type: ignore[dict-item]
        world.log.add("registry", f"team-{team}", "team.established", **told)
        if number % 2 == 0:
            world.log.add("registry", f"team-{team}", "team.launched", team=str(team), launched_on="2025-02-01")
        for one in range(2 + (number + 1) % 2):
            member = derived_id("member", number, one)
            serving = {"team": str(team), "member": str(member), "role": "member", "organisation": "Đoàn"}
            world.log.add("registry", f"team-{team}", "member.appointed", **serving, appointed_on="2025-01-10")
            if one:
                assessed = {"member": str(member), "skill": "basic", "assessor": "Xã", "assessed_on": "2025-03-01"}
                world.log.add("registry", f"learner-{member}", "member_skill.assessed", **assessed)

    def _roster(self, commune: UUID, teams: int) -> None:
        about = str(derived_id("roster", PLAN, "commune", commune))
        self.world.log.add(
            "registry",
            f"roster-{about}",
            "roster.submitted",
            roster=about,
            profile=str(PLAN),
            tier="commune",
            unit=str(commune),
            version=1,
            teams=[{"team": str(derived_id("team", n)), "members": 4, "has_leader": True} for n in range(teams)],
            team_count=teams,
            member_count=4 * teams,
            content_hash="x",
            cut_off="2025-06-01",
            submitted_on="2025-06-10",
        )

    def state(self) -> None:
        shares = [{"successor": str(self.x), "share": "0.25"}, {"successor": str(self.y), "share": "0.75"}]
        told = {"about": str(self.b), "place": "unit", "on": "2025-07-01", "shares": shares, "basis": "hộ"}
        told |= {"source": "Biên bản", "stated_on": "2026-01-01"}
        self.world.log.add("registry", f"apportionment-{self.b}", "apportionment.stated", **told)
        self.world.catch_up()

    @staticmethod
    def _document(field: str) -> str:
        kinds = {"$u": "String!", "$d": "Date", "$s": "Structure"}
        used = ", ".join(f"{name}: {kind}" for name, kind in kinds.items() if name in field)
        return f"query({used}) {{ {field} }}" if used else f"{{ {field} }}"

    def ask(self, field: str, unit: UUID | str, structure: str | None, day: str | None = THEN) -> Any:
        data = self.gateway.data(self._document(field), self.token, u=str(unit), d=day, s=structure)
        return next(iter(data.values()))

    def codes(self, field: str, unit: UUID | str, day: str | None, structure: str | None = None) -> list[str]:
        answer = self.gateway.ask(self._document(field), self.token, u=str(unit), d=day, s=structure)
        return [error["extensions"]["code"] for error in answer.get("errors", ())]


@pytest.fixture
def split(world: World, tmp_path: Path) -> Iterator[Split]:
    made = Split(world, tmp_path)
    yield made
    made.gateway.client.close()


def values(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(value for name, value in found.items() if name != "unshared")


WHOLE = {LAUNCHES: (6, 3), SKILLS: (15, 9, 9, 9), TOTALS: (6, 3, 12, 6), ROSTERS: (2, 6, 24)}
OF_A = {LAUNCHES: (2, 1), SKILLS: (5, 3, 3, 3), TOTALS: (2, 1, 4, 2), ROSTERS: (1, 2, 8)}


@pytest.mark.parametrize("field", list(WHOLE))
def test_a_day_s_figures_are_told_on_its_own_map_and_on_today_s(split: Split, field: str) -> None:
    assert values(split.ask(field, "96", None)) == values(split.ask(field, OLD, "ORIGINAL")) == WHOLE[field]
    assert values(split.ask(field, split.a, "ORIGINAL")) == OF_A[field]
    assert values(split.ask(field, NEW, "CURRENT")) == WHOLE[field]
    assert values(split.ask(field, split.x, "CURRENT")) == OF_A[field], "of what was divided none is X's alone"
    assert set(values(split.ask(field, split.y, "CURRENT"))) == {0}


@pytest.mark.parametrize("field", list(WHOLE))
def test_what_was_divided_is_not_computed_until_somebody_states_its_shares_and_then_sums_up(
    split: Split, field: str
) -> None:
    found = split.ask(field, split.x, "RESTATED")
    named = {str(split.b)} | ({str(split.b)} if field != TOTALS else set())
    assert (set(values(found)), set(found["unshared"])) == ({None}, named)
    assert values(split.ask(field, NEW, "RESTATED")) == WHOLE[field], "all of it lies in the province"
    split.state()
    parts = [values(split.ask(field, one, "RESTATED")) for one in (split.x, split.y)]
    assert tuple(map(sum, zip(*parts, strict=True))) == WHOLE[field]
    assert all(one >= of_a for one, of_a in zip(parts[0], OF_A[field], strict=True))


def test_coverage_of_priority_areas_is_restated_too(split: Split) -> None:
    def told(unit: UUID, structure: str, day: str | None = None) -> dict[Any, Any]:
        found = split.ask(AREAS, unit, structure, day)
        return {each["kind"]: each["coverage"]["households"] for each in found}

    assert told(OLD, "ORIGINAL", THEN) == {None: 60, "RURAL": 60}
    assert told(NEW, "CURRENT") == told(NEW, "RESTATED") == {None: 60, "RURAL": 60}
    assert told(split.x, "CURRENT") == {None: 20, "RURAL": 20}
    assert told(split.x, "RESTATED") == {None: None, "RURAL": None}
    split.state()
    assert told(split.x, "RESTATED")["RURAL"] + told(split.y, "RESTATED")["RURAL"] == 60


def test_lists_are_shown_under_then_s_or_today_s_communes_and_never_shared_out(split: Split) -> None:
    names = "teams(unit: $u, asOf: $d, structure: $s) { totalCount }"
    without = "hamletsWithoutTeam(unit: $u, asOf: $d, structure: $s) { totalCount }"
    for field in (names, without):
        assert split.ask(field, split.a, None)["totalCount"] == 2
        assert split.ask(field, split.b, "ORIGINAL")["totalCount"] == 4
        assert split.ask(field, split.x, "CURRENT")["totalCount"] == 2
        assert split.codes(field, split.x, THEN, "RESTATED") == ["INVALID_INPUT"]
    order = "teamsOutOfOrder(unit: $u, asOf: $d, structure: $s) { nodes { name } }"
    assert [team["name"] for team in split.ask(order, split.x, "CURRENT")["nodes"]] == ["Tổ 1"]
    assert split.ask(names, OLD, None, "2025-01-09")["totalCount"] == 0
    assert split.ask(names, OLD, None, "2025-01-10")["totalCount"] == 6


def test_a_team_s_members_of_a_day(split: Split) -> None:
    field = "teams(unit: $u, structure: $s) { nodes { members(asOf: $d) { totalCount } } }"

    def people(day: str) -> int:
        nodes = split.ask(field, NEW, "CURRENT", day)["nodes"]
        return sum(team["members"]["totalCount"] for team in nodes)

    assert (people("2025-01-09"), people("2025-01-10")) == (0, 15)


BY_UNIT = [
    LAUNCHES,
    SKILLS,
    TOTALS,
    ROSTERS,
    "coverage(unit: $u, asOf: $d, structure: $s) { households }",
    AREAS,
    "teams(unit: $u, asOf: $d, structure: $s) { totalCount }",
    "hamletsWithoutTeam(unit: $u, asOf: $d, structure: $s) { totalCount }",
    "teamsOutOfOrder(unit: $u, asOf: $d, structure: $s) { nodes { name } }",
    "enterprises(unit: $u, asOf: $d, structure: $s) { totalCount }",
    "trainings(unit: $u, asOf: $d, structure: $s) { totalCount }",
    "households(unit: $u, asOf: $d, structure: $s) { totalCount }",
]
NOT_BY_STRUCTURE = [
    "memberScorecard(year: 2023, unit: $u, asOf: $d) { totalCount }",
    "hamletsWithoutGroup(unit: $u, asOf: $d) { totalCount }",
    "vacancies(unit: $u, asOf: $d) { nodes { team { id } } }",
    "policyInForce(unit: $u, asOf: $d) { id }",
    "rosterDues(unit: $u, tier: COMMUNE, asOf: $d) { nodes { status } }",
    "teamsToReform(unit: $u, asOf: $d) { nodes { reason } }",
    "priorityAreas(unit: $u, asOf: $d) { totalCount }",
    "enterprisesWithoutTeam(unit: $u, asOf: $d) { nodes { id } }",
    "partners(unit: $u, asOf: $d) { totalCount }",
]


def test_a_day_before_the_map_is_known_is_refused_whether_a_unit_is_named_by_code_or_by_id(split: Split) -> None:
    for field in (*BY_UNIT, *NOT_BY_STRUCTURE):
        for unit in ("96", OLD, split.a):
            assert split.codes(field, unit, "2023-08-30") == ["MAP_NOT_KNOWN"], field
        assert split.codes(field, OLD, "2023-08-31") == [], field
        assert split.codes(field, split.x, "2025-06-30") == ["MAP_NOT_KNOWN"], field
    for field in BY_UNIT:
        if "coverage" not in field:  # of which `asOf` is the map's day alone
            assert split.codes(field, NEW, "2023-08-30", "CURRENT") == ["MAP_NOT_KNOWN"], field
            assert split.codes(field, NEW, "2023-08-31", "CURRENT") == [], field


def test_a_day_before_the_map_is_known_is_refused_where_no_unit_is_named(split: Split) -> None:
    assert split.codes("teams(asOf: $d) { totalCount }", "", "2023-08-30") == ["MAP_NOT_KNOWN"]
    for field in ("hamlets(asOf: $d) { id }", "compliance(asOf: $d) { verdict }"):
        nodes = f"teams(first: 1) {{ nodes {{ {field} }} }}"
        assert split.codes(nodes, "", "2023-08-30") == ["MAP_NOT_KNOWN"]
    restated = 'coverage(unit: $u, quarter: "2023-Q2", structure: RESTATED) { households }'
    assert split.codes(restated, NEW, None) == ["MAP_NOT_KNOWN"]
    assert split.codes('searchUnits(text: "ca mau", asOf: $d) { part }', "", "2023-08-30") == ["MAP_NOT_KNOWN"]
