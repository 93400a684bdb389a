"""A resident's difficulty: from the public form to the right official, back to the resident, and away for ever."""

import re
from typing import Any

from gateway.tracking import check_digit
from tests.journeys.conftest import As
from tests.journeys.people import Official, Resident, Slip
from tests.journeys.systems import Running, eventually

HERE, ELSEWHERE = "32248", "32002"
"""Xã Đất Mũi, where the difficulties of this file lie, and Phường An Xuyên."""
FIELDS = "id category service body severity channel hasContact status erased commune { code }"
LISTED = f"{{ cases(first: 100) {{ totalCount nodes {{ {FIELDS} }} }} }}"
ANSWER = "Mời bà con mang căn cước đến bộ phận một cửa."


def reported(running: Running, official: Official, **options: Any) -> tuple[Resident, Slip, str]:
    """A difficulty sent through the form; who, the slip, and the case's id once `official` sees it."""
    before = {case["id"] for case in official.data(LISTED)["cases"]["nodes"]}
    resident = Resident(running.url)
    slip = resident.report("dat mui", "Xã Đất Mũi", **options)

    def arrived() -> set[str]:
        return {case["id"] for case in official.data(LISTED)["cases"]["nodes"]} - before

    return resident, slip, eventually(arrived, "the official sees the case").pop()


def test_it_comes_to_the_official_of_its_commune_and_to_no_other(running: Running, someone: As) -> None:
    official = someone("commune_official", HERE)
    outsiders = [someone("commune_official", ELSEWHERE), someone("body_handler", HERE, body="TELECOM")]
    seen_before = [each.data(LISTED)["cases"] for each in outsiders]
    _, _, case = reported(running, official)

    by_id = f'{{ case(id: "{case}") {{ {FIELDS} }} }}'
    found = official.data(by_id)["case"]
    expected = {"category": "ACC_FACE", "service": "VNEID_L2", "channel": "public_form", "hasContact": True}
    assert found | expected == found
    assert (found["commune"], found["status"], found["erased"]) == ({"code": HERE}, "RECEIVED", False)
    insiders = [someone("province_official", "96"), someone("body_handler", HERE, body=found["body"])]
    for insider in insiders:
        assert insider.data(by_id)["case"] == found
    for outsider, before in zip(outsiders, seen_before, strict=True):
        assert outsider.data(LISTED)["cases"] == before
        assert outsider.codes(by_id) == ["NOT_FOUND"]
        assert outsider.read_case(case)["code"] == "NOT_FOUND"
        assert outsider.tell("answerFeedback", case=case, text=ANSWER)["code"] == "NOT_FOUND"
        assert not outsider.tell("erasePerson", case=case)["accepted"]
    assert someone().codes(LISTED) == ["UNAUTHENTICATED"]


def test_the_official_reads_and_answers_and_the_resident_sees_the_answer(running: Running, someone: As) -> None:
    official = someone("commune_official", HERE)
    resident, slip, case = reported(running, official)
    waiting = resident.look(slip)
    assert waiting.status_code == 200
    assert "Đã nhận" in waiting.text and ANSWER not in waiting.text

    letter = official.read_case(case)
    assert letter["accepted"], letter
    assert (letter["text"], letter["contactName"], letter["contactPhone"]) == (
        resident.told,
        resident.name,
        resident.phone,
    )
    overseer = someone("province_official", "96").read_case(case)
    assert overseer["text"] == resident.told
    assert overseer["contactName"] is overseer["contactPhone"] is None

    token = official.done("answerFeedback", case=case, text=ANSWER)["token"]
    assert official.data(f'{{ case(id: "{case}") {{ status }} }}', after=token)["case"] == {"status": "ANSWERED"}
    answered = resident.look(slip)
    assert answered.status_code == 200 and ANSWER in answered.text
    for page in (waiting, answered):
        assert not any(word in page.text for word in (resident.told, resident.phone, resident.name))
    assert official.tell("answerFeedback", case=case, text="Lần hai")["code"] == "ALREADY_ANSWERED"


def test_a_wrong_pin_and_an_unknown_code_are_answered_alike(running: Running, someone: As) -> None:
    # Waited for until it has arrived: what comes late would be taken for the next test's report.
    resident, slip, _ = reported(running, someone("commune_official", HERE), call=False)
    other_pin = f"{(int(slip.pin) + 1) % 10_000:04d}"
    nobodys = f"{int(slip.code[:5]) ^ 1:05d}" + slip.code.replace(" ", "")[5:14]
    wrong = resident.look(Slip(slip.code, other_pin))
    unknown = resident.look(Slip(nobodys + check_digit(nobodys), slip.pin))
    assert wrong.status_code == unknown.status_code == 404
    assert without_code(wrong.text) == without_code(unknown.text)
    assert {name for name in wrong.headers if name != "date"} == {name for name in unknown.headers if name != "date"}
    assert resident.look(slip).status_code == 200


def without_code(page: str) -> str:
    """A page without the code that was typed."""
    return re.sub(r'value="[\d ]*"', "", page)


def test_nothing_personal_lies_in_clear_anywhere(running: Running, someone: As) -> None:
    official = someone("commune_official", HERE)
    resident, slip, case = reported(running, official)
    assert official.read_case(case)["contactPhone"] == resident.phone
    reply = f"tra-loi-{resident.told}"
    token = official.done("answerFeedback", case=case, text=reply)["token"]
    assert official.data(f'{{ case(id: "{case}") {{ status }} }}', after=token)["case"] == {"status": "ANSWERED"}
    assert reply in resident.look(slip).text

    secrets = [resident.told, resident.name, resident.phone, slip.code, slip.code.replace(" ", ""), official.token]
    found: dict[str, list[str]] = {secret: [] for secret in [*secrets, case]}
    for name, content in running.everything_kept():
        for secret, places in found.items():
            if secret.encode() in content:
                places.append(name)
    assert found.pop(case), "what is no secret must be found, or the search is worth nothing"
    assert not any(found.values()), {secret[:3]: places for secret, places in found.items() if places}


def test_an_erased_person_is_gone_while_the_figures_stay(running: Running, someone: As) -> None:
    official, overseer = someone("commune_official", HERE), someone("province_official", "96")
    resident, slip, case = reported(running, official)
    official.done("answerFeedback", case=case, text=ANSWER)
    totals = "{ cases { totalCount } }"
    before = [each.data(totals)["cases"]["totalCount"] for each in (official, overseer)]

    token = official.done("erasePerson", case=case)["token"]
    shown = official.data(f'{{ case(id: "{case}") {{ erased category commune {{ code }} }} }}', after=token)["case"]
    assert shown == {"erased": True, "category": "ACC_FACE", "commune": {"code": HERE}}
    for reader in (official, overseer):
        letter = reader.read_case(case)
        assert (letter["accepted"], letter["code"], letter["text"]) == (False, "PERSON_ERASED", None)
    assert official.tell("answerFeedback", case=case, text=ANSWER)["code"] == "PERSON_ERASED"
    page = resident.look(slip)
    assert page.status_code == 200 and "đã được xóa" in page.text and ANSWER not in page.text
    assert [each.data(totals)["cases"]["totalCount"] for each in (official, overseer)] == before
