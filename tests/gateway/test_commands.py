"""Every mutation, with the real services behind it: what is written is read back by its token, by nobody else."""

from typing import Any
from uuid import uuid4

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, PROVINCE, THERE, Running


def visit(household: str, hamlet: str, team: str, **more: Any) -> dict[str, Any]:
    told = {"household": household, "hamlet": hamlet, "team": team, "visitedOn": "2026-11-10", "mode": "home"}
    return {**told, "services": ["VNEID_L2"], "outcome": "guided", **more}


def test_a_hamlet_is_read_back_with_its_token_at_once(running: Running) -> None:
    outcome = running.hamlet(running.here)
    assert outcome["accepted"], outcome
    found = running.gateway.data(
        '{ unit(code: "31843") { hamlets { nodes { id name commune { code } } } } }', after=outcome["token"]
    )
    node = {"id": outcome["id"], "name": "Ấp Nội Ô", "commune": {"code": "31843"}}
    assert found["unit"]["hamlets"]["nodes"] == [node]
    document = 'query($t: String!) { unit(code: "31843", afterToken: $t) { hamlets { totalCount } } }'
    assert running.gateway.data(document, t=outcome["token"])["unit"]["hamlets"]["totalCount"] == 1


def test_nobody_registers_elsewhere_and_what_is_not_there_answers_the_same(running: Running) -> None:
    elsewhere, nowhere = running.hamlet(running.there), running.hamlet(running.there, uuid4())
    assert (elsewhere["code"], elsewhere["message"]) == (nowhere["code"], nowhere["message"])
    assert elsewhere["code"] == "NOT_FOUND"
    assert running.hamlet(running.gateway.token(Role.TEAM_LEADER, HERE))["code"] == "FORBIDDEN"
    assert running.hamlet(running.province)["accepted"]


def test_the_application_starts_and_stops_with_its_forwarder(running: Running) -> None:
    with running.gateway.client as client:
        assert client.get("/ready").json() == {"ready": True}


def test_without_a_token_no_command_is_taken(running: Running) -> None:
    document = 'mutation { voidVisit(id: "019a0000-0000-7000-8000-000000000001", reason: "other") { accepted } }'
    assert running.gateway.code(document) == "UNAUTHENTICATED"


def test_the_same_command_id_is_done_once_and_answered_the_same(running: Running) -> None:
    key = str(uuid4())
    first, second = running.hamlet(running.here, k=key), running.hamlet(running.here, k=key)
    assert first == second
    assert running.hamlet(running.here, name="Ấp Khác", k=key)["code"] == "COMMAND_ID_REUSED"
    found = running.gateway.data('{ unit(code: "31843") { hamlets { totalCount } } }', after=first["token"])
    assert found["unit"]["hamlets"]["totalCount"] == 1


def test_a_refusal_of_the_service_comes_with_code_field_and_words(running: Running) -> None:
    refused = running.team(running.here, str(uuid4()))
    assert (refused["accepted"], refused["code"], refused["field"]) == (False, "HAMLET_UNKNOWN", "hamlets")
    assert refused["message"] == "Chưa có ấp, khóm này."


def test_members_come_and_go(running: Running) -> None:
    _, team, _ = running.founded()
    appoint = f"""mutation($t: ID!) {{ appointMember(team: $t, role: LEADER, organisation: "Đoàn Thanh niên",
        appointedOn: "2025-08-02") {OUTCOME} }}"""
    assert running.do(appoint, running.there, t=team)["code"] == "NOT_FOUND"
    assert running.do(appoint, running.member(team), t=team)["code"] == "FORBIDDEN"
    appointed = running.do(appoint, running.here, t=team)
    assert appointed["accepted"], appointed
    read = "query($t: ID!) { team(id: $t) { members { nodes { id role standDown: stoodDownOn } } } }"
    leader = {"id": appointed["id"], "role": "leader", "standDown": None}
    found = running.gateway.data(read, running.here, appointed["token"], t=team)
    assert found["team"]["members"]["nodes"] == [leader]
    leave = f"""mutation($t: ID!, $m: ID!) {{
        standDownMember(team: $t, member: $m, stoodDownOn: "2026-01-31") {OUTCOME} }}"""
    gone = running.do(leave, running.here, t=team, m=appointed["id"])
    assert gone["accepted"], gone
    found = running.gateway.data(read, running.here, gone["token"], t=team)
    assert found["team"]["members"]["nodes"] == []
    past = read.replace("members", "members(past: true)")
    assert running.gateway.data(past, running.here, t=team)["team"]["members"]["nodes"] == [
        leader | {"standDown": "2026-01-31"}
    ]


