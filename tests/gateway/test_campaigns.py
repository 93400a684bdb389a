"""Topic campaigns through GraphQL: which teams had material and training before the first day, and which had not."""

from typing import Any

from gateway.viewer import Role
from tests.gateway.media import pdf
from tests.gateway.running import HERE, OUTCOME, THERE, Running
from tests.gateway.test_learning import HOLD
from tests.gateway.test_materials import APPROVE, DRAFT, OPINION, PUBLISH, upload
from tests.gateway.test_policies import appoint

OPEN = f"""mutation($u: String!, $p: String!, $n: String!) {{ openCampaign(unit: $u, topic: "VNEID_L2", name: $n,
    period: $p) {OUTCOME} }}"""
CALL_OFF = f"mutation($c: ID!) {{ callOffCampaign(campaign: $c) {OUTCOME} }}"
COURSE = (
    f"""mutation($t: [String!]!) {{ catalogueCourse(name: "VNeID", topics: $t, provider: "Sở KH&CN") {OUTCOME} }}"""
)
SCHEDULE = f"""mutation($u: String!, $c: ID!, $d: Date!) {{ scheduleTraining(unit: $u, course: $c,
    name: "Tập huấn VNeID", mode: ONLINE, organiser: "Sở KH&CN", firstDay: $d, lastDay: $d) {OUTCOME} }}"""
READINESS = """query($c: ID!, $r: Boolean) { topicReadiness(campaign: $c, ready: $r) { totalCount nodes { team { id }
    ready reasons { code message } material { name } training trainedOn } } }"""


def do(running: Running, document: str, token: str | None = None, **told: Any) -> dict[str, Any]:
    running.settle()
    return running.do(document, token or running.province, **told)


def opened(running: Running, unit: str = "96", period: str = "2026-12") -> str:
    outcome = do(running, OPEN, u=unit, p=period, n="Chuyên đề VNeID")
    assert outcome["accepted"], outcome
    running.settle()
    return str(outcome["id"])


def team_with_leader(running: Running, token: str, commune: Any) -> tuple[str, str]:
    hamlet = running.hamlet(token, commune)["id"]
    running.settle()
    team = running.team(token, hamlet, commune=commune)["id"]
    running.settle()
    member = appoint(running, team, "LEADER", None) if commune == HERE else None
    return team, member["id"] if member else ""


def material(running: Running, published_on: str, unit: str = "96", topic: str = "VNEID_L2") -> str:
    file = upload(running, pdf(published_on + unit)).json()["file"]
    about = str(do(running, DRAFT, f=file, l="vi", u=unit, t=topic)["id"])
    assert do(running, OPINION, m=about, y=True)["accepted"]
    assert do(running, APPROVE, m=about)["accepted"]
    outcome = do(running, PUBLISH, m=about, d=published_on)
    assert outcome["accepted"], outcome
    return about


def training(running: Running, day: str, *attended: str, topics: tuple[str, ...] = ("DVCQG", "VNEID_L2")) -> None:
    course = do(running, COURSE, t=list(topics))["id"]
    planned = do(running, SCHEDULE, u="96", c=course, d=day)
    assert planned["accepted"], planned
    held = do(running, HOLD.replace("2026-03-03", day), t=planned["id"], a=list(attended))
    assert held["accepted"], held


def readiness(running: Running, campaign: str, token: str | None = None, **asked: Any) -> dict[str, list[str]]:
    """Codes of the reasons by team."""
    running.settle()
    found = running.gateway.data(READINESS, token or running.province, c=campaign, **asked)["topicReadiness"]
    assert found["totalCount"] == len(found["nodes"])
    for node in found["nodes"]:
        codes = [reason["code"] for reason in node["reasons"]]
        assert node["ready"] == (codes == ["MATERIAL_PUBLISHED", "TRAINING_ATTENDED"])
    return {node["team"]["id"]: [reason["code"] for reason in node["reasons"]] for node in found["nodes"]}


