"""Good practices through GraphQL: proposed by officials, read by everybody once shared, found without marks."""

from typing import Any
from uuid import uuid4

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_campaigns import do, material, team_with_leader

PROPOSE = f"""mutation($u: String, $t: ID, $n: String!, $d: String!, $m: ID, $p: ID) {{ proposeGoodPractice(
    unit: $u, team: $t, name: $n, done: $d, topic: "VNEID_L2", material: $m, proposedOn: "2026-11-10", practice: $p)
    {OUTCOME} }}"""
SHARE = f'mutation($p: ID!) {{ shareGoodPractice(practice: $p, sharedOn: "2026-11-12") {OUTCOME} }}'
WITHDRAW = f'mutation($p: ID!) {{ withdrawGoodPractice(practice: $p, withdrawnOn: "2026-11-19") {OUTCOME} }}'
LIST = """query($u: String, $x: String, $t: String, $s: GoodPracticeStatus, $f: Int, $a: String) { goodPractices(
    unit: $u, text: $x, topic: $t, status: $s, first: $f, after: $a) { totalCount nodes { id name }
    pageInfo { hasNextPage endCursor } } }"""
DONE = "Mỗi sáng thứ bảy Tổ đặt bàn ở chợ, bà con ghé làm."


def proposed(running: Running, token: str | None = None, **told: Any) -> str:
    outcome = do(running, PROPOSE, token or running.here, **{"n": "Bàn VNeID ở chợ", "d": DONE, **told})
    assert outcome["accepted"], outcome
    return str(outcome["id"])


def shared(running: Running, practice: str, token: str | None = None) -> str:
    outcome = do(running, SHARE, token or running.here, p=practice)
    assert outcome["accepted"], outcome
    running.settle()
    return practice


def names(running: Running, token: str | None = None, **asked: Any) -> list[str]:
    running.settle()
    found = running.gateway.data(LIST, token, **asked)["goodPractices"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


def test_everybody_reads_what_was_shared_with_its_place_team_and_material(running: Running) -> None:
    team, _ = team_with_leader(running, running.here, HERE)
    about = material(running, "2026-11-04")
    practice = proposed(running, t=team, m=about)
    assert names(running) == []
    shared(running, practice)
    whole = """{ goodPractices { nodes { id name done unit { code } teamName topic material { id name link } status
        proposedOn sharedOn withdrawnOn } } }"""
    (node,) = running.gateway.data(whole)["goodPractices"]["nodes"]
    assert node.pop("material").pop("link").startswith("/tai-lieu/")
    assert node == {
        "id": practice,
        "name": "Bàn VNeID ở chợ",
        "done": DONE,
        "unit": {"code": "31843"},
        "teamName": "Tổ CNSCĐ ấp Nội Ô",
        "topic": "VNEID_L2",
        "status": "SHARED",
        "proposedOn": "2026-11-10",
        "sharedOn": "2026-11-12",
        "withdrawnOn": None,
    }
    withdraw = f'mutation($m: ID!) {{ withdrawMaterial(material: $m, withdrawnOn: "2026-11-19") {OUTCOME} }}'
    assert do(running, withdraw, m=about)["accepted"]
    running.settle()
    (node,) = running.gateway.data(whole)["goodPractices"]["nodes"]
    assert node["material"] is None, "handed out no more"


def test_it_is_found_by_place_topic_and_words_without_marks(running: Running) -> None:
    here = shared(running, proposed(running, u="31843"))
    told = {"n": "Đường dây hỏi đáp", "d": "Nhóm Zalo của xã trả lời trong ngày."}
    shared(running, proposed(running, running.there, u="31849", **told), running.there)
    assert names(running, u="31843") == ["Bàn VNeID ở chợ"]
    assert sorted(names(running, u="96")) == ["Bàn VNeID ở chợ", "Đường dây hỏi đáp"]
    assert names(running, x="ban cho") == ["Bàn VNeID ở chợ"]
    assert names(running, x="DUONG DAY") == ["Đường dây hỏi đáp"]
    assert names(running, x="trả lời zalo") == ["Đường dây hỏi đáp"]
    assert names(running, x="duong cho") == []
    assert names(running, t="VNEID_L3") == []
    first = running.gateway.data(LIST, None, f=1)["goodPractices"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    rest = running.gateway.data(LIST, None, f=1, a=first["pageInfo"]["endCursor"])["goodPractices"]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert here in {first["nodes"][0]["id"], rest["nodes"][0]["id"]}
    assert first["nodes"] != rest["nodes"]


def test_proposals_and_what_was_withdrawn_are_for_officials_of_the_place(running: Running) -> None:
    practice = proposed(running, u="31843")
    leader = running.gateway.token(Role.TEAM_LEADER, HERE, served=())
    running.settle()
    assert running.gateway.code(LIST, s="PROPOSED") == "UNAUTHENTICATED"
    assert names(running, running.here, s="PROPOSED") == names(running, running.province, s="PROPOSED") != []
    assert names(running, running.there, s="PROPOSED") == names(running, leader, s="PROPOSED") == []
    shared(running, practice)
    assert names(running, running.here, s="PROPOSED") == []
    assert do(running, WITHDRAW, running.here, p=practice)["accepted"]
    assert names(running) == []
    assert names(running, running.here, s="WITHDRAWN") == ["Bàn VNeID ở chợ"]
    assert names(running, running.there, s="WITHDRAWN") == []


def test_officials_write_about_their_own_places_and_teams_only(running: Running) -> None:
    team, _ = team_with_leader(running, running.here, HERE)
    told = {"n": "X", "d": "Y"}
    leader = running.gateway.token(Role.TEAM_LEADER, HERE, served=())
    assert do(running, PROPOSE, leader, u="31843", **told)["code"] == "FORBIDDEN"
    assert do(running, PROPOSE, running.here, u="31849", **told)["code"] == "NOT_FOUND"
    assert do(running, PROPOSE, running.here, u="96", **told)["code"] == "NOT_FOUND"
    assert do(running, PROPOSE, running.there, t=team, **told)["code"] == "NOT_FOUND"
    assert do(running, PROPOSE, running.here, t=str(uuid4()), **told)["code"] == "NOT_FOUND"
    for both in ({}, {"u": "31843", "t": team}):
        assert do(running, PROPOSE, running.here, **both, **told)["field"] == "unit"
    practice = proposed(running, u="31843")
    for document in (SHARE, WITHDRAW):
        assert do(running, document, running.there, p=practice)["code"] == "NOT_FOUND"
        assert do(running, document, leader, p=practice)["code"] == "FORBIDDEN"
    stolen = do(running, PROPOSE, running.there, u="31849", p=practice, **told)
    assert stolen["code"] == "NOT_FOUND", "nobody writes over what is of others"
    assert proposed(running, u="31843", n="Tên mới", p=practice) == practice
    assert do(running, SHARE, running.province, p=practice)["accepted"], "the province shares as well"
    assert names(running) == ["Tên mới"]


def test_a_text_with_somebody_s_number_is_refused_by_the_argument_s_name(running: Running) -> None:
    refused = do(running, PROPOSE, running.here, u="31843", n="Bàn ở chợ", d="Gọi 0912 345 678")
    assert (refused["code"], refused["field"]) == ("PRIVATE_NUMBER", "done")
