"""Names and numbers of members from an official's request, or a file, to the vault and back; and nowhere else."""

from typing import Any
from uuid import uuid4

import pytest

from deploy import connecting
from gateway.roster.files import COLUMNS, CONTACT
from gateway.viewer import Role
from services.kernel.settings import Settings
from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_decisions import READ as READ_DECISION, issued, sheet
from tests.gateway.test_roster import LEADER, MEMBER, founded, post
from tests.gateway.test_teams import do

NAME, PHONE = "Nguyễn Thị Canary", "0912345678"
KEEP = f"""mutation($t: ID!, $m: ID!, $n: String!, $p: String, $i: Boolean!, $a: Boolean, $k: ID) {{
    keepMemberContact(team: $t, member: $m, fullName: $n, phone: $p, informed: $i, publishName: $a, commandId: $k)
    {OUTCOME} }}"""
READ = """mutation($t: ID!, $m: ID!) { readMemberContact(team: $t, member: $m, purpose: CALL) {
    accepted fullName phone publishName code } }"""
ERASE = f"mutation($t: ID!, $m: ID!) {{ eraseMemberContact(team: $t, member: $m) {OUTCOME} }}"


def serving(running: Running) -> tuple[str, str]:
    """A team and somebody in it."""
    hamlet = running.hamlet(running.here)["id"]
    team = running.team(running.here, hamlet)["id"]
    told = {"role": "LEADER", "organisation": "Trưởng ấp", "appointedOn": "2025-08-02"}
    member = do(running, "appointMember", team=team, **told)["id"]
    running.settle()
    return team, member


def keep(running: Running, team: str, member: str, token: str = "", **told: Any) -> dict[str, Any]:
    said = {"n": NAME, "p": "+84 912 345 678", "i": True, "a": False, **told}
    return running.do(KEEP, token or running.here, t=team, m=member, **said)


def test_the_commune_keeps_and_reads_name_and_number_the_province_the_name(running: Running) -> None:
    team, member = serving(running)
    key = str(uuid4())
    kept = keep(running, team, member, k=key)
    assert kept["accepted"], kept
    assert keep(running, team, member, k=key) == kept
    assert keep(running, team, member, k=key, n="Tên khác")["code"] == "COMMAND_ID_REUSED"
    running.settle()
    read = running.do(READ, running.here, t=team, m=member)
    assert read == {"accepted": True, "fullName": NAME, "phone": PHONE, "publishName": False, "code": None}
    above = running.do(READ, running.province, t=team, m=member)
    assert (above["fullName"], above["phone"]) == (NAME, None)
    document = "query($t: ID!) { team(id: $t) { members { nodes { id contactKept } } } }"
    nodes = running.gateway.data(document, running.here, kept["token"], t=team)["team"]["members"]["nodes"]
    assert nodes == [{"id": member, "contactKept": True}]


def test_others_neither_keep_nor_read_nor_erase_and_learn_nothing(running: Running) -> None:
    team, member = serving(running)
    assert keep(running, team, member)["accepted"]
    leader = running.gateway.token(Role.TEAM_LEADER, HERE, served=())
    for document in (READ, ERASE):
        found = [running.do(document, running.there, t=of, m=member) for of in (team, str(uuid4()))]
        assert found[0] == found[1] and found[0]["code"] == "NOT_FOUND"
        assert running.do(document, leader, t=team, m=member)["code"] == "FORBIDDEN"
    assert keep(running, team, member, running.there)["code"] == "NOT_FOUND"
    assert running.do(ERASE, running.here, t=team, m=str(uuid4()))["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("told", "field"),
    [({"i": False}, "informed"), ({"n": " "}, "fullName"), ({"n": "ế" * 201}, "fullName"), ({"p": "12345"}, "phone")],
    ids=str,
)
def test_what_is_wrong_is_named_and_sent_nowhere(running: Running, told: dict[str, Any], field: str) -> None:
    team, member = serving(running)
    outcome = keep(running, team, member, **told)
    assert (outcome["code"], outcome["field"]) == ("INVALID_INPUT", field)
    assert running.do(READ, running.here, t=team, m=member)["code"] == "NO_CONTACT"


def test_erased_by_request_it_is_gone_and_the_member_still_serves(running: Running) -> None:
    team, member = serving(running)
    assert keep(running, team, member)["accepted"]
    erased = running.do(ERASE, running.here, t=team, m=member)
    assert erased["accepted"], erased
    assert running.do(READ, running.here, t=team, m=member)["code"] == "NO_CONTACT"
    document = "query($t: ID!) { team(id: $t) { members { nodes { id contactKept } } } }"
    nodes = running.gateway.data(document, running.here, erased["token"], t=team)["team"]["members"]["nodes"]
    assert nodes == [{"id": member, "contactKept": False}]


