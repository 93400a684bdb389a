"""Visit codes: handed out to those who serve, checked by residents at the door, worth nothing tomorrow."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.tracking import Tracker, check_digit
from gateway.viewer import Role
from gateway.visit_codes import code_of, is_visit_code, spaced
from tests.gateway.asking import NOW
from tests.gateway.pages.browsing import Reader
from tests.gateway.running import HERE, Running
from tests.gateway.test_contacts import KEEP, NAME, PHONE, serving
from tests.gateway.test_reorganisations import reorganise
from tests.gateway.test_teams import do

TODAY = date(2026, 11, 20)
CODES = "query($t: ID!, $d: Date) { team(id: $t) { visitCodes(day: $d) { member code } } }"


def codes(running: Running, team: str, token: str, day: date | None = None) -> dict[str, str]:
    """The codes of a team's members, as whoever may have them gets them."""
    asked = {} if day is None else {"d": day.isoformat()}
    found = running.gateway.data(CODES, token, t=team, **asked)["team"]["visitCodes"]
    return {each["member"]: each["code"] for each in found}


def checked(running: Running, code: str) -> Any:
    return running.gateway.client.post("/kiem-tra", data={"code": code})


def leader(running: Running, team: str) -> str:
    return running.gateway.token(Role.TEAM_LEADER, HERE, served=(UUID(team),))


def made_up(code: str) -> str:
    """A code of the same commune that was given to nobody."""
    body = code.replace(" ", "")[:-1]
    other = body[:4] + str((int(body[4:]) + 1) % 10**7).zfill(7)
    return other + check_digit(other)


def test_a_resident_sees_team_commune_and_role_and_no_name(running: Running) -> None:
    team, member = serving(running)
    kept = running.do(KEEP, running.here, t=team, m=member, n=NAME, p=PHONE, i=True, a=False)
    assert kept["accepted"], kept
    running.settle()
    code = codes(running, team, leader(running, team))[member]
    for typed in (code, code.replace(" ", ""), code.replace(" ", "-")):
        answer = checked(running, typed)
        assert answer.status_code == 200
        text = " ".join(Reader(answer.text).text)
        for part in ("Đúng là người của Tổ", "Tổ CNSCĐ ấp Nội Ô", "Xã Hồng Dân", "Tổ trưởng", "Đang phục vụ"):
            assert part in text, part
        assert "Canary" not in answer.text and PHONE not in answer.text
        assert member not in answer.text and team not in answer.text
        assert answer.headers["cache-control"] == "no-store"


def test_after_a_merger_a_resident_sees_the_commune_there_is_now(running: Running) -> None:
    team, member = serving(running)
    code = codes(running, team, running.here)[member]
    merger = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    assert reorganise(running, running.province, merger, on="2026-11-20")["accepted"]
    text = " ".join(Reader(checked(running, code).text).text)
    assert "Xã Ninh Quới" in text
    assert "Xã Hồng Dân" not in text


def test_a_member_who_agreed_is_shown_by_name_and_by_no_more_than_was_agreed_to(running: Running) -> None:
    team, member = serving(running)
    assert running.do(KEEP, running.here, t=team, m=member, n=NAME, p=PHONE, i=True, a=True)["accepted"]
    running.settle()
    code = codes(running, team, running.here)[member]
    shown = checked(running, code).text
    assert NAME in shown and PHONE not in shown, "the name was agreed to, the number was not"


def test_wrong_unknown_and_yesterday_s_codes_are_one_page_and_slips_of_the_finger_another(running: Running) -> None:
    team, member = serving(running)
    code = codes(running, team, running.here)[member]
    yesterday = code_of(running.gateway.parts.tracker, TODAY - timedelta(days=1), str(HERE), team, member)
    tomorrow = codes(running, team, running.here, TODAY + timedelta(days=1))[member]
    pages = [checked(running, each) for each in (made_up(code), "111111111115", yesterday, tomorrow)]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    digits = code.replace(" ", "")
    slip = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    answer = checked(running, slip)
    assert answer.status_code == 422
    assert any(field.get("aria-invalid") == "true" for field in Reader(answer.text).all("input"))