def test_a_team_is_ready_with_material_and_training_before_the_first_day(running: Running) -> None:
    here, leader = team_with_leader(running, running.here, HERE)
    there, _ = team_with_leader(running, running.there, THERE)
    campaign = opened(running)
    nothing = ["MATERIAL_MISSING", "TRAINING_MISSING"]
    assert readiness(running, campaign) == {here: nothing, there: nothing}
    material(running, "2026-11-04")
    assert readiness(running, campaign)[here] == ["MATERIAL_PUBLISHED", "TRAINING_MISSING"]
    training(running, "2026-11-10", leader)
    ready, not_ready = ["MATERIAL_PUBLISHED", "TRAINING_ATTENDED"], ["MATERIAL_PUBLISHED", "TRAINING_NOT_ATTENDED"]
    assert readiness(running, campaign) == {here: ready, there: not_ready}
    assert readiness(running, campaign, r=True) == {here: ready}
    assert readiness(running, campaign, r=False) == {there: not_ready}
    (node,) = running.gateway.data(READINESS, running.here, c=campaign)["topicReadiness"]["nodes"]
    assert node == {
        "team": {"id": here},
        "ready": True,
        "reasons": [
            {
                "code": "MATERIAL_PUBLISHED",
                "message": "Đã có tài liệu “Kích hoạt VNeID / mức 2”, ban hành ngày 04/11/2026.",
            },
            {"code": "TRAINING_ATTENDED", "message": "Tổ đã dự lớp “Tập huấn VNeID” ngày 10/11/2026."},
        ],
        "material": {"name": "Kích hoạt VNeID / mức 2"},
        "training": "Tập huấn VNeID",
        "trainedOn": "2026-11-10",
    }


def test_what_came_on_the_first_day_or_about_something_else_came_too_late(running: Running) -> None:
    here, leader = team_with_leader(running, running.here, HERE)
    campaign = opened(running, period="2026-11")
    material(running, "2026-11-03", topic="VNEID")
    training(running, "2026-10-20", leader, topics=("VNEID", "VNEID_L2X"))
    assert readiness(running, campaign)[here] == ["MATERIAL_MISSING", "TRAINING_MISSING"], "of another topic"
    late = do(running, OPEN, u="96", p="2026-Q4", n="Quý IV")["id"]
    material(running, "2026-11-04")
    training(running, "2026-11-01", leader)
    assert readiness(running, campaign)[here] == ["MATERIAL_MISSING", "TRAINING_MISSING"], "not before 1 November"
    assert readiness(running, late)[here] == ["MATERIAL_MISSING", "TRAINING_MISSING"]
    (node,) = running.gateway.data(READINESS, running.here, c=campaign)["topicReadiness"]["nodes"]
    assert [reason["message"] for reason in node["reasons"]] == [
        "Chưa có tài liệu về chuyên đề này được ban hành trước ngày 01/11/2026.",
        "Chưa có lớp tập huấn nào về chuyên đề này diễn ra trước ngày 01/11/2026.",
    ]
    assert readiness(running, opened(running, period="2027"))[here] == ["MATERIAL_PUBLISHED", "TRAINING_ATTENDED"]


def test_material_of_another_commune_helps_nobody_here_and_withdrawn_one_nobody(running: Running) -> None:
    here, _ = team_with_leader(running, running.here, HERE)
    there, _ = team_with_leader(running, running.there, THERE)
    campaign = opened(running)
    about = material(running, "2026-11-04", unit="31849")
    found = readiness(running, campaign)
    assert (found[here][0], found[there][0]) == ("MATERIAL_MISSING", "MATERIAL_PUBLISHED")
    withdraw = f'mutation($m: ID!) {{ withdrawMaterial(material: $m, withdrawnOn: "2026-11-19") {OUTCOME} }}'
    assert do(running, withdraw, m=about)["accepted"]
    assert readiness(running, campaign)[there][0] == "MATERIAL_MISSING"
    assert readiness(running, campaign, r=True) == {}


def test_everybody_sees_a_campaign_and_each_their_own_teams(running: Running) -> None:
    here, _ = team_with_leader(running, running.here, HERE)
    there, _ = team_with_leader(running, running.there, THERE)
    campaign = opened(running)
    own = opened(running, "31849", "2027")
    leader = running.gateway.token(Role.TEAM_LEADER, HERE, served=())
    assert set(readiness(running, campaign)) == {here, there}
    assert set(readiness(running, campaign, running.there)) == {there}
    assert readiness(running, campaign, leader) == {}
    assert set(readiness(running, campaign, running.member(here))) == {here}
    assert set(readiness(running, own)) == {there}
    asked = """query($u: String, $d: Date) { campaigns(unit: $u, asOf: $d) { totalCount nodes { id unit { code } topic
        name period cadence firstDay lastDay status } } }"""
    found = running.gateway.data(asked, leader, u="31843")["campaigns"]
    assert found == {
        "totalCount": 1,
        "nodes": [
            {
                "id": campaign,
                "unit": {"code": "96"},
                "topic": "VNEID_L2",
                "name": "Chuyên đề VNeID",
                "period": "2026-12",
                "cadence": "MONTH",
                "firstDay": "2026-12-01",
                "lastDay": "2026-12-31",
                "status": "OPEN",
            }
        ],
    }
    both = running.gateway.data(asked, leader, u="31849")["campaigns"]["nodes"]
    assert [node["id"] for node in both] == [own, campaign]
    assert running.gateway.data(asked, leader, d="2026-11-30")["campaigns"]["totalCount"] == 0
    assert running.gateway.data(asked, leader, d="2026-12-01")["campaigns"]["totalCount"] == 1
    assert running.gateway.code(asked) == "UNAUTHENTICATED"
    assert running.gateway.code(READINESS, leader, c=here) == "NOT_FOUND"


