"""An official and the registry, through GraphQL alone: the map, a plan, a team and its people."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from services.kernel.clock import business_date, system_clock
from tests.journeys.conftest import As
from tests.journeys.people import Official, Word, literal

COMMUNE = "32248"
"""Xã Đất Mũi."""
WITHOUT_A_PLAN = "30307"
"""Phường Long Xuyên: no plan of its province ships, so that it may enter its own with its past."""
RULES: tuple[dict[str, Any], ...] = (
    {"kind": "quantity", "section": "III.1a", "measure": "members", "comparator": ">=", "value": 3},
    {"kind": "quantity", "section": "III.1b", "measure": "members", "comparator": "<=", "value": 4},
    {"kind": "office", "section": "III.1c", "role": "leader", "heldBy": "hamlet_head", "count": 1, "sameHamlet": True},
    {"kind": "composition", "section": "III.1d", "oneOf": ["police", "youth_union"]},
)
PLAN: dict[str, Any] = {
    "code": "LX-2026",
    "name": "Kế hoạch của phường",
    "issuer": "Ủy ban nhân dân phường Long Xuyên",
    "document": "5/KH-UBND",
    "tiers": ["team", "commune"],
    "teamLevels": ["hamlet"],
    "rules": [{**rule, "level": "hamlet", "severity": "warn"} for rule in RULES],
}


@dataclass
class Clerk:
    """An official who reads what they wrote last."""

    official: Official
    place: str = COMMUNE
    written: str = ""

    def do(self, command: str, **arguments: Any) -> str:
        """A mutation that is accepted; the id of what it was about."""
        outcome = self.official.done(command, self.written, **arguments)
        self.written = outcome["token"]
        about: str = outcome["id"]
        return about

    def read(self, document: str) -> Any:
        """The one field of an answer."""
        (found,) = self.official.data(document, self.written).values()
        return found

    def hamlet(self, name: str) -> str:
        return self.do("registerHamlet", commune=self.place, name=name, kind="Ấp", validFrom="2025-07-01")

    def team(self, name: str, hamlet: str) -> str:
        decision = {"decisionNo": "1/QĐ-UBND", "decisionDate": "2025-08-01", "signer": "Chủ tịch"}
        return self.do("establishTeam", commune=self.place, name=name, hamlets=[hamlet], **decision)

    def appoint(self, team: str, role: str, kind: str, on: str = "2025-08-02") -> None:
        who = {"role": Word(role), "organisation": "Tổ chức", "organisationKind": kind, "sameHamlet": True}
        self.do("appointMember", team=team, appointedOn=on, **who)

    def member(self, team: str) -> str:
        """The only one."""
        (member,) = self.read(f'{{ team(id: "{team}") {{ members {{ nodes {{ id }} }} }} }}')["members"]["nodes"]
        found: str = member["id"]
        return found


@pytest.fixture
def today() -> date:
    """The date in Vietnam, which the services ask too."""
    return business_date(system_clock())


@pytest.fixture
def commune(someone: As) -> Clerk:
    return Clerk(someone("commune_official", COMMUNE))


def test_a_merger_of_hamlets_next_month_leaves_a_team_to_form_anew_on_that_day_and_not_before(
    commune: Clerk, today: date
) -> None:
    one, other = commune.hamlet("Ấp Kinh Đào"), commune.hamlet("Ấp Cồn Mũi")
    team = commune.team("Tổ ấp Kinh Đào", one)
    day = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    place = {"place": Word("HAMLET")}
    found = {"do": Word("FOUND"), **place, "label": "mới", "name": "Ấp Mũi", "kind": "Ấp", "to": COMMUNE}
    merge = {"do": Word("MERGE"), **place, "units": [one, other], "to": "mới"}
    asked = {"on": day.isoformat(), "operations": [found, merge], "source": "Nghị quyết của Hội đồng nhân dân"}
    given = ", ".join(f"{name}: {literal(value)}" for name, value in asked.items())
    assert commune.read(f"{{ team(id: {literal(team)}) {{ id }} }}") == {"id": team}
    seen = commune.read(f"mutation {{ previewReorganisation({given}) {{ accepted hamlets members teams {{ id }} }} }}")
    assert seen == {"accepted": True, "hamlets": 2, "members": 0, "teams": [{"id": team}]}

    def to_reform(on: date) -> list[list[str]]:
        asked = (
            f'{{ teamsToReform(unit: "{COMMUNE}", asOf: "{on}") {{ nodes {{ team {{ id }} proposed {{ name }} }} }} }}'
        )
        nodes = commune.read(asked)["nodes"]
        return [[each["name"] for each in node["proposed"]] for node in nodes if node["team"]["id"] == team]

    assert to_reform(day) == [], "a preview records nothing"
    commune.do("reorganise", **asked)
    assert (to_reform(day - timedelta(days=1)), to_reform(day)) == ([], [["Ấp Mũi"]])


def test_a_new_plan_judges_from_its_first_day_and_says_why(someone: As, today: date) -> None:
    commune = Clerk(someone("commune_official", WITHOUT_A_PLAN), WITHOUT_A_PLAN)
    team = commune.team("Tổ khóm Bình Khánh", commune.hamlet("Khóm Bình Khánh"))
    tomorrow = today + timedelta(days=1)
    last_quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)

    def judged(day: date) -> dict[str, tuple[str, str]]:
        """Verdict and reason by plan and section."""
        fields = "{ verdict reason rule { section } profile { code } }"
        rows = commune.read(f'{{ team(id: "{team}") {{ compliance(asOf: "{day}") {fields} }} }}')["compliance"]
        return {f"{row['profile']['code']} {row['rule']['section']}": (row["verdict"], row["reason"]) for row in rows}

    def broken() -> dict[str, str]:
        found = judged(tomorrow)
        return {key.split()[1]: reason for key, (verdict, reason) in found.items() if verdict == "BROKEN"}

    def publish(plan: dict[str, Any]) -> None:
        drafted = commune.do("draftPolicyProfile", territory=WITHOUT_A_PLAN, plan=plan)
        commune.do("publishPolicyProfile", profile=drafted)

    commune.appoint(team, "LEADER", "party_member")
    first = {**PLAN, "code": "LX-2025", "rules": [{**PLAN["rules"][0], "value": 1}, PLAN["rules"][3]]}
    publish({**first, "issuedOn": "2025-09-01", "validFrom": "2025-09-01"})
    before = {
        "LX-2025 III.1a": ("MET", "Tổ có 1 thành viên"),
        "LX-2025 III.1d": ("BROKEN", "không có thành viên thuộc các tổ chức này"),
    }
    assert judged(last_quarter) == judged(tomorrow) == before
    publish({**PLAN, "issuedOn": today.isoformat(), "validFrom": tomorrow.isoformat()})
    assert judged(last_quarter) == judged(today) == before
    assert {key.split()[0] for key in judged(tomorrow)} == {"LX-2026"}

    assert broken() == {
        "III.1a": "Tổ có 1 thành viên",
        "III.1c": "Tổ trưởng không đúng thành phần",
        "III.1d": "không có thành viên thuộc các tổ chức này",
    }
    commune.do("standDownMember", team=team, member=commune.member(team), stoodDownOn=today.isoformat())
    commune.appoint(team, "LEADER", "hamlet_head", today.isoformat())
    for kind in ("police", "youth_union", "women_union"):
        commune.appoint(team, "MEMBER", kind, today.isoformat())
    assert broken() == {}
    commune.appoint(team, "MEMBER", "education", today.isoformat())
    assert broken() == {"III.1b": "Tổ có 5 thành viên"}
    assert judged(last_quarter) == before


def test_members_are_trained_assessed_and_commended(commune: Clerk, today: date) -> None:
    team, on = commune.team("Tổ ấp Mũi Tàu", commune.hamlet("Ấp Mũi Tàu")), today.isoformat()
    commune.appoint(team, "MEMBER", "youth_union")
    member, office = commune.member(team), "Phòng Văn hóa - Xã hội"
    about = {"unit": COMMUNE, "name": "Dịch vụ công trực tuyến", "mode": Word("IN_PERSON"), "organiser": office}
    training = commune.do("scheduleTraining", **about, firstDay="2026-03-02", lastDay="2026-03-03")
    commune.do("holdTraining", training=training, heldOn="2026-03-02", attended=[member])
    commune.do("assessMemberSkill", member=member, skill="basic", assessor=office, assessedOn="2026-03-04")
    skilled = commune.read(f'{{ team(id: "{team}") {{ members {{ nodes {{ skill }} }} }} }}')
    assert skilled["members"]["nodes"] == [{"skill": "basic"}]

    period = {"periodFrom": "2026-01-01", "periodTo": "2026-09-30", "proposedOn": on}
    one = {"commendation": commune.do("proposeCommendation", team=team, member=member, form=Word("PRAISE"), **period)}
    commune.do("selectCommendation", office=office, selectedOn=on, **one)
    decision = {
        "decisionNo": "9/QĐ-UBND",
        "decisionDate": on,
        "signer": "Chủ tịch",
        "issuingBody": "Ủy ban nhân dân xã",
    }
    commune.do("approveCommendation", **decision, **one)
    commune.do("awardCommendation", awardedOn=on, **one)
    roll = f'{{ commendationRoll(unit: "{COMMUNE}", year: {today.year}) {{ nodes {{ teamName memberRole }} }} }}'
    assert {"teamName": "Tổ ấp Mũi Tàu", "memberRole": "member"} in commune.read(roll)["nodes"]