def test_guessing_is_throttled_and_the_right_code_waits_a_minute_too(running: Running) -> None:
    team, member = serving(running)
    code = codes(running, team, running.here)[member]
    for _ in range(10):
        assert checked(running, made_up(code)).status_code == 404
    assert checked(running, made_up(code)).status_code == 429
    assert checked(running, code).status_code == 429
    case = {"code": "1" * 14 + check_digit("1" * 14), "pin": "1234"}
    assert running.gateway.client.post("/tra-cuu", data=case).status_code == 404, "cases are looked up all the same"


def test_right_codes_are_no_guesses(running: Running) -> None:
    team, member = serving(running)
    code = codes(running, team, running.here)[member]
    assert {checked(running, code).status_code for _ in range(12)} == {200}


def test_who_stands_down_after_the_code_was_given_out_serves_no_longer(running: Running) -> None:
    team, member = serving(running)
    code = codes(running, team, running.here)[member]
    assert do(running, "standDownMember", team=team, member=member, stoodDownOn="2026-11-20")["accepted"]
    running.settle()
    answer = checked(running, code)
    assert answer.status_code == 200
    assert "Hôm nay người này không phục vụ trong Tổ" in answer.text
    assert "Đúng là người của Tổ" not in answer.text
    assert codes(running, team, running.here) == {}


def test_who_left_long_ago_or_whose_team_was_dissolved_is_nobody(running: Running) -> None:
    team, member = serving(running)
    code = codes(running, team, running.here)[member]
    assert do(running, "standDownMember", team=team, member=member, stoodDownOn="2026-11-13")["accepted"]
    running.settle()
    assert checked(running, code).status_code == 404
    again = do(
        running, "appointMember", team=team, member=member, role="DEPUTY", organisation="x", appointedOn="2026-11-20"
    )
    assert again["accepted"], again
    running.settle()
    assert "Tổ phó" in checked(running, code).text
    assert do(running, "dissolveTeam", team=team, decisionNo="9/QĐ", decisionDate="2026-11-20")["accepted"]
    running.settle()
    assert "không phục vụ" in checked(running, code).text
    assert codes(running, team, running.here) == {}


def test_codes_are_given_for_a_week_to_the_team_and_those_it_is_under_only(running: Running) -> None:
    team, member = serving(running)
    week = [codes(running, team, leader(running, team), TODAY + timedelta(days=n))[member] for n in range(7)]
    assert len(set(week)) == 7
    assert all(is_visit_code(code.replace(" ", "")) and spaced(code.replace(" ", "")) == code for code in week)
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=7)):
        assert running.gateway.code(CODES, running.here, t=team, d=day.isoformat()) == "INVALID_INPUT"
    assert running.gateway.code(CODES, running.there, t=team) == "NOT_FOUND"
    stranger = running.gateway.token(Role.TEAM_LEADER, HERE, served=(uuid4(),))
    assert running.gateway.code(CODES, stranger, t=team) == "NOT_FOUND"
    assert running.gateway.code(CODES, t=team) == "UNAUTHENTICATED"


def test_a_code_stands_in_no_address_file_or_log(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    team, member = serving(running)
    code = codes(running, team, running.here)[member]
    answer = checked(running, code)
    checked(running, made_up(code))
    digits = code.replace(" ", "")
    assert digits not in str(answer.request.url) and digits not in answer.text and code not in answer.text
    assert running.gateway.client.get(f"/kiem-tra?code={digits}").text == running.gateway.client.get("/kiem-tra").text
    logged = capsys.readouterr()
    assert digits not in logged.out + logged.err
    for path in running.gateway.settings.var_dir.rglob("*"):
        assert not path.is_file() or digits.encode() not in path.read_bytes()


def test_another_key_another_day_team_or_member_is_another_code() -> None:
    one, other = Tracker(b"1" * 32), Tracker(b"2" * 32)
    base = (one, NOW.date(), "commune", "team", "member")
    others = [
        (other, *base[1:]),
        (one, TODAY + timedelta(days=1), *base[2:]),
        (*base[:3], "other", "member"),
        (*base[:4], "other"),
    ]
    assert len({code_of(*each) for each in [base, *others]}) == 5
    assert code_of(*base) == code_of(*base)