def test_one_reads_the_campaign_one_has_just_opened(running: Running) -> None:
    outcome = running.do(OPEN, running.here, u="31843", p="2027", n="Cả năm")
    asked = "query($c: ID!) { campaign(id: $c) { cadence firstDay lastDay } }"
    assert running.gateway.data(asked, running.here, outcome["token"], c=outcome["id"])["campaign"] == {
        "cadence": "YEAR",
        "firstDay": "2027-01-01",
        "lastDay": "2027-12-31",
    }


def test_officials_open_and_call_off_campaigns_of_their_units_only(running: Running) -> None:
    assert do(running, OPEN, running.here, u="96", p="2027", n="X")["code"] == "NOT_FOUND"
    assert do(running, OPEN, running.gateway.token(Role.TEAM_LEADER, HERE), u="31843", p="2027", n="X")["code"] == (
        "FORBIDDEN"
    )
    campaign = opened(running)
    assert opened(running) == campaign, "told again it is the same one"
    refused = do(running, OPEN, u="96", p="2026-12", n="Tên khác")
    assert (refused["code"], refused["field"]) == ("CAMPAIGN_EXISTS", "name")
    assert do(running, OPEN, u="96", p="2026-Q9", n="X")["field"] == "period"
    assert do(running, CALL_OFF, running.here, c=campaign)["code"] == "NOT_FOUND"
    assert do(running, CALL_OFF, c=campaign)["accepted"]
    running.settle()
    asked = 'query($c: ID!) { campaign(id: $c) { status } campaigns(asOf: "2026-12-05") { totalCount } }'
    assert running.gateway.data(asked, running.here, c=campaign) == {
        "campaign": {"status": "CALLED_OFF"},
        "campaigns": {"totalCount": 0},
    }


def test_who_leads_a_campaign_and_how_all_work_together_is_told_with_it_or_later(running: Running) -> None:
    told = """organiser: "Đoàn xã", participants: ["youth_union", "teachers", "pupils"], coordinationPlan: "15/KHPH" """
    open_it = f"""mutation($u: String!) {{ openCampaign(unit: $u, topic: "VNEID_L2", name: "Chuyên đề",
        period: "2026-12", {told}) {OUTCOME} }}"""
    campaign = do(running, open_it, u="31843")["id"]
    asked = "query($c: ID!) { campaign(id: $c) { organiser participants coordinationPlan } }"

    def found() -> dict[str, Any]:
        running.settle()
        answer: dict[str, Any] = running.gateway.data(asked, running.here, c=campaign)["campaign"]
        return answer

    words = {"organiser": "Đoàn xã", "participants": ["youth_union", "teachers", "pupils"]}
    assert found() == {**words, "coordinationPlan": "15/KHPH"}
    plan = f"mutation($c: ID!, $p: [String!]) {{ planCampaign(campaign: $c, participants: $p) {OUTCOME} }}"
    assert do(running, plan, running.there, c=campaign)["code"] == "NOT_FOUND"
    assert do(running, plan, running.gateway.token(Role.TEAM_LEADER, HERE), c=campaign)["code"] == "FORBIDDEN"
    strange = do(running, plan, running.here, c=campaign, p=["everybody"])
    assert (strange["accepted"], strange["field"].partition(".")[0]) == (False, "participants")
    assert do(running, plan, running.here, c=campaign, p=["pupils"])["accepted"]
    assert found() == {"organiser": None, "participants": ["pupils"], "coordinationPlan": None}
    plain = do(running, OPEN, u="31849", p="2027", n="Cả năm")["id"]
    running.settle()
    untold = running.gateway.data(asked, running.here, c=plain)["campaign"]
    assert untold == {"organiser": None, "participants": [], "coordinationPlan": None}
