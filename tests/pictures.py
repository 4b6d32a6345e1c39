"""Makes the pictures of page and board in docs/pictures: `.venv/bin/python -m tests.pictures`."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from harness.model.context import Context, Fleet
from harness.reports.publish import write_context, write_page
from tests.integration.server.running import serving, settings
from tests.integration.server.stage import settings_of, staged
from tests.unit.gate.many import many
from tests.unit.reports.contexts import a_baseline, ages_of

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SCALE = 0.75
"""Keeps a picture below 150 kB."""
CHROMIUM = "/usr/bin/chromium"


def the_page(browser: Browser, folder: Path) -> None:
    """A gate of 120 cells, on a desk and on a phone."""
    gate = many(120)
    fleet = Fleet(policy="beta", percent=61.5, uncovered=(("win11-b19021", 4.5),), unknown=2)
    meta = {"owner": "Agent team", "contact": "agent@example.org"}
    write_context(folder, Context(meta=meta, baseline=a_baseline(gate), ages=ages_of(gate), fleet=fleet))
    write_page(folder, gate)
    for name, width, height in (("page", 1100, 920), ("page-narrow", 390, 844)):
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=SCALE)
        page.goto((folder / "gate.html").as_uri())
        page.screenshot(path=PICTURES / f"{name}.png")
        page.close()


def the_board(browser: Browser, folder: Path) -> None:
    """Two releases on their way, and a dozen hosts."""
    folder.mkdir()
    with serving(folder, settings()) as running:
        for number in range(12):
            running.decide(f"h{number}")
        page = browser.new_page(viewport={"width": 1100, "height": 620}, device_scale_factor=SCALE)
        page.goto(f"{running.url}/board")
        page.fill("#token", "all")
        page.keyboard.press("Enter")
        page.wait_for_selector("section")
        page.screenshot(path=PICTURES / "board.png")
        page.close()


def the_tiers(browser: Browser, folder: Path) -> None:
    """Three candidates, one of them waiting for its last approval."""
    folder.mkdir()
    staged(folder)
    with serving(folder, settings_of(folder)) as running:
        for number in range(9):
            running.decide(f"h{number}", ring="beta", opted_in="true")
        for name, width, height in (("tiers", 1100, 1000), ("tiers-narrow", 390, 844)):
            page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=SCALE)
            page.goto(f"{running.url}/board")
            page.fill("#token", "bob")
            page.keyboard.press("Enter")
            page.wait_for_selector("section")
            page.goto(f"{running.url}/board/tiers")
            page.screenshot(path=PICTURES / f"{name}.png")
            page.close()


def main() -> None:
    """Make them all."""
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        the_page(browser, Path(folder) / "page")
        the_board(browser, Path(folder) / "board")
        the_tiers(browser, Path(folder) / "tiers")
        browser.close()


if __name__ == "__main__":
    main()
