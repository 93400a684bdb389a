"""The pages as a resident's browser sees them: forms filled, errors put right, codes kept."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.intake import intake
from gateway.pages.rendering import asset
from tests.gateway.pages.browsing import Reader, codes, count, errors, send, token
from tests.gateway.pages.conftest import HONG_DAN, NINH_QUOI, Site, Visits, opened_site


@pytest.fixture
def site(prepared: Callable[[str, str], str], tmp_path: Path) -> Iterator[Site]:
    """On SQLite only: `test_journey` and `test_intake` go to both."""
    with opened_site([prepared("sqlite", name) for name in ("gateway", "feedback")], tmp_path) as site:
        yield site


def test_the_form_works_while_the_service_is_down(site: Site) -> None:
    site.bus.cut = True
    code, pin = codes(send(site).text)
    assert "Đã nhận" in site.browser.post("/tra-cuu", data={"code": code, "pin": pin}).text


def test_sending_the_same_page_twice_shows_the_same_code(site: Site) -> None:
    same = token(site)
    first, second = send(site, token=same), send(site, token=same)
    assert codes(first.text) == codes(second.text)
    assert "đã gửi trang này trước đó" in second.text
    assert count(site) == 1


def test_each_mistake_is_named_and_linked_and_no_answer_is_lost(site: Site) -> None:
    text = "Chuyện dài <em>của tôi</em>"
    page = send(site, tile="", place="khong co", text=text, call="yes", phone="123", name="Bà Tư")
    assert page.status_code == 422
    assert errors(page.text) == ["tile-signin", "place", "phone", "consent"]
    reader = Reader(page.text)
    assert (reader.value("place"), reader.value("phone"), reader.value("name")) == ("khong co", "123", "Bà Tư")
    assert "Chuyện dài &lt;em&gt;của tôi&lt;/em&gt;" in page.text
    assert any(box.get("id") == "call-yes" and "checked" in box for box in reader.all("input"))
    assert "Cần xem lại" in page.text.split("</title>")[0]
    assert count(site) == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": " \n "}, "text"),
        ({"text": "á" * 2001}, "text"),
        ({"place": ""}, "place"),
        ({"place": "ninh hoa"}, "commune-0"),
        ({"place": "ninh hoa", "commune": "01980000-0000-7000-8000-000000000001"}, "commune-0"),
        ({"app": "NOPE"}, "app"),
        ({"language": "xx"}, "language-vi"),
        ({"website": "http://spam"}, "website"),
        ({"call": "yes", "phone": "0912345678", "consent": "yes", "name": "a" * 81}, "name"),
        ({"token": None}, "send"),
        ({"token": "forged"}, "send"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_at_its_field(site: Site, fields: dict[str, Any], field: str) -> None:
    page = send(site, **fields)
    assert page.status_code == 422
    assert errors(page.text) == [field]
    assert count(site) == 0


def test_a_place_that_was_split_is_asked_about(site: Site) -> None:
    page = site.browser.post(
        "/phan-anh", data={"press": "find", "place": "ninh hoa", "text": "giữ", "token": token(site)}
    )
    assert page.status_code == 200
    assert errors(page.text) == []
    assert "Một phần của Xã Ninh Hòa" in page.text
    assert str(NINH_QUOI) in page.text
    assert ">\ngiữ</textarea>" in page.text
    sent = send(site, place="ninh hoa", searched="ninh hoa", commune=str(NINH_QUOI))
    assert "Xã Ninh Quới" in sent.text


def test_a_choice_made_for_another_name_does_not_stay(site: Site) -> None:
    sent = send(site, place="hong dan", searched="ninh hoa", commune=str(NINH_QUOI))
    assert sent.status_code == 200
    assert "Xã Hồng Dân" in sent.text


def test_e1_contact_is_kept_only_with_consent_and_the_box_is_not_ticked(site: Site) -> None:
    form = Reader(site.browser.get("/phan-anh").text)
    box = next(field for field in form.all("input") if field.get("name") == "consent")
    assert "checked" not in box
    refused = send(site, call="yes", phone="0912345678")
    assert errors(refused.text) == ["consent"]
    assert send(site, call="no", phone="0912345678", name="Bà Tư").status_code == 200
    assert send(site, call="yes", phone="+84 912 345 678", consent="yes").status_code == 200
    with site.database.read() as connection:
        kept = connection.execute(select(intake.c.has_contact).order_by(intake.c.has_contact)).scalars().all()
    assert [bool(has) for has in kept] == [False, True]


def test_e2_types_purposes_controller_rights_and_duties_are_shown_before_consent(site: Site) -> None:
    html = site.browser.get("/phan-anh").text
    notice = html.index('id="notice"')
    assert notice < html.index('id="consent"')
    for part in ("Chúng tôi giữ:", "Để làm gì:", "Ai giữ:", "Quyền của bà con:", "Phần bà con:"):
        assert html.index(part) > notice


def test_e4_an_anonymous_report_is_taken_and_unknown_fields_are_dropped(site: Site) -> None:
    assert send(site, ethnicity="canary", gps="9.1,105.2").status_code == 200
    with site.database.read() as connection:
        assert "canary" not in str(connection.execute(select(intake)).all())


def test_e13_wrong_and_unknown_codes_look_the_same_and_guessing_is_throttled(site: Site) -> None:
    code, pin = codes(send(site).text)
    other = "1111 1111 1111 116"
    wrong_pin = str((int(pin) + 1) % 10000).zfill(4)
    one = site.browser.post("/tra-cuu", data={"code": code, "pin": wrong_pin})
    two = site.browser.post("/tra-cuu", data={"code": code, "pin": str((int(pin) + 2) % 10000).zfill(4)})
    assert (one.status_code, two.status_code) == (404, 404)
    assert one.text == two.text
    malformed = site.browser.post("/tra-cuu", data={"code": other, "pin": "12"})
    assert errors(malformed.text) == ["code", "pin"]
    for _ in range(8):
        site.browser.post("/tra-cuu", data={"code": code, "pin": wrong_pin})
    assert site.browser.post("/tra-cuu", data={"code": code, "pin": pin}).status_code == 429
    site.clock.go(minutes=1)
    assert site.browser.post("/tra-cuu", data={"code": code, "pin": pin}).status_code == 200


def test_a_form_open_for_more_than_a_day_asks_to_send_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.pages.needs.FORM_AGE", -1)
    page = send(site)
    assert errors(page.text) == ["send"]
    monkeypatch.undo()
    assert send(site, token=Reader(page.text).value("token")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"text=" + b"a" * 70_000, 413),
        ({"content-type": "application/x-www-form-urlencoded"}, b"&".join([b"a=1"] * 100), 400),
        ({"content-type": "application/x-www-form-urlencoded"}, b"text=%ff%fe", 400),
        ({"content-type": "application/x-www-form-urlencoded"}, "text=á".encode(), 400),
        ({"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}, b"text=a", 403),
    ],
    ids=["json", "multipart", "too long", "too many fields", "not UTF-8", "not ASCII", "from elsewhere"],
)
@pytest.mark.parametrize("path", ["/phan-anh", "/tra-cuu", "/kiem-tra"])
def test_what_is_no_form_of_ours_is_refused_in_vietnamese(
    site: Site, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = site.browser.post(path, content=body, headers=headers)
    assert answer.status_code == status
    assert "Có trục trặc" in answer.text


def test_a_database_that_is_away_loses_no_answer(site: Site) -> None:
    same = token(site)
    with site.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE intake RENAME TO away")
    page = send(site, token=same, text="giữ lại giúp")
    assert page.status_code == 503
    assert errors(page.text) == ["send"]
    assert "giữ lại giúp" in page.text
    with site.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO intake")
    assert send(site, token=same).status_code == 200


def every_page(site: Site) -> list[Any]:
    sent = send(site, text="otp 123456", tile="scam", call="yes", phone="0912345678", consent="yes")
    code, pin = codes(sent.text)
    return [
        site.browser.get("/"),
        site.browser.get("/phan-anh"),
        site.browser.get("/phan-anh?tile=scam"),
        site.browser.get("/tra-cuu"),
        send(site, tile="", text="", place="ninh", call="yes", website="x"),
        sent,
        site.browser.post("/tra-cuu", data={"code": "1", "pin": "2"}),
        site.browser.post("/tra-cuu", data={"code": code, "pin": pin}),
        site.browser.post("/tra-cuu", content=b"", headers={"content-type": "text/plain"}),
        site.browser.get("/kiem-tra"),
        site.browser.post("/kiem-tra", data={"code": "12"}),
        site.browser.post("/kiem-tra", data={"code": "1111 1111 1115"}),
        site.browser.post("/kiem-tra", data={"code": Visits.code}),
    ]


def test_e20_e25_every_page_has_banner_language_title_labels_and_one_heading(site: Site) -> None:
    for answer in every_page(site):
        reader = Reader(answer.text)
        assert reader.all("html") == [{"lang": "vi"}]
        assert len(reader.all("h1")) == 1
        assert len(reader.all("title")) == 1
        assert "Cán bộ và Tổ không bao giờ hỏi mã OTP, mật khẩu, số thẻ." in answer.text
        labelled = {label.get("for") for label in reader.all("label")}
        wrapped = set(re.findall(r'<label class="choice"[^>]*><input[^>]* name="([^"]+)"', answer.text))
        for name in ("input", "select", "textarea"):
            for field in reader.all(name):
                named = field.get("type") == "hidden" or field.get("id") in labelled or field.get("name") in wrapped
                assert named, field
        described = {word for _, tag in reader.tags for word in str(tag.get("aria-describedby") or "").split()}
        assert described <= reader.ids
        assert len([tag for _, tag in reader.tags if tag.get("id")]) == len(reader.ids)


def test_every_page_is_strict_about_what_it_loads_and_needs_no_script_or_cookie(site: Site) -> None:
    for answer in every_page(site):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "unsafe" not in policy
        assert "set-cookie" not in answer.headers
        assert answer.headers["referrer-policy"] == "no-referrer"
        reader = Reader(answer.text)
        assert reader.all("script") == []
        assert not any("style" in tag or any(key.startswith("on") for key in tag) for _, tag in reader.tags)
        links = [tag.get("href") or tag.get("src") or tag.get("action") or "/" for _, tag in reader.tags]
        assert all(str(link).startswith(("/", "#")) for link in links)
        if answer.request.url.path != "/":
            assert answer.headers["cache-control"] == "no-store"


def test_code_and_pin_stand_in_no_address(site: Site) -> None:
    sent = send(site)
    code, pin = codes(sent.text)
    for link in Reader(sent.text).all("a"):
        assert pin not in str(link["href"])
        assert code.replace(" ", "") not in str(link["href"])
    assert site.browser.get(f"/tra-cuu?code={code}&pin={pin}").text == site.browser.get("/tra-cuu").text


def test_sentences_have_at_most_fifteen_words(site: Site) -> None:
    for answer in every_page(site):
        for text in Reader(re.sub(r"</?(strong|i|a|span)[^>]*>", "", answer.text)).text:
            for sentence in re.split(r"[.!?:]\s*", text):
                assert len(re.findall(r"\w+", sentence)) <= 15, sentence


def test_the_first_view_is_light(site: Site) -> None:
    assert len(asset("site.css")) <= 6 * 1024
    assert len(site.browser.get("/phan-anh").content) + len(asset("site.css")) + len(asset("icon.svg")) < 30_000
    style = re.search(r'href="(/assets/site.css[^"]+)"', site.browser.get("/").text)
    assert style is not None
    assert "immutable" in site.browser.get(style[1]).headers["cache-control"]
    assert site.browser.get("/assets/../needs.py").status_code == 404
    assert site.browser.get("/assets/nope").status_code == 404


def test_a_chosen_kind_is_the_category_and_without_one_the_likeliest_is(site: Site) -> None:
    send(site, tile="papers", kind_papers="DVC_RETURNED")
    send(site, tile="papers", kind_money="ECOM")
    with site.database.read() as connection:
        found = connection.execute(select(intake.c.category, intake.c.commune)).all()
    assert {row.category for row in found} == {"DVC_RETURNED", "DVC_HOWTO"}
    assert {row.commune for row in found} == {str(HONG_DAN)}


def test_names_and_texts_in_decomposed_unicode_are_kept_whole(site: Site) -> None:
    decomposed = unicodedata.normalize("NFD", "Tôi không đăng nhập được")
    assert send(site, place=unicodedata.normalize("NFD", "Hồng Dân"), text=decomposed).status_code == 200
