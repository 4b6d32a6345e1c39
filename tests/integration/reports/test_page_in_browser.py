"""The page in a real browser: what a reader sees, on a desktop, on a phone and on paper."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from harness.model.report import Phase
from harness.reports import write_reports
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report
from tests.unit.reports.test_reports import failing, hostile, passing

ColorScheme = Literal["light", "dark"]
CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map(v => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const b = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(b)) return b; } return 'rgb(255,255,255)'; };
  return [...document.querySelectorAll('main *')].filter(e => e.offsetParent && [...e.childNodes].some(n =>
    n.nodeType === 3 && n.data.trim())).map(e => { const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.className, e.textContent.slice(0, 30)]; })
    .filter(([ratio]) => ratio < 4.5); }"""


def opened(browser: Browser, run: Path, *, width: int = 1280, scheme: ColorScheme = "light") -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto((run / "gate.html").as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_reads_on_every_screen(
    browser: Browser, tmp_path: Path, width: int, scheme: ColorScheme
) -> None:
    write_reports(tmp_path, failing())
    page = opened(browser, tmp_path, width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CONTRAST) == []
    assert page.locator("header .word").inner_text() == "FAIL"
    notice = page.locator(".notice")
    assert "not on Windows" in notice.inner_text()
    box = notice.bounding_box()
    assert box is not None
    assert box["y"] < 450, "the notice must be on the first screen"


ALL_PHASES = a_plan(*(a_cell(f"server-20{year}/reboots", phases=tuple(Phase)) for year in (16, 19, 22, 25)))


@pytest.mark.parametrize("width", [1280, 360])
def test_the_verdict_of_every_cell_is_seen_without_scrolling_to_the_right(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    write_reports(tmp_path, a_gate(ALL_PHASES, [a_report(ALL_PHASES, cell) for cell in ALL_PHASES.cells]))
    page = opened(browser, tmp_path, width=width)
    pills = page.locator("table.cells .pill").all()
    assert len(pills) == len(ALL_PHASES.cells)
    for pill in pills:
        box = pill.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    if width == 1280:
        assert page.evaluate(
            "(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.scroll:has(table.cells)'))"
        )


def test_hostile_text_runs_nothing_and_fetches_nothing(browser: Browser, tmp_path: Path) -> None:
    write_reports(tmp_path, hostile())
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    page.goto((tmp_path / "gate.html").as_uri())
    assert len(asked) == 1
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()


def test_a_cell_opens_without_script_and_paper_shows_the_verdict_of_every_cell(
    browser: Browser, tmp_path: Path
) -> None:
    write_reports(tmp_path, passing())
    page = opened(browser, tmp_path)
    detail = page.locator("details.cell").first
    assert not detail.locator(".body").is_visible()
    detail.locator("summary").click()
    assert detail.locator(".body").is_visible()
    page.emulate_media(media="print")
    verdicts = page.locator("table.grid a.g").all()
    assert len(verdicts) == 3
    assert all(each.is_visible() for each in verdicts)
    assert not detail.is_visible()


def test_a_failed_cell_shows_its_failures_and_one_click_shows_the_rest(
    browser: Browser, tmp_path: Path
) -> None:
    write_reports(tmp_path, failing())
    page = opened(browser, tmp_path)
    cell = page.locator("details.cell").first
    assert cell.locator("tr", has_text="it is stopped").first.is_visible()
    passed = cell.locator("details.rest", has_text="1 passed").first
    row = passed.locator("tr", has_text="install.exit-code")
    assert not row.is_visible()
    passed.locator("summary").click()
    assert row.is_visible()
