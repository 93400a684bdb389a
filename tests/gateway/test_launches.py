"""Progress of launches: of the teams of a day those launched by then, for a unit and each one below."""

from typing import Any

from tests.gateway.running import OUTCOME, THERE, Running

READ = """query($u: String!, $d: Date, $n: Int, $a: String) { launchProgress(unit: $u, asOf: $d) {
    unit { code } teams launched launchedRate below(first: $n, after: $a) { totalCount pageInfo { endCursor }
    nodes { unit { code } teams launched launchedRate } } } }"""
LAUNCH = f"mutation($t: ID!, $d: Date!) {{ launchTeam(team: $t, launchedOn: $d) {OUTCOME} }}"
DISSOLVE = f"""mutation($t: ID!) {{ dissolveTeam(
    team: $t, decisionNo: "2/QĐ", decisionDate: "2026-11-01", signer: "Chủ tịch") {OUTCOME} }}"""


def progress(running: Running, token: str, unit: str = "96", day: str | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = running.gateway.data(READ, token, u=unit, d=day, **more)["launchProgress"]
    return found


def figures(found: dict[str, Any]) -> tuple[Any, ...]:
    return found["unit"]["code"], found["teams"], found["launched"], found["launchedRate"]


def test_launches_are_counted_of_the_teams_of_the_day_for_each_unit_below(running: Running) -> None:
    ours = [running.hamlet(running.here, name=f"Ấp {n}")["id"] for n in range(3)]
    theirs = running.hamlet(running.there, THERE, "Ấp Khác")["id"]
    running.settle()
    teams = [running.team(running.here, hamlet)["id"] for hamlet in ours]
    other = running.team(running.there, theirs, commune=THERE)["id"]
    running.settle()
    for team, token in ((teams[0], running.here), (other, running.there)):
        assert running.do(LAUNCH, token, t=team, d="2026-03-10")["accepted"]
    running.settle()
    whole = progress(running, running.province)
    assert figures(whole) == ("96", 4, 2, "50.0")
    assert [figures(node) for node in whole["below"]["nodes"]] == [("31843", 3, 1, "33.3"), ("31849", 1, 1, "100.0")]
    eve = progress(running, running.province, day="2026-03-09")
    assert figures(eve) == ("96", 4, 0, "0.0")
    assert figures(progress(running, running.province, day="2025-07-31")) == ("96", 0, 0, None)
    page = progress(running, running.province, n=1)["below"]
    assert page["totalCount"] == 2
    rest = progress(running, running.province, n=1, a=page["pageInfo"]["endCursor"])["below"]["nodes"]
    assert [figures(node) for node in rest] == [("31849", 1, 1, "100.0")]
    gone = running.do(DISSOLVE, running.here, t=teams[0])
    assert gone["accepted"], gone
    running.settle()
    assert figures(progress(running, running.province)) == ("96", 3, 1, "33.3")
    assert figures(progress(running, running.province, day="2026-10-31")) == ("96", 4, 2, "50.0")


def test_only_teams_the_viewer_may_see_count(running: Running) -> None:
    _, team, _ = running.founded()
    assert figures(progress(running, running.here)) == ("96", 1, 0, "0.0")
    assert figures(progress(running, running.there)) == ("96", 0, 0, None)
    assert figures(progress(running, running.member(team), "31843")) == ("31843", 1, 0, "0.0")
    assert running.gateway.code(READ, None, u="96") == "UNAUTHENTICATED"