def test_a_visit_is_recorded_corrected_and_voided_by_its_own_team_only(running: Running) -> None:
    hamlet, team, household = running.founded()
    mine = running.member(team)
    stranger = running.gateway.token(Role.TEAM_MEMBER, HERE, served=(uuid4(),))
    record = f"mutation($v: VisitInput!) {{ recordVisit(visit: $v) {OUTCOME} }}"
    told = visit(household, hamlet, team)
    for token in (stranger, running.there, running.gateway.token(Role.BODY_HANDLER, HERE, body="POLICE")):
        assert running.do(record, token, v=told)["code"] in {"NOT_FOUND", "FORBIDDEN"}
    recorded = running.do(record, mine, v=told)
    assert recorded["accepted"], recorded
    read = "{ visits { nodes { id status services outcome visitedOn reason hamlet { name } team { id } } } }"
    shown = running.gateway.data(read, mine, recorded["token"])["visits"]["nodes"]
    assert shown[0]["id"] == recorded["id"]
    assert (shown[0]["status"], shown[0]["services"], shown[0]["hamlet"]) == (
        "recorded",
        ["VNEID_L2"],
        {"name": "Ấp Nội Ô"},
    )
    correct = f"""mutation($i: ID!, $v: VisitInput!) {{
        correctVisit(id: $i, visit: $v, reason: "wrong_date") {OUTCOME} }}"""
    better = visit(household, hamlet, team, visitedOn="2026-11-11")
    assert running.do(correct, stranger, i=recorded["id"], v=better)["code"] == "NOT_FOUND"
    corrected = running.do(correct, running.here, i=recorded["id"], v=better)
    assert corrected["accepted"], corrected
    shown = running.gateway.data(read, mine, corrected["token"])["visits"]["nodes"]
    assert (shown[0]["status"], shown[0]["visitedOn"], shown[0]["reason"]) == ("corrected", "2026-11-11", "wrong_date")
    void = f'mutation($i: ID!) {{ voidVisit(id: $i, reason: "duplicate") {OUTCOME} }}'
    assert running.do(void, stranger, i=recorded["id"])["code"] == "NOT_FOUND"
    voided = running.do(void, mine, i=recorded["id"])
    assert voided["accepted"], voided
    shown = running.gateway.data(read, mine, voided["token"])["visits"]["nodes"]
    assert [each["status"] for each in shown] == ["voided"]


def test_in_a_batch_each_visit_stands_for_itself_and_moves_coverage(running: Running) -> None:
    hamlet, team, household = running.founded()
    mine, key = running.member(team), str(uuid4())
    batch = f"mutation($v: [VisitInput!]!) {{ recordVisits(visits: $v) {OUTCOME} }}"
    told = [
        visit(household, hamlet, team, commandId=key),
        visit(household, hamlet, str(uuid4())),
        visit(household, hamlet, team, visitedOn="hôm qua"),
        visit(household, hamlet, team, visitedOn="2027-01-01"),
        visit("không phải mã", hamlet, team),
        visit(household, hamlet, "x"),
        visit(household, hamlet, team, outcome="bay", commandId=str(uuid4())),
        visit(household, hamlet, team, mode=None),
        {"household": household, "hamlet": hamlet},
    ]
    outcomes = running.gateway.data(batch, mine, v=told)["recordVisits"]
    assert [o["accepted"] for o in outcomes] == [True] + [False] * 8
    codes = ["NOT_FOUND", "INVALID", "DAY_IN_FUTURE", "INVALID", "INVALID_INPUT", "INVALID", "INVALID", "INVALID_INPUT"]
    assert [o["code"] for o in outcomes[1:]] == codes
    named = ["team", "visitedOn", "visitedOn", "household", "team", "outcome", "mode", "team"]
    assert [o["field"] for o in outcomes[1:]] == named
    again = running.gateway.data(batch, mine, v=told[:1])["recordVisits"]
    assert again == outcomes[:1]
    running.settle()
    document = '{ unit(code: "31843") { coverage { households guidedInQuarter guidedSincePlan rateInQuarter } } }'
    coverage = running.gateway.data(document, running.here)["unit"]["coverage"]
    assert coverage["households"] == 1
    assert coverage["guidedInQuarter"] == 1
    assert coverage["rateInQuarter"] == "100.0"


