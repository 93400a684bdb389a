"""Emulation drives through GraphQL: launched, closed, asked of a day; a commendation names the one it belongs to."""

from typing import Any
from uuid import uuid4

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_campaigns import do, team_with_leader

LAUNCH = f"""mutation($u: String!, $a: Date!, $b: Date!, $d: ID) {{ launchEmulationDrive(unit: $u, drive: $d,
    name: "Thanh niên tiên phong", launcher: YOUTH_UNION, organiser: "Tỉnh đoàn Cà Mau", firstDay: $a, lastDay: $b)
    {OUTCOME} }}"""
CLOSE = f"""mutation($d: ID!, $r: String!) {{ closeEmulationDrive(drive: $d, result: $r, closedOn: "2026-11-15")
    {OUTCOME} }}"""
LIST = "query($u: String, $d: Date) { emulationDrives(unit: $u, asOf: $d) { totalCount nodes { id } } }"
PROPOSE = f"""mutation($t: ID!, $d: ID, $b: Date!) {{ proposeCommendation(team: $t, drive: $d, form: PRAISE,
    periodFrom: "2026-01-01", periodTo: $b, proposedOn: "2026-11-16") {OUTCOME} }}"""


def launched(running: Running, unit: str = "96", first: str = "2026-09-01", last: str = "2026-12-31") -> str:
    outcome = do(running, LAUNCH, running.province, u=unit, a=first, b=last)
    assert outcome["accepted"], outcome
    running.settle()
    return str(outcome["id"])


def drives(running: Running, token: str, **asked: Any) -> list[str]:
    running.settle()
    found = running.gateway.data(LIST, token, **asked)["emulationDrives"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["id"] for node in found["nodes"]]


def test_everybody_who_works_here_sees_the_drives_of_a_place_on_a_day(running: Running) -> None:
    whole, own = launched(running), launched(running, "31849", "2026-11-01", "2026-11-30")
    leader = running.gateway.token(Role.TEAM_LEADER, HERE, served=())
    assert drives(running, leader) == [own, whole], "the latest begun first"
    assert drives(running, leader, u="31843") == [whole]
    assert drives(running, leader, u="31849") == [own, whole]
    for day, expected in (
        ("2026-08-31", []),
        ("2026-09-01", [whole]),
        ("2026-11-30", [own, whole]),
        ("2026-12-31", [whole]),
        ("2027-01-01", []),
    ):
        assert drives(running, leader, d=day) == expected, day
    assert running.gateway.code(LIST) == "UNAUTHENTICATED"
    asked = """{ emulationDrives(unit: "31843") { nodes { name unit { code } launcher organiser firstDay lastDay result
        closedOn } } }"""
    (node,) = running.gateway.data(asked, leader)["emulationDrives"]["nodes"]
    assert node == {
        "name": "Thanh niên tiên phong",
        "unit": {"code": "96"},
        "launcher": "YOUTH_UNION",
        "organiser": "Tỉnh đoàn Cà Mau",
        "firstDay": "2026-09-01",
        "lastDay": "2026-12-31",
        "result": None,
        "closedOn": None,
    }


def test_a_drive_is_closed_with_a_result_and_then_runs_no_more(running: Running) -> None:
    drive = launched(running)
    told = {"d": drive, "r": "40 Tổ tham gia"}
    assert do(running, CLOSE, running.here, **told)["code"] == "NOT_FOUND"
    refused = do(running, CLOSE, d=drive, r="Gọi 0912345678", token=running.province)
    assert (refused["code"], refused["field"]) == ("PRIVATE_NUMBER", "result")
    assert do(running, CLOSE, running.province, **told)["accepted"]
    assert do(running, CLOSE, running.province, **told)["accepted"], "said twice is done once"
    assert do(running, CLOSE, running.province, d=drive, r="Khác")["code"] == "DRIVE_CLOSED"
    assert drives(running, running.here, d="2026-11-15") == [drive]
    assert drives(running, running.here, d="2026-11-16") == []
    asked = "{ emulationDrives { nodes { result closedOn } } }"
    found = running.gateway.data(asked, running.here)["emulationDrives"]["nodes"]
    assert found == [{"result": "40 Tổ tham gia", "closedOn": "2026-11-15"}]


def test_officials_launch_drives_where_they_stand_only(running: Running) -> None:
    days = {"a": "2026-09-01", "b": "2026-12-31"}
    leader = running.gateway.token(Role.TEAM_LEADER, HERE, served=())
    assert do(running, LAUNCH, running.here, u="96", **days)["code"] == "NOT_FOUND"
    assert do(running, LAUNCH, leader, u="31843", **days)["code"] == "FORBIDDEN"
    assert do(running, LAUNCH, running.here, u="31843", **days)["accepted"]
    refused = do(running, LAUNCH, running.here, u="31843", a="2026-09-02", b="2026-09-01")
    assert (refused["code"], refused["field"]) == ("PERIOD_REVERSED", "lastDay")


def test_a_commendation_names_the_drive_of_its_place_and_time(running: Running) -> None:
    team, _ = team_with_leader(running, running.here, HERE)
    drive, theirs = launched(running), launched(running, "31849")
    until = "2026-10-31"
    proposed = do(running, PROPOSE, running.here, t=team, d=drive, b=until)
    assert proposed["accepted"], proposed
    plain = do(running, PROPOSE, running.here, t=team, b=until)
    assert plain["accepted"], plain
    for unknown in (theirs, str(uuid4())):
        refused = do(running, PROPOSE, running.here, t=team, d=unknown, b=until)
        assert (refused["code"], refused["field"]) == ("NOT_FOUND", "drive")
    early = do(running, PROPOSE, running.here, t=team, d=drive, b="2026-08-31")
    assert (early["code"], early["field"]) == ("DRIVE_OF_ANOTHER_TIME", "drive")
    running.settle()
    asked = "query($d: ID) { commendations(drive: $d) { totalCount nodes { id drive { id name } } } }"
    found = running.gateway.data(asked, running.here, d=drive)["commendations"]
    named = {"id": drive, "name": "Thanh niên tiên phong"}
    assert found == {"totalCount": 1, "nodes": [{"id": proposed["id"], "drive": named}]}
    every = running.gateway.data(asked, running.here)["commendations"]["nodes"]
    assert {node["id"]: node["drive"] for node in every} == {proposed["id"]: named, plain["id"]: None}


def test_one_reads_what_one_has_just_written(running: Running) -> None:
    told = {"u": "31843", "a": "2026-09-01", "b": "2026-12-31"}
    drive = running.do(LAUNCH, running.here, **told)
    assert running.gateway.data(LIST, running.here, drive["token"])["emulationDrives"]["totalCount"] == 1
    proposed = f"""mutation {{ proposeGoodPractice(unit: "31843", name: "Bàn ở chợ", done: "Mỗi tuần một buổi",
        topic: "VNEID_L2", proposedOn: "2026-11-10") {OUTCOME} }}"""
    practice = running.do(proposed, running.here)
    asked = "{ goodPractices(status: PROPOSED) { totalCount } }"
    assert running.gateway.data(asked, running.here, practice["token"])["goodPractices"]["totalCount"] == 1
