"""Builds the unusual candidates of this run's part and runs each once, in a run of its own with one Wine cell."""

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from examples.reference_agent import signing
from examples.reference_agent.build import DEFAULT_OUT, build
from tests.integration.known_bad.conftest import run_bad
from tests.integration.known_bad.profile import derived_profile
from tests.integration.known_bad.rotation import choose_good, chosen
from tests.integration.known_bad.scenes import GOOD_SCENES
from tests.integration.one_cell import Ended, run_one_cell
from tests.integration.unusual_good.candidates import INSTALLED, WHY, UnusualGood
from tests.integration.unusual_good.files import build_files, write_profile
from tests.integration.unusual_good.not_on_wine import NOT_ON_WINE
from tests.integration.unusual_good.packages import STEPS, UNUSUAL, build_package, write_package_profile
from tests.integration.unusual_good.products import PRODUCTS
from tests.integration.unusual_good.provident import EVERY
from tests.integration.unusual_good.twins import FILES
from tests.programs import ended_well

CHOSEN = chosen((*EVERY, FILES, *UNUSUAL, *PRODUCTS), choose_good())
AT_ONCE = 3
TOOL_S = 60.0


def build_good(good: UnusualGood, place: Path) -> Path:
    """The reference agent with these traits, its tables edited and signed anew."""
    msi = place / "agent.msi"
    shutil.copy(build("1.0.0", good.traits), msi)
    if good.edits:
        statements = [part for sql in good.edits for part in ("-q", sql)]
        ended_well(["msibuild", msi, *statements], TOOL_S)
        if "unsigned" not in good.traits:
            signing.sign(msi, DEFAULT_OUT / "signing")
    return msi


def run(
    candidate: Path, profile: Path, phases: tuple[str, ...], place: Path, *, form: str = "phases"
) -> Ended:
    """Run it to its end."""
    return run_one_cell(candidate, profile, place, ", ".join(phases), form=form)


def run_good(name: str, place: Path) -> Ended:
    """Build the candidate of this name and run it."""
    place.mkdir(parents=True)
    if name == FILES:
        return run(build_files(place), write_profile(place / "unusual.yaml", WHY), INSTALLED, place)
    if name in UNUSUAL:
        profile = write_package_profile(name, place / "unusual.yaml")
        return run(build_package(name, place), profile, STEPS, place, form="steps")
    if name in PRODUCTS:
        product = PRODUCTS[name]
        profile = product.describe(place / "unusual.yaml")
        return run(product.build(place), profile, product.phases, place, form=product.form)
    if name in GOOD_SCENES:
        ended = run_bad(GOOD_SCENES[name], place / "scene")
        return Ended(ended.code, ended.said, ended.gate)
    good = NOT_ON_WINE[name].good if name in NOT_ON_WINE else EVERY[name]
    profile = derived_profile(place / "reference.yaml", good.profile)
    return run(build_good(good, place), profile, good.phases, place)


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[Ended]]:
    """The runs by candidate. All are started at once; a test waits for the one it looks at."""
    root = tmp_path_factory.mktemp("unusual-good")
    pool = ThreadPoolExecutor(AT_ONCE)
    return {name: pool.submit(run_good, name, root / name) for name in CHOSEN}