def test_households_corrections_and_voidings_come_in_batches_too_each_for_itself(running: Running) -> None:
    hamlet, team, household = running.founded()
    mine = running.member(team)
    elsewhere = running.hamlet(running.there, commune=THERE)["id"]
    running.settle()
    tell = running.gateway.data

    households = f"mutation($h: [HouseholdInput!]!) {{ registerHouseholds(households: $h) {OUTCOME} }}"
    made = str(uuid4())
    told = [
        {"hamlet": hamlet, "household": made, "commandId": made},
        {"hamlet": hamlet, "registeredOn": "hôm qua"},
        {"hamlet": elsewhere},
        {"household": made},
    ]
    outcomes = tell(households, mine, h=told)["registerHouseholds"]
    assert [(o["code"], o["field"]) for o in outcomes] == [
        ("", ""), ("INVALID", "registeredOn"), ("NOT_FOUND", "hamlet"), ("INVALID_INPUT", "hamlet")
    ]  # fmt: skip
    assert outcomes[0]["id"] == made
    assert tell(households, mine, h=told[:1])["registerHouseholds"] == outcomes[:1]

    record = f"mutation($v: [VisitInput!]!) {{ recordVisits(visits: $v) {OUTCOME} }}"
    first, second = tell(record, mine, v=[visit(household, hamlet, team), visit(made, hamlet, team)])["recordVisits"]
    running.settle()

    correct = f"mutation($c: [CorrectionInput!]!) {{ correctVisits(corrections: $c) {OUTCOME} }}"
    better = visit(household, hamlet, team, visitedOn="2026-11-11")
    told = [
        {"id": first["id"], "visit": better, "reason": "wrong_date"},
        {"id": first["id"], "visit": better, "reason": "vui"},
        {"id": first["id"], "visit": better | {"team": str(uuid4())}, "reason": "wrong_date"},
        {"id": str(uuid4()), "visit": better, "reason": "wrong_date"},
        {"visit": better},
        {"id": first["id"]},
    ]
    outcomes = tell(correct, mine, c=told)["correctVisits"]
    assert [(o["code"], o["field"]) for o in outcomes] == [
        ("", ""), ("INVALID", "reason"), ("NOT_FOUND", "team"), ("NOT_FOUND", "id"),
        ("INVALID_INPUT", "id"), ("INVALID_INPUT", "team"),
    ]  # fmt: skip

    void = f"mutation($v: [VoidingInput!]!) {{ voidVisits(voidings: $v) {OUTCOME} }}"
    told = [{"id": second["id"], "reason": "duplicate"}, {"id": first["id"]}, {"id": "x", "reason": "duplicate"}]
    outcomes = tell(void, mine, v=told)["voidVisits"]
    assert [(o["code"], o["field"]) for o in outcomes] == [("", ""), ("INVALID", "reason"), ("INVALID_INPUT", "id")]
    running.settle()
    shown = {v["id"]: v for v in tell("{ visits { nodes { id status visitedOn } } }", mine)["visits"]["nodes"]}
    assert (shown[first["id"]]["status"], shown[first["id"]]["visitedOn"]) == ("corrected", "2026-11-11")
    assert shown[second["id"]]["status"] == "voided"
    stranger = running.gateway.token(Role.TEAM_MEMBER, HERE, served=(uuid4(),))
    refused = tell(void, stranger, v=[{"id": first["id"], "reason": "duplicate"}])["voidVisits"]
    assert [o["code"] for o in refused] == ["NOT_FOUND"]


def test_a_full_batch_of_500_passes_and_501_do_not(running: Running) -> None:
    hamlet, team, household = running.founded()
    batch = "mutation($v: [VisitInput!]!) { recordVisits(visits: $v) { accepted } }"
    told = [visit(household, hamlet, team, visit=str(uuid4()), commandId=str(uuid4())) for _ in range(501)]
    done = running.gateway.data(batch, running.member(team), v=told[:500])["recordVisits"]
    assert all(each["accepted"] for each in done)
    assert len(done) == 500
    assert running.gateway.code(batch, running.member(team), v=told) == "INVALID_INPUT"


SUBMIT = f"""mutation($c: String!, $text: String!, $name: String, $phone: String, $consent: Boolean) {{ submitFeedback(
    category: "ACC_L2", service: "VNEID_L2", commune: $c, text: $text, contactName: $name, contactPhone: $phone,
    consent: $consent) {OUTCOME} }}"""
READ = """mutation($c: ID!) { readCase(case: $c, purpose: HANDLE_CASE) {
    accepted text answer contactName contactPhone code } }"""
ANSWER = f'mutation($c: ID!) {{ answerFeedback(case: $c, text: "Mời Ông/Bà đến công an xã.") {OUTCOME} }}'
ERASE = f"mutation($c: ID!) {{ erasePerson(case: $c) {OUTCOME} }}"


def submitted(running: Running) -> str:
    told = {"text": "Không kích hoạt được VNeID", "name": "Nguyễn Thị Ví Dụ", "phone": "0900000000"}
    outcome = running.do(SUBMIT, running.here, c="31843", consent=True, **told)
    assert outcome["accepted"], outcome
    running.settle()
    return str(outcome["id"])


