"""Runs every known-bad candidate once, several at a time, each in its own run of one Wine cell."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.known import KnownBad
from tests.integration.known_bad.profile import derived_profile
from tests.integration.known_bad.rotation import chosen
from tests.integration.known_bad.scenes import shipped
from tests.integration.one_cell import Ended, run_one_cell

CHOSEN = chosen(BAD)
AT_ONCE = 3
PREVIOUS = "0.9.0"
CABINET = b"MSCF"
"""How a cabinet begins."""


def damaged(candidate: Path, place: Path) -> Path:
    """A copy with changed bytes in the middle of its cabinet's data."""
    content = bytearray(candidate.read_bytes())
    middle = content.index(CABINET) + 4096
    content[middle : middle + 256] = bytes(byte ^ 0x5A for byte in content[middle : middle + 256])
    copy = place / candidate.name
    copy.write_bytes(content)
    return copy


def run_bad(bad: KnownBad, place: Path) -> Ended:
    place.mkdir()
    candidate = build("1.0.0", bad.defects)
    if bad.damaged:
        candidate = damaged(candidate, place)
    steps = shipped(bad.scenario) if bad.scenario else bad.steps
    previous = ["--previous", str(build(PREVIOUS))] if steps else []
    profile = derived_profile(place / "reference.yaml", bad.profile)
    form = "steps" if steps else "phases"
    return run_one_cell(candidate, profile, place, steps or ", ".join(bad.phases), *previous, form=form)


def of_today(name: str) -> pytest.MarkDecorator:
    """For a test that looks at one candidate: there is nothing to look at on another part's day."""
    return pytest.mark.skipif(
        name not in CHOSEN, reason=f"{name} is not in this run's part of the known-bad candidates"
    )


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[Ended]]:
    """The runs by candidate. All are started at once; a test waits for the one it looks at."""
    root = tmp_path_factory.mktemp("known-bad")
    pool = ThreadPoolExecutor(AT_ONCE)
    return {name: pool.submit(run_bad, BAD[name], root / name) for name in CHOSEN}
