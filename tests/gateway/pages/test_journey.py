"""From the form to the answer and to the erasure, on both databases."""

import orjson

from services.feedback.letters import reply_context
from services.kernel import sealing
from tests.gateway.pages.browsing import codes, forward, send
from tests.gateway.pages.conftest import Site


def test_a_report_is_sent_and_its_status_seen_with_code_and_pin(site: Site) -> None:
    sent = send(site, app="VNEID_L2")
    assert sent.status_code == 200
    code, pin = codes(sent.text)
    waiting = site.browser.post("/tra-cuu", data={"code": code, "pin": pin})
    assert "Đang chuyển đến nơi xử lý" in waiting.text
    forward(site)
    seen = site.browser.post("/tra-cuu", data={"code": code.replace(" ", "-"), "pin": pin})
    assert seen.status_code == 200
    assert "Đã chuyển đến Tổ công nghệ số cộng đồng" in seen.text
    assert "Xã Hồng Dân" in seen.text


def test_the_answer_is_read_with_code_and_pin(site: Site) -> None:
    code, pin = codes(send(site).text)
    forward(site)
    case = site.bus.sent[0][1]["case"]
    words = orjson.dumps({"text": "Chào Ông/Bà.\nMời đến <b>Trung tâm</b>."})
    letter = sealing.seal_to(sealing.public_half(site.keys.private[0]), words, reply_context(case))
    answered = site.runtime.execute(
        "answer_feedback",
        {"actor": "a", "at": site.clock.now.isoformat(), "case": case, "letter": sealing.to_base64(letter)},
    )
    assert answered.accepted
    seen = site.browser.post("/tra-cuu", data={"code": code, "pin": pin}).text
    assert "Chào Ông/Bà." in seen
    assert "&lt;b&gt;Trung tâm&lt;/b&gt;" in seen
    site.bus.cut = True
    assert "Câu trả lời chưa mở được lúc này" in site.browser.post("/tra-cuu", data={"code": code, "pin": pin}).text


def test_e7_after_an_erasure_the_status_says_so_and_shows_nothing(site: Site) -> None:
    code, pin = codes(send(site).text)
    forward(site)
    case = site.bus.sent[0][1]["case"]
    site.runtime.execute("erase_person", {"actor": "a", "at": site.clock.now.isoformat(), "case": case})
    assert "đã được xóa" in site.browser.post("/tra-cuu", data={"code": code, "pin": pin}).text
