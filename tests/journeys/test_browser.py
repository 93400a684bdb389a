"""A resident's phone: 360 × 740, no JavaScript, by keyboard and by the words on the page. And the explorer, with it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Response, expect, sync_playwright

from tests.journeys.conftest import at
from tests.journeys.systems import EmbeddedRun, eventually
from tests.journeys.test_difficulty import ANSWER, LISTED

PHONE = {"width": 360, "height": 740}
SETTLED_SECONDS = 30_000
"""Milliseconds a page may take on a busy machine."""
TOLD = "Máy báo không nhận ra khuôn mặt của tôi."
SERIOUS = ("error", "warning")
"""Kinds of console messages nobody should see."""
STRICT = ("default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'")


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        opened = playwright.chromium.launch(executable_path=chromium, args=options)
        yield opened
        opened.close()


class Phone:
    """One browser window that notes what it asks for and gets."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        settings: dict[str, Any] = {"viewport": PHONE, "java_script_enabled": False, "base_url": url, "locale": "vi-VN"}
        self.context: BrowserContext = browser.new_context(**(settings | options))
        self.context.set_default_timeout(SETTLED_SECONDS)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(SETTLED_SECONDS)
        self.requests: list[Request] = []
        self.responses: list[Response] = []
        self.context.on("request", self._note_request)
        self.context.on("response", self._note_response)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request)

    def _note_response(self, response: Response) -> None:
        self.responses.append(response)

    def tab_to(self, wanted: Locator, most: int = 60) -> None:
        """Press Tab until `wanted` has the focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.locator("*:focus").and_(wanted).count():
                return
        raise AssertionError(f"no way to {wanted} by keyboard")


@pytest.fixture
def phone(browser: Browser, embedded: EmbeddedRun) -> Iterator[Phone]:
    """A phone without JavaScript. Whatever it did, it asked nobody else, ran nothing and kept no cookie."""
    found = Phone(browser, embedded.url)
    yield found
    assert found.responses
    assert all(request.url.startswith(embedded.url + "/") for request in found.requests)
    assert not any(request.resource_type in ("script", "fetch", "xhr", "font") for request in found.requests)
    assert not any("cookie" in name for request in found.requests for name in request.headers)
    assert found.context.cookies() == []
    for response in found.responses:
        assert "set-cookie" not in response.headers
        assert all(rule in response.headers["content-security-policy"] for rule in rules(response))
        assert "unsafe" not in response.headers["content-security-policy"]
    found.context.close()


def rules(response: Response) -> tuple[str, ...]:
    """What the policy of an answer must say; only pages have forms."""
    return STRICT if "text/html" in response.headers["content-type"] else STRICT[:1]


def test_the_whole_form_is_filled_in_sent_and_followed_up(phone: Phone, embedded: EmbeddedRun) -> None:
    page = phone.page
    official = at(embedded)("commune_official", "32248")
    known = {case["id"] for case in official.data(LISTED)["cases"]["nodes"]}
    page.goto("/")
    page.get_by_role("link", name=re.compile("^Báo khó khăn Chừng")).click()

    page.get_by_role("button", name="Gửi", exact=True).click()
    summary = page.get_by_role("alert")
    expect(summary.get_by_role("heading")).to_have_text("Còn 3 chỗ cần xem lại")
    for link in summary.get_by_role("link").all():
        target = str(link.get_attribute("href"))
        expect(page.locator(target)).to_have_attribute("aria-invalid", "true")
        expect(page.locator(target)).to_have_attribute("aria-describedby", re.compile(f"{target[1:]}-wrong"))
    summary.get_by_role("link", name=re.compile("^Nơi ở")).click()
    expect(page).to_have_url(re.compile("#place$"))

    page.get_by_role("radio", name=re.compile("^VNeID, căn cước")).press("Space")
    page.get_by_label("Quét khuôn mặt hoặc thẻ không được").check()
    page.get_by_label("2. Khi dùng ứng dụng nào?").select_option("VNeID")
    page.get_by_label("4. Chuyện gì đã xảy ra?").fill(TOLD)
    page.get_by_label("Có, gọi cho tôi").check()
    page.get_by_label("Số điện thoại").fill("0912 34")
    page.get_by_label("3. Ở xã, phường nào?").fill("vien an")
    page.get_by_label("3. Ở xã, phường nào?").press("Enter")

    places = page.get_by_role("group", name="Chọn đúng nơi của bà con")
    offered = places.locator("label").all_inner_texts()
    assert any("Xã Đất Mũi, Tỉnh Cà Mau" in text and "Một phần của Xã Viên An" in text for text in offered), offered
    assert any("Xã Đất Mới, Tỉnh Cà Mau" in text and "Một phần của Xã Viên An" in text for text in offered), offered
    assert not any(box.is_checked() for box in places.get_by_role("radio").all())
    page.get_by_role("button", name="Gửi", exact=True).click()
    faults = page.get_by_role("alert").get_by_role("link").all_inner_texts()
    assert [fault.split(":")[0] for fault in faults] == ["Nơi ở", "Số điện thoại", "Đồng ý"]

    kept_as_typed(page)
    page.get_by_role("radio", name=re.compile("Xã Đất Mũi, Tỉnh Cà Mau")).first.check()
    page.get_by_label("Số điện thoại").fill("0912 345 678")
    page.get_by_label("Tôi đồng ý cho nơi xử lý dùng số này để trả lời tôi").check()
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Đã nhận")
    code, pin = page.locator(".code").all_inner_texts()
    assert re.fullmatch(r"\d{5} \d{5} \d{5}", code) and re.fullmatch(r"\d{4}", pin)
    assert code.replace(" ", "") not in page.url

    look_up(page, code, pin)
    expect(page.get_by_role("main")).to_contain_text("Xã Đất Mũi")
    expect(page.get_by_role("main")).to_contain_text("Quét khuôn mặt hoặc thẻ không được")
    case = eventually(lambda: {c["id"] for c in official.data(LISTED)["cases"]["nodes"]} - known, "the case").pop()
    official.done("answerFeedback", case=case, text=ANSWER)

    def answered() -> bool:
        look_up(page, code, pin)
        return page.get_by_text(ANSWER).is_visible()

    eventually(answered, "the page shows the answer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã trả lời")


def kept_as_typed(page: Page) -> None:
    """After an error every answer still stands where it was given."""
    expect(page.get_by_role("radio", name=re.compile("^VNeID, căn cước"))).to_be_checked()
    expect(page.get_by_label("Quét khuôn mặt hoặc thẻ không được")).to_be_checked()
    expect(page.get_by_label("2. Khi dùng ứng dụng nào?")).to_have_value("VNEID_L2")
    expect(page.get_by_label("3. Ở xã, phường nào?")).to_have_value("vien an")
    expect(page.get_by_label("4. Chuyện gì đã xảy ra?")).to_have_value(TOLD)
    expect(page.get_by_label("Có, gọi cho tôi")).to_be_checked()
    expect(page.get_by_label("Số điện thoại")).to_have_value("0912 34")


def look_up(page: Page, code: str, pin: str) -> None:
    """Code and PIN on the status page."""
    page.goto("/tra-cuu")
    page.get_by_label("Mã 15 số").fill(code)
    page.get_by_label("Số PIN 4 số").fill(pin)
    page.get_by_role("button", name="Xem", exact=True).click()


def test_a_report_can_be_sent_with_the_keyboard_alone(phone: Phone) -> None:
    page = phone.page
    page.goto("/phan-anh")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    page.keyboard.press("Enter")
    phone.tab_to(page.get_by_role("radio", name=re.compile("^Không đăng nhập được")))
    page.keyboard.press("Space")
    phone.tab_to(page.get_by_label("3. Ở xã, phường nào?"))
    page.keyboard.type("hong dan ca mau")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name=re.compile("Xã Hồng Dân, Tỉnh Cà Mau"))).to_be_checked()
    phone.tab_to(page.get_by_label("4. Chuyện gì đã xảy ra?"))
    page.keyboard.type("Toi quen mat khau.")
    phone.tab_to(page.get_by_role("button", name="Gửi", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Đã nhận")


@pytest.mark.parametrize("width", [320, 1000])
def test_each_tile_is_its_own_up_to_the_corner_and_in_sight_when_reached_by_keyboard(
    browser: Browser, embedded: EmbeddedRun, width: int
) -> None:
    page = Phone(browser, embedded.url, viewport={"width": width, "height": 300}).page
    page.goto("/phan-anh")
    tiles = page.locator(".tiles > input").all()
    labels = [page.locator(f"label[for={tile.get_attribute('id')}]") for tile in tiles]
    for tile, label in zip(tiles, labels, strict=True):
        label.click(position={"x": 3, "y": 3})
        expect(tile).to_be_checked()
    for tile, label in reversed(list(zip(tiles, labels, strict=True))):
        expect(tile).to_be_focused()
        expect(label).to_be_in_viewport()
        page.keyboard.press("ArrowUp")
    page.context.close()


@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (360, 2)])
def test_nothing_scrolls_sideways_on_a_small_or_enlarged_page(
    browser: Browser, embedded: EmbeddedRun, width: int, zoom: int
) -> None:
    """Zooming by 2 halves the CSS pixels of the window; a screen's pixels stay, so each is worth two."""
    size = {"width": width // zoom, "height": PHONE["height"] // zoom}
    phone = Phone(browser, embedded.url, viewport=size, java_script_enabled=True, device_scale_factor=zoom)
    page = phone.page
    for path in ("/", "/phan-anh", "/tra-cuu", "/graphql"):
        page.goto(path)
        assert overflow(page) == [], path
    page.goto("/phan-anh?tile=scam")
    page.get_by_label("Có, gọi cho tôi").check()
    page.get_by_label("3. Ở xã, phường nào?").fill("vien an")
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert overflow(page) == [], "with errors and places"
    page.get_by_role("radio", name=re.compile("Xã Đất Mũi")).first.check()
    page.get_by_label("Không, tôi tự xem bằng mã").check()
    page.get_by_label("4. Chuyện gì đã xảy ra?").fill(TOLD)
    page.get_by_role("button", name="Gửi", exact=True).click()
    code, pin = page.locator(".code").all_inner_texts()
    assert overflow(page) == [], "the slip"
    look_up(page, code, pin)
    expect(page.get_by_role("heading", level=2)).to_contain_text("Đường đi của phản ánh")
    assert overflow(page) == [], "the status"
    phone.context.close()


def overflow(page: Page) -> list[str]:
    """What reaches beyond the right edge of the window, if the page scrolls sideways."""
    found: list[str] = page.evaluate("""() => {
        const wide = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= wide) return [];
        return [...document.body.querySelectorAll("*")]
            .filter((each) => each.getBoundingClientRect().right > wide + 1)
            .map((each) => `${each.tagName} ${each.className} ${each.textContent.trim().slice(0, 40)}`);
    }""")
    return found


def test_the_explorer_asks_and_shows_the_schema_without_anything_from_elsewhere(
    browser: Browser, embedded: EmbeddedRun
) -> None:
    window = Phone(browser, embedded.url, java_script_enabled=True)
    page = window.page
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in SERIOUS else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/graphql")
    expect(page.locator("#schema summary").filter(has_text=re.compile("^Unit$"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Chạy")).click()
    expect(page.locator("#answer")).to_contain_text('"totalCount": 64')
    expect(page.locator("#status")).to_contain_text("HTTP 200")

    page.get_by_label("Mã truy cập").fill(embedded.token("commune_official", "32248"))
    page.get_by_label("Câu hỏi").fill("{ me { role units { name } } }")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("Xã Đất Mũi")
    page.get_by_label("Tìm trong lược đồ").fill("guidedSincePlan")
    expect(page.locator("#schema summary").filter(has_text=re.compile("^Coverage$"))).to_be_visible()
    expect(page.locator("#schema summary").filter(has_text=re.compile("^Member$"))).to_be_hidden()

    assert all(request.url.startswith(embedded.url + "/") for request in window.requests)
    assert window.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert complaints == []
    window.context.close()
