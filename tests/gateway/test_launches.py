"""Progress of launches: of the hamlets of a day those with a team launched by then, for a unit and each one below."""

from typing import Any

from tests.gateway.running import OUTCOME, THERE, Running
from tests.gateway.test_policies import LAUNCH, LAUNCHED_IN_AUGUST, draft, plan, publish

READ = """query($u: String!, $d: Date, $n: Int, $a: String) { launchProgress(unit: $u, asOf: $d) {
    unit { code } hamlets hamletsLaunched launchedRate teams launched
    below(first: $n, after: $a) { totalCount pageInfo { endCursor }
    nodes { unit { code } hamlets hamletsLaunched launchedRate teams launched } } } }"""
JUDGED = """query($u: String!, $d: Date) { launchProgress(unit: $u, asOf: $d) { dueOn dueRule { document section }
    judgement { verdict found reason rule { section } profile { code } } } }"""
DISSOLVE = f"""mutation($t: ID!) {{ dissolveTeam(
    team: $t, decisionNo: "2/QĐ", decisionDate: "2026-11-01", signer: "Chủ tịch") {OUTCOME} }}"""


def progress(running: Running, token: str, unit: str = "96", day: str | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = running.gateway.data(READ, token, u=unit, d=day, **more)["launchProgress"]
    return found


def figures(found: dict[str, Any]) -> tuple[Any, ...]:
    names = ("hamlets", "hamletsLaunched", "launchedRate", "teams", "launched")
    return found["unit"]["code"], *(found[name] for name in names)


def test_launches_are_counted_by_hamlet_and_by_team_for_each_unit_below(running: Running) -> None:
    ours = [running.hamlet(running.here, name=f"Ấp {n}")["id"] for n in range(3)]
    theirs = running.hamlet(running.there, THERE, "Ấp Khác")["id"]
    running.settle()
    teams = [running.team(running.here, hamlet)["id"] for hamlet in (ours[0], ours[0], ours[1])]
    other = running.team(running.there, theirs, commune=THERE)["id"]
    running.settle()
    for team, token in ((teams[0], running.here), (teams[1], running.here), (other, running.there)):
        assert running.do(LAUNCH, token, t=team, d="2026-03-10")["accepted"]
    running.settle()
    whole = progress(running, running.province)
    assert figures(whole) == ("96", 4, 2, "50.0", 4, 3), "two teams of one hamlet launch one hamlet"
    below = [("31843", 3, 1, "33.3", 3, 2), ("31849", 1, 1, "100.0", 1, 1)]
    assert [figures(node) for node in whole["below"]["nodes"]] == below
    eve = progress(running, running.province, day="2026-03-09")
    assert figures(eve) == ("96", 4, 0, "0.0", 4, 0)
    assert figures(progress(running, running.province, day="2025-07-31")) == ("96", 4, 0, "0.0", 0, 0)
    page = progress(running, running.province, n=1)["below"]
    assert page["totalCount"] == 2
    rest = progress(running, running.province, n=1, a=page["pageInfo"]["endCursor"])["below"]["nodes"]
    assert [figures(node) for node in rest] == [("31849", 1, 1, "100.0", 1, 1)]
    for team in teams[:2]:
        gone = running.do(DISSOLVE, running.here, t=team)
        assert gone["accepted"], gone
    running.settle()
    assert figures(progress(running, running.province)) == ("96", 4, 1, "25.0", 2, 1)
    assert figures(progress(running, running.province, day="2026-10-31")) == ("96", 4, 2, "50.0", 4, 3)


def test_the_share_the_plan_asks_for_is_judged_once_its_day_is_over_and_cited(running: Running) -> None:
    _, team, _ = running.founded()
    asked = {"u": "96", "d": "2026-09-01"}
    nothing = running.gateway.data(JUDGED, running.province, **asked)["launchProgress"]
    assert nothing == {"dueOn": None, "dueRule": None, "judgement": None}, "no plan, nothing asked"
    share = {"kind": "quantity", "measure": "launched_percent", "level": "hamlet", "comparator": ">=", "value": 100}
    rules = [{**share, "section": "III.3 a"}, {**LAUNCHED_IN_AUGUST, "section": "III.3 b"}]
    profile = draft(running, running.province, plan=plan(rules=rules))["id"]
    assert publish(running, running.province, profile)["accepted"]
    running.settle()

    def judged(day: str) -> tuple[str, float, str]:
        found = running.gateway.data(JUDGED, running.province, u="31843", d=day)["launchProgress"]
        assert (found["dueOn"], found["dueRule"]) == ("2026-08-31", {"document": "20/KH-UBND", "section": "III.3 b"})
        of = found["judgement"]
        assert (of["rule"], of["profile"]) == ({"section": "III.3 a"}, {"code": "CM-TEST"})
        return of["verdict"], of["found"], of["reason"]

    said = "0 trên 1 ấp, khóm có Tổ đã ra mắt"
    assert judged("2026-08-31") == ("NOT_JUDGED", 0, f"{said}; chưa đến hạn 31/08/2026")
    assert judged("2026-09-01") == ("BROKEN", 0, said)
    assert running.do(LAUNCH, running.here, t=team, d="2026-09-10")["accepted"]
    running.settle()
    assert judged("2026-09-10") == ("MET", 100, "1 trên 1 ấp, khóm có Tổ đã ra mắt")


def test_only_what_the_viewer_may_see_counts(running: Running) -> None:
    _, team, _ = running.founded()
    assert figures(progress(running, running.here)) == ("96", 1, 0, "0.0", 1, 0)
    assert figures(progress(running, running.there)) == ("96", 0, 0, None, 0, 0)
    assert figures(progress(running, running.member(team), "31843")) == ("31843", 1, 0, "0.0", 1, 0)
    assert running.gateway.code(READ, None, u="96") == "UNAUTHENTICATED"