def test_who_left_is_erased_after_the_period_the_office_set_and_not_before(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    team, member = serving(running)
    assert keep(running, team, member)["accepted"]
    assert do(running, "standDownMember", team=team, member=member, stoodDownOn="2026-10-21")["accepted"]
    running.settle()
    settings = Settings(var_dir=running.gateway.settings.var_dir)
    monkeypatch.setattr("deploy.connecting.system_clock", running.gateway.parts.clock)
    with pytest.raises(LookupError, match="CAUSO_CONTACT_RETENTION_DAYS"):
        connecting.contacts_to_erase(settings)
    assert connecting.contacts_to_erase(settings.model_copy(update={"contact_retention_days": 31})) == []
    commands = connecting.contacts_to_erase(settings.model_copy(update={"contact_retention_days": 30}))
    assert [(name, told["member"], told["teams"]) for name, told in commands] == [
        ("erase_member_contact", member, [team])
    ]
    assert [answer.accepted for answer in running.embedded.runtimes["registry"].execute_many(commands)] == [True]
    running.settle()
    assert connecting.contacts_to_erase(settings.model_copy(update={"contact_retention_days": 30})) == []
    past = "query($t: ID!) { team(id: $t) { members(past: true) { nodes { role stoodDownOn contactKept } } } }"
    assert running.gateway.data(past, running.here, t=team)["team"]["members"]["nodes"] == [
        {"role": "leader", "stoodDownOn": "2026-10-21", "contactKept": False}
    ]


# -- from a file ------------------------------------------------------------------------------------------------------


def file(*rows: tuple[str, ...]) -> bytes:
    lines = [",".join((*COLUMNS["members"], *CONTACT)), *(",".join(row) for row in rows)]
    return "\n".join(lines).encode()


def test_names_and_numbers_come_in_from_a_file_once_and_are_not_given_out(running: Running) -> None:
    founded(running)
    body = file((*LEADER, NAME, "+84912345678", "có", "có", ""), (*MEMBER, "", "", "", "", ""))
    answer = post(running, "members", body, "apply").json()
    assert (answer["faults"], answer["imported"]) == ([], {"accepted": 3, "refused": []})
    again = post(running, "members", body, "apply").json()
    running.settle()
    assert again["imported"]["refused"] == []
    with running.embedded.databases["registry"].read() as connection:
        kept = "SELECT count(*) FROM events WHERE name = 'member_contact.kept'"
        assert connection.exec_driver_sql(kept).scalar() == 1
    given = running.gateway.client.get(
        "/roster/members.csv?unit=31843", headers={"Authorization": f"Bearer {running.here}"}
    ).text
    member = next(line.split(",")[2] for line in given.splitlines() if "tổ trưởng" in line)
    assert "Canary" not in given and PHONE not in given
    team = next(line.split(",")[-1] for line in given.splitlines() if "tổ trưởng" in line)
    read = running.do(READ, running.here, t=team, m=member)
    assert (read["fullName"], read["phone"], read["publishName"]) == (NAME, PHONE, True)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ((NAME, PHONE, "", "", ""), "đã thông báo"),
        ((NAME, PHONE, "không", "", ""), "đã thông báo"),
        (("", PHONE, "có", "", ""), "họ và tên"),
        (("ế" * 300, PHONE, "có", "", ""), "họ và tên"),
        (("=Canary", PHONE, "có", "", ""), "họ và tên"),
        ((NAME, "=0912345678", "có", "", ""), "số điện thoại"),
        ((NAME, "+84 91", "có", "", ""), "số điện thoại"),
        ((NAME, PHONE, "có", "đồng ý", ""), "công bố họ tên"),
    ],
    ids=str,
)
def test_a_bad_cell_about_somebody_is_named_and_not_repeated(
    running: Running, cells: tuple[str, ...], column: str
) -> None:
    founded(running)
    answer = post(running, "members", file((*MEMBER, *cells)), "apply")
    assert [(f["line"], f["column"]) for f in answer.json()["faults"]] == [(2, column)]
    assert "Canary" not in answer.text and "912345678" not in answer.text


# -- and nowhere else -------------------------------------------------------------------------------------------------


def test_a_name_stands_in_no_file_of_the_system_and_in_no_log(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = issued(running)
    founded(running)
    act = running.gateway.data(READ_DECISION, running.here, i=decision)["teamDecision"]["acts"][0]
    team, member = act["team"]["id"], act["appoints"][0]["member"]
    assert keep(running, team, member, a=True)["accepted"]
    assert post(running, "members", file((*LEADER, NAME, PHONE, "có", "", "")), "apply").status_code == 200
    post(running, "members", file((*LEADER, NAME, f"{PHONE}x", "có", "", "")), "apply")
    keep(running, team, member, p=f"{PHONE}000")
    running.settle()
    assert NAME in sheet(running, f"/decisions/{decision}", running.here).text, "its own commune prints the name"
    assert running.do(READ, running.here, t=team, m=member)["fullName"] == NAME
    running.settle()
    captured = capsys.readouterr()
    assert "roster_imported" in captured.out, "what is logged is looked at here"
    for secret in ("Canary", "912345678"):
        assert secret not in captured.out + captured.err
        for path in running.gateway.settings.var_dir.rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path.name
