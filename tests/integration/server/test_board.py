"""The board, over HTTP and in a real browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.integration.accessible import grave_violations
from tests.integration.server.running import Serve, serving, settings

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    with serving(tmp_path_factory.mktemp("board"), settings()) as running:
        for number in range(12):
            running.decide(f"h{number}")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@contextmanager
def logged_in(served: Serve, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=30, follow_redirects=True) as client:
        assert client.post("/board/login", data={"token": token}).status_code == 200
        yield client


def test_without_a_token_the_board_shows_nothing_but_the_way_in(served: Serve) -> None:
    page = httpx.get(f"{served.url}/board", timeout=30)
    assert (page.status_code, "agent-7.2.0" in page.text, "Token" in page.text) == (200, False, True)
    for token, words in (("wrong", "not known"), ("eu", "lacks the scope read")):
        refused = httpx.post(f"{served.url}/board/login", data={"token": token}, timeout=30)
        assert (refused.status_code, words in refused.text, "set-cookie" in refused.headers) == (
            403,
            True,
            False,
        )


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites_and_opens_no_other_path(
    served: Serve,
) -> None:
    answer = httpx.post(f"{served.url}/board/login", data={"token": "all"}, timeout=30)
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/board"))
    sent = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    assert httpx.get(f"{served.url}/v1/rollouts", headers=sent, timeout=30).status_code == 401
    assert (
        "default-src 'none'"
        in httpx.get(f"{served.url}/board", timeout=30).headers["content-security-policy"]
    )


def test_who_may_only_read_sees_all_and_halts_nothing(served: Serve) -> None:
    with logged_in(served, "reader") as client:
        page = client.get("/board").text
        assert "agent 7.2.0" in page
        assert "/board/halt" not in page
        answer = client.post("/board/halt", data={"release": "agent-7.2.0", "reason": "x"})
        assert answer.status_code == 403


def test_a_form_of_another_site_is_refused_and_so_is_a_halt_without_a_reason(served: Serve) -> None:
    with logged_in(served, "all") as client:
        halt = {"release": "agent-7.2.0", "reason": "x"}
        elsewhere = client.post("/board/halt", data=halt, headers={"origin": "https://evil.example"})
        assert (elsewhere.status_code, "another site" in elsewhere.text) == (403, True)
        assert client.post("/board/halt", data={"release": "agent-7.2.0", "reason": " "}).status_code == 400
        assert client.post("/board/halt", data={"release": "none", "reason": "x"}).status_code == 404
        assert "Halted by" not in client.get("/board").text


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: ./dev setup")
def test_a_person_halts_a_release_with_the_keyboard_alone_on_a_narrow_dark_screen(
    served: Serve, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served.url}/board")
    page.wait_for_function("document.activeElement.id === 'token'")  # it gets the focus by itself
    page.keyboard.type("all")
    page.keyboard.press("Enter")
    page.wait_for_selector("section")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"
    assert grave_violations(page) == []
    _tab_to(page, "SUMMARY")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("<b>smoke</b> on the third floor")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Halted by all")
    assert "<b>smoke</b> on the third floor" in page.inner_text("section >> nth=0")
    assert page.locator("summary").count() == 1  # of the other release
    assert all(url.startswith(served.url) for url in asked)
    assert re.search(r"release\s+\d+", page.inner_text("table"))
    context.close()


def _tab_to(page: Page, name: str) -> None:
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == name:
            return
    raise AssertionError(f"no {name} can be reached with the keyboard")
