"""After hamlets were put together or divided: nobody's households, visits or figures are lost, and none count twice."""

from typing import Any

from tests.gateway.running import OUTCOME, Running
from tests.gateway.test_commands import visit
from tests.gateway.test_reorganisations import merged, reorganise

MERGED_ON = "2026-11-10"
EVE = "2026-11-09"
RECORD = f"mutation($v: VisitInput!) {{ recordVisit(visit: $v) {OUTCOME} }}"
REGISTER = f"mutation($h: ID!) {{ registerHousehold(hamlet: $h) {OUTCOME} }}"
RENEW = f"""mutation($t: ID!, $h: [ID!]!) {{ renewTeam(team: $t, hamlets: $h, decisionNo: "40/QĐ-UBND",
    decisionDate: "{MERGED_ON}") {OUTCOME} }}"""
FIGURES = "{ hamletsCounted households guidedInQuarter guidedSincePlan }"


def told(running: Running, token: str, household: str, hamlet: str, team: str, on: str) -> str:
    """The code a visit is refused with; empty when it is recorded."""
    outcome = running.do(RECORD, token, v=visit(household, hamlet, team, visitedOn=on))
    running.settle()
    return str(outcome["code"])


def joint(running: Running, one: str, other: str) -> str:
    """Two hamlets go into a new one; its id."""
    outcome = reorganise(running, running.here, *merged(one, other), on=MERGED_ON)
    assert outcome["accepted"], outcome
    document = '{ unit(code: "31843") { hamlets { nodes { id name } } } }'
    found = running.gateway.data(document, running.here)["unit"]["hamlets"]["nodes"]
    return next(str(node["id"]) for node in found if node["name"] == "Ấp Thống Nhất")


def test_a_merged_hamlet_keeps_its_households_its_figures_and_the_sight_of_its_team(running: Running) -> None:
    hamlet, team, household = running.founded()
    other = running.hamlet(running.here, name="Ấp Ngoại Ô")["id"]
    other_team = running.team(running.here, other)["id"]
    running.settle()
    neighbour = running.do(REGISTER, running.member(other_team), h=other)["id"]
    mine, theirs = running.member(team), running.member(other_team)
    assert told(running, mine, household, hamlet, team, "2026-11-02") == ""

    new = joint(running, hamlet, other)
    assert running.do(RENEW, running.here, t=team, h=[new])["accepted"]
    running.settle()
    assert told(running, mine, household, new, team, MERGED_ON) == ""
    assert told(running, mine, neighbour, new, team, "2026-11-12") == ""
    # The other team was not renewed; and its phone, offline since before the day, knows the old hamlet alone.
    assert told(running, theirs, neighbour, other, other_team, EVE) == ""
    assert told(running, theirs, household, new, other_team, EVE) == "HOUSEHOLD_ELSEWHERE"
    refused = running.do(REGISTER, mine, h=hamlet)
    assert (refused["code"], refused["field"]) == ("HAMLET_ENDED", "hamlet")
    assert "Ấp Thống Nhất" in refused["message"]
    assert running.do(REGISTER, theirs, h=new)["accepted"]
    running.settle()

    def asked(token: str, **place: Any) -> tuple[int, dict[str, Any]]:
        [(name, value)] = place.items()
        where = f'{name}: "{value}"'
        rest = "" if name == "team" else f"households({where}) {{ totalCount }}"
        found = running.gateway.data(f"{{ coverage({where}) {FIGURES} {rest or 'households { totalCount }'} }}", token)
        return found["households"]["totalCount"], found["coverage"]

    whole = {"hamletsCounted": 3, "households": 3, "guidedInQuarter": 2, "guidedSincePlan": None}
    for token in (mine, theirs, running.here):
        assert asked(token, hamlet=new) == (3, whole)
    assert asked(mine, team=team) == (3, whole)
    assert asked(running.here, unit="31843") == (3, whole)
    alone = {"hamletsCounted": 1, "households": 1, "guidedInQuarter": 1, "guidedSincePlan": None}
    assert asked(mine, hamlet=hamlet) == (1, alone)


def test_a_household_of_a_divided_hamlet_is_put_where_it_belongs_by_its_commune(running: Running) -> None:
    hamlet, team, household = running.founded()
    founded = {"do": "FOUND", "place": "HAMLET", "kind": "Ấp", "to": "31843"}
    parts = [{**founded, "label": name, "name": f"Ấp {name}"} for name in ("Đông", "Tây")]
    split = {"do": "SPLIT", "place": "HAMLET", "unit": hamlet, "into": ["Đông", "Tây"]}
    outcome = reorganise(running, running.here, *parts, split, on=MERGED_ON)
    assert outcome["accepted"], outcome
    found = running.gateway.data('{ unit(code: "31843") { hamlets { nodes { id name } } } }', running.here)
    ids = {node["name"]: node["id"] for node in found["unit"]["hamlets"]["nodes"]}
    east = ids["Ấp Đông"]
    move = f'mutation($i: ID!, $h: ID!) {{ moveHousehold(id: $i, hamlet: $h, movedOn: "{MERGED_ON}") {OUTCOME} }}'
    assert running.do(move, running.there, i=household, h=east)["code"] == "NOT_FOUND"
    assert running.do(move, running.member(team), i=household, h=east)["code"] == "NOT_FOUND"
    moved = running.do(move, running.here, i=household, h=east)
    assert moved["accepted"], moved
    running.settle()
    document = f"query($h: ID!) {{ households(hamlet: $h) {{ totalCount }} coverage(hamlet: $h) {FIGURES} }}"
    here, before = (running.gateway.data(document, running.here, h=one) for one in (east, hamlet))
    assert (here["households"]["totalCount"], here["coverage"]["households"]) == (1, 1)
    assert (before["households"]["totalCount"], before["coverage"]["households"]) == (0, 0)
    message = running.do(REGISTER, running.here, h=hamlet)["message"]
    assert "Ấp Đông" in message and "Ấp Tây" in message
