"""A gate of 500 cells in a real browser: it opens at once, and people find their way by any means that they have."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from harness.model.context import Context, Fleet
from harness.model.gate import Gate
from harness.reports import detail
from harness.reports.publish import write_context, write_page
from tests.integration.accessible import grave_violations
from tests.unit.gate.many import many
from tests.unit.reports.contexts import a_baseline, ages_of

OPENS_S = 2.0
LARGEST = 5_000_000
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def gate() -> Gate:
    return many(500)


@pytest.fixture(scope="module")
def large(gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("large")
    context = Context(
        meta={"owner": "Agent team", "contact": "agent@example.org", "build": "https://ci.example.org/7"},
        baseline=a_baseline(gate),
        ages=ages_of(gate),
        fleet=Fleet(policy="beta", percent=61.5, uncovered=(("win11-b19133", 4.5),), unknown=2),
    )
    write_context(run, context)
    return write_page(run, gate)


@pytest.fixture
def page(browser: Browser, large: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(large.as_uri())
    yield page
    context.close()


def test_it_opens_in_two_seconds_and_is_small(browser: Browser, large: Path) -> None:
    assert large.stat().st_size < LARGEST
    page = browser.new_page()
    page.goto("about:blank")
    # Processor time of the page's process: on a machine busy with others the clock says nothing of the page.
    session = browser.new_browser_cdp_session()
    before = renderers_s(session)
    page.goto(large.as_uri(), timeout=120_000)
    page.evaluate(PAINTED)
    after = renderers_s(session)
    assert 0 < max(after[each] - before.get(each, 0.0) for each in after) < OPENS_S
    page.close()


def renderers_s(session: CDPSession) -> dict[int, float]:
    """Processor time of each page's process, by its id."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return {each["id"]: each["cpuTime"] for each in processes if each["type"] == "renderer"}


def test_verdict_and_cause_are_above_the_fold_and_failures_come_first(page: Page) -> None:
    for place in ("header .word", ".cause"):
        box = page.locator(place).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 400
    assert "fails since 3 runs" in page.locator(".cause").inner_text()
    assert page.locator("table.grid tr.row").count() == 50
    first = page.locator("table.grid tr.row").first
    assert first.locator("a.g.v-FAIL").count() >= 1
    assert page.locator("table.grid tr.row").last.locator("a.g.v-FAIL").count() == 0


def test_beyond_eight_reasons_the_rest_is_a_click_away(page: Page) -> None:
    why = page.locator("#why + .card")
    counted = why.locator("> ul.reasons").first
    assert counted.locator("> li").count() == 8
    more = why.locator("> details.more").first
    assert not more.locator("li").first.is_visible()
    more.locator("summary").first.click()
    assert more.locator("li").first.is_visible()


def test_keyboard_alone_searches_filters_opens_and_copies(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("b19133/upgrade-oldest")
    assert page.locator("#said").inner_text() == "1 of 500 cells"
    assert page.locator("table.grid tr.row:visible").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("table.grid tr.row:visible").count() == 50
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("#failed").is_checked()
    assert page.evaluate(
        "[...document.querySelectorAll('tr.row')].every(e => !!e.offsetHeight === !!e.querySelector('.g:not(.v-PASS)'))"
    )
    bad = page.locator("a.g.v-FAIL").first
    bad.focus()
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    page.keyboard.press("Enter")
    target = page.locator(f"[id='{(bad.get_attribute('href') or '')[1:]}']")
    assert target.is_visible()
    copy = page.locator("button.copy").first
    copy.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("/Copied|Selected/.test(document.querySelector('button.copy').textContent)")


def test_a_passing_cell_is_reached_from_the_matrix_and_from_a_link(page: Page, large: Path) -> None:
    good = page.locator("a.g.v-PASS").first
    anchor = good.get_attribute("href") or ""
    page.locator("#failed").check()
    page.goto(f"{large.as_uri()}{anchor}")
    assert page.locator(f"[id='{anchor[1:]}']").is_visible()


@pytest.mark.parametrize(
    ("cells", "whole", "width", "scheme"), [(2, 8000, 1280, "light"), (20, 0, 390, "dark")]
)
def test_axe_finds_nothing_serious(
    browser: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cells: int,
    whole: int,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    # Of the same parts, with fewer cells: axe-core asks each element a hundred questions.
    monkeypatch.setattr(detail, "WHOLE_RESULTS", whole)
    small = many(cells, failing=lambda number: number % 2 == 1)
    write_context(tmp_path, Context(baseline=a_baseline(small), ages=ages_of(small)))
    write_page(tmp_path, small)
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto((tmp_path / "gate.html").as_uri())
    assert grave_violations(page) == []
    context.close()


def test_a_narrow_screen_scrolls_only_the_matrix(browser: Browser, large: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(large.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sign = page.locator("a.g.v-FAIL").first.bounding_box()
    assert sign is not None
    assert sign["x"] + sign["width"] <= 390
    page.close()


def test_it_prints_on_two_pages(page: Page, tmp_path: Path) -> None:
    paper = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    page.emulate_media(media="print")
    for place in ("header .word", ".cause", "#new + .card", "table.grid", "#why + .card", "#to-pass + .card"):
        assert page.locator(place).first.is_visible()
    assert not page.locator("#cells").is_visible()


def test_without_script_nothing_but_the_search_is_missing(browser: Browser, large: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(large.as_uri())
    assert page.locator("table.grid a.g").count() == 500
    assert not page.locator("#find").is_visible()
    context.close()