def test_a_case_goes_from_submission_to_answer_to_erasure(running: Running) -> None:
    case = submitted(running)
    read = running.do(READ, running.here, c=case)
    assert read == {
        "accepted": True,
        "text": "Không kích hoạt được VNeID",
        "answer": None,
        "contactName": "Nguyễn Thị Ví Dụ",
        "contactPhone": "0900000000",
        "code": None,
    }
    assert running.do(READ, running.province, c=case)["contactPhone"] is None, "contact is for who handles the case"
    answered = running.do(ANSWER, running.here, c=case)
    assert answered["accepted"], answered
    listed = "{ cases(status: ANSWERED) { totalCount nodes { status answeredOn erased channel hasContact } } }"
    assert running.gateway.data(listed, running.here, answered["token"])["cases"]["nodes"] == [
        {"status": "ANSWERED", "answeredOn": "2026-11-20", "erased": False, "channel": "official", "hasContact": True}
    ]
    assert running.do(READ, running.here, c=case)["answer"] == "Mời Ông/Bà đến công an xã."
    erased = running.do(ERASE, running.here, c=case)
    assert erased["accepted"], erased
    assert running.gateway.data(listed, running.here, erased["token"])["cases"]["nodes"][0]["erased"]
    gone = running.do(READ, running.here, c=case)
    assert gone["text"] is None


def test_other_words_under_the_same_command_id_are_told_and_the_same_words_change_nothing(running: Running) -> None:
    case, key = submitted(running), str(uuid4())
    answer = f"""mutation($c: ID!, $t: String!, $k: ID) {{
        answerFeedback(case: $c, text: $t, commandId: $k) {OUTCOME} }}"""
    first = running.do(answer, running.here, c=case, t="Mời đến xã.", k=key)
    assert first["accepted"], first
    assert running.do(answer, running.here, c=case, t="Mời đến xã.", k=key) == first
    assert running.do(answer, running.here, c=case, t="Mời đến huyện.", k=key)["code"] == "COMMAND_ID_REUSED"
    assert running.do(READ, running.here, c=case)["answer"] == "Mời đến xã."

    submit = SUBMIT.replace("mutation(", "mutation($k: ID, ").replace(
        "submitFeedback(", "submitFeedback(commandId: $k,"
    )
    told: dict[str, Any] = {"c": "31843", "name": "Nguyễn Thị Ví Dụ", "consent": True, "k": str(uuid4())}
    made = running.do(submit, running.here, text="Không vào được.", **told)
    assert made["accepted"], made
    assert running.do(submit, running.here, text="Không vào được.", **told) == made
    assert running.do(submit, running.here, text="Máy hỏng.", **told)["code"] == "COMMAND_ID_REUSED"
    assert (
        running.do(submit, running.here, text="Không vào được.", **told | {"name": "A"})["code"] == "COMMAND_ID_REUSED"
    )


def test_a_case_elsewhere_cannot_be_read_answered_or_erased_nor_told_from_none(running: Running) -> None:
    case = submitted(running)
    bank = running.gateway.token(Role.BODY_HANDLER, PROVINCE, body="BANK")
    police = running.gateway.token(Role.BODY_HANDLER, PROVINCE, body="POLICE")
    for document in (READ, ANSWER, ERASE):
        answers = [running.do(document, running.there, c=c) for c in (case, str(uuid4()))]
        assert answers[0] == answers[1]
        assert answers[0]["code"] == "NOT_FOUND"
        assert running.do(document, bank, c=case)["code"] in {"NOT_FOUND", "FORBIDDEN"}
        assert running.do(document, running.gateway.token(Role.TEAM_LEADER, HERE), c=case)["code"] == "FORBIDDEN"
    assert running.do(READ, police, c=case)["contactPhone"] == "0900000000"


def test_contact_without_consent_is_refused_and_sent_nowhere(running: Running) -> None:
    outcome = running.do(SUBMIT, running.here, c="31843", text="x", phone="0900000000", consent=False)
    assert (outcome["code"], outcome["field"]) == ("INVALID_INPUT", "consent")
    assert running.do(SUBMIT, running.here, c="31843", text="  ", consent=False)["field"] == "text"
    assert running.do(SUBMIT, running.here, c="31843", text="x" * 5001, consent=False)["field"] == "text"


def test_what_people_write_lies_in_no_file_of_the_system(running: Running) -> None:
    case = submitted(running)
    assert running.do(ANSWER, running.here, c=case)["accepted"]
    running.settle()
    canaries = ("Nguyễn Thị Ví Dụ", "0900000000", "Không kích hoạt được", "đến công an xã")
    for file in running.gateway.settings.var_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [c for c in canaries if c.encode() in content], file.name
