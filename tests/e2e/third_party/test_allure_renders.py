"""Both generations of Allure render a run offline, with environment, categories and cells apart."""

import json
import subprocess
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.state import StateDirectory
from tests.e2e.running import Lab

pytestmark = [pytest.mark.wine]

CELLS = ("win11-24h2/short", "server-2022/short")
RENDERERS = {"allure-commandline": "2.46.1", "allure": "3.18.0"}
"""From npm. The first needs Java, the second Node alone."""
INSTALL_S, RENDER_S = 600, 300


def renderer(name: str) -> Path:
    """Its program, fetched when it is not there yet."""
    version = RENDERERS[name]
    place = StateDirectory.default().part("third-party", name, version)
    found = place / "node_modules" / ".bin" / "allure"
    if not found.exists():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", place, f"{name}@{version}"],
            check=True,
            timeout=INSTALL_S,
        )
    return found


def rendered(name: str, run: Path, *arguments: str) -> None:
    """Render in a network namespace of its own, which reaches nothing."""
    subprocess.run(
        ["unshare", "--map-root-user", "--net", renderer(name), "generate", *arguments],
        cwd=run,
        check=True,
        timeout=RENDER_S,
    )


@pytest.fixture
def run(lab: Lab, two_cells: Path) -> Path:
    bad = build("1.0.0", frozenset({"leaves-file"}))
    running = lab.run(bad, "--profile", "reference", "--matrix", two_cells, "-n", 2)
    assert running.ended() == 1, running.said
    return running.out


def test_allure_2_and_3_render_environment_categories_and_cells(run: Path) -> None:
    rendered("allure-commandline", run, "allure", "-o", "second")
    rendered("allure", run, "--config", "allurerc.json", "-o", "third", "allure")
    environment = json.loads((run / "second" / "widgets" / "environment.json").read_text())
    assert {"Candidate", "Pool", "Substrates", "Verdict"} <= {entry["name"] for entry in environment}
    categories = json.loads((run / "second" / "data" / "categories.json").read_text())["children"]
    assert "The candidate failed" in {category["name"] for category in categories}
    suites = (run / "second" / "data" / "suites.json").read_text()
    assert all(cell in suites for cell in CELLS)

    third = {
        path.relative_to(run / "third").as_posix(): path.read_text(errors="replace")
        for path in (run / "third").rglob("*")
        if path.suffix in (".json", ".html", ".js")
    }
    everything = "\n".join(third.values())
    assert all(cell in everything for cell in CELLS)
    assert "The candidate failed" in everything
    assert "Substrates" in everything
