"""The board's tiers in a real browser: keyboard alone, dark, narrow, nothing from elsewhere, and axe-core content."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from harness.promotion.board import State
from harness.promotion.ledger.merkle import leaf_hash
from harness.promotion.ledger.proof import InclusionProof
from tests.integration.accessible import grave_violations
from tests.integration.server.running import Serve, serving
from tests.integration.server.stage import NEW, NEXT, settings_of, staged
from tests.unit.promotion.world import World

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: ./dev setup")
REACHED = 9


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[World, Serve]]:
    """In memory where there is such a place: syncing a busy disk takes long."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        folder = Path(name)
        world = staged(folder)
        with serving(folder, settings_of(folder)) as served:
            for number in range(REACHED):
                served.decide(f"h{number}", ring="beta", opted_in="true")
            yield world, served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def entered(browser: Browser, served: Serve, token: str, *, dark: bool = False, width: int = 1100) -> Page:
    """A page of its own, logged in with the keyboard and led to the tiers."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto(f"{served.url}/board")
    page.wait_for_function("document.activeElement.id === 'token'")  # it gets the focus by itself
    page.keyboard.type(token)
    page.keyboard.press("Enter")
    page.wait_for_selector("nav")
    to(page, "a[href='/board/tiers']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".matrix")
    return page


def to(page: Page, selector: str) -> None:
    """Go there by the Tab key."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with the keyboard")


@pytest.mark.parametrize(("dark", "width"), [(False, 1100), (True, 390)])
def test_axe_finds_nothing_grave_and_a_phone_need_not_scroll_sideways(
    stage: tuple[World, Serve], browser: Browser, dark: bool, width: int
) -> None:
    world, served = stage
    page = entered(browser, served, "ann", dark=dark, width=width)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for summary in page.locator("summary").all():
        summary.click()
    assert grave_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    beta = page.locator(f"#p-{NEW.sha256[:16]}-beta")
    assert f"{REACHED} hosts since" in beta.inner_text()
    assert "Way back: Example Agent 7.1.0" in beta.inner_text()
    page.goto(f"{served.url}/board/ledger/1")
    assert grave_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_download() as proof:
        page.click("a[href$='/1/proof']")
    with page.expect_download() as entry:
        page.click("a[href$='/1/entry']")
    found = InclusionProof.parse(proof.value.path().read_text())
    assert found.verify(leaf_hash(entry.value.path().read_bytes())).size > 1
    assert all(url.startswith(served.url) for url in asked)
    page.context.close()
    assert world.promotion.board().ignored == []


def test_the_last_approver_agrees_with_the_keyboard_alone(
    stage: tuple[World, Serve], browser: Browser
) -> None:
    world, served = stage
    page = entered(browser, served, "bob", dark=True, width=390)
    waiting = page.locator("section.card.inconclusive").first
    assert "It waits for 1 more of role release-manager (bob, cyd)." in waiting.inner_text()
    to(page, "section.card.inconclusive summary")
    assert page.evaluate("document.activeElement.innerText") == "Approve"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("<b>good</b>")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#p-{NEXT.sha256[:16]}-beta")
    assert "<b>good</b>" in page.locator("section[aria-labelledby=ledger]").inner_text()
    world.at = datetime.now(UTC)
    board = world.promotion.board()
    assert board.placement(NEXT.sha256, "beta") is not None
    assert [each for each in board.asked.values() if each.state is State.OPEN] == []
    page.context.close()
