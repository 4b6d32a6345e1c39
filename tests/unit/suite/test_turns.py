"""Tests that take turns: each has its day, and one that is asked for by its name runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.test_pool_lab import ONE_WAY
from tests.e2e.test_pool_lab import PARTS as PARTS_OF_THE_WAY
from tests.integration.known_bad.rotation import PART, PARTS
from tests.turns import todays

pytest_plugins = ["pytester"]
EVERY_DAY = [f"{number}/{PARTS}" for number in range(1, PARTS + 1)]
FILE = """
import pytest

@pytest.mark.in_turn("kind", days=3)
@pytest.mark.parametrize("number", range(5))
def test_of_a_kind(number): pass

@pytest.mark.in_turn("boots", days=2, emulated=True)
@pytest.mark.parametrize("machine", ["wine", pytest.param("lab", marks=pytest.mark.libvirt)])
def test_boot(machine): pass

@pytest.mark.libvirt
@pytest.mark.in_turn("boots", days=2, emulated=True)
def test_other_boot(): pass

def test_daily(): pass
"""
CONFTEST = """
pytest_plugins = ["tests.turns"]

def pytest_addoption(parser):
    parser.addoption("--lab", action="store_true")

def pytest_configure(config):
    config.addinivalue_line("markers", "in_turn(kind, days, emulated=False)")
    config.addinivalue_line("markers", "libvirt")
"""
DAILY = {"test_boot[wine]", "test_daily"}


@given(st.lists(st.text(), unique=True), st.integers(1, PARTS))
def test_every_test_has_its_day(names: list[str], days: int) -> None:
    assert {name for day in EVERY_DAY for name in todays(names, days, day)} == set(names)
    assert all(todays(names, days, day) for day in EVERY_DAY) == bool(names)


def test_every_phase_of_the_way_has_its_day_on_a_virtual_machine() -> None:
    days = [todays(PARTS_OF_THE_WAY, len(PARTS_OF_THE_WAY), day) for day in EVERY_DAY]
    assert {len(day) for day in days} == {1}
    assert {phase for (phases,) in days for phase in phases} == set(ONE_WAY)


@pytest.fixture
def ran(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> "Ran":
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_it=FILE)
    return Ran(pytester, monkeypatch)


class Ran:
    """Which tests of `FILE` run in a part."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester, self.monkeypatch = pytester, monkeypatch

    def __call__(self, part: str, *arguments: str) -> set[str]:
        self.monkeypatch.setenv(PART, part)
        done = self.pytester.runpytest_inprocess("-p", "no:cacheprovider", "-q", "-rA", *arguments)
        return {line.partition("::")[2] for line in done.outlines if line.startswith("PASSED")}


def test_a_part_of_each_kind_runs_on_a_day(ran: Ran) -> None:
    first = {"test_of_a_kind[0]", "test_of_a_kind[3]", "test_boot[lab]"}
    assert ran("1/12") == DAILY | first
    assert ran("2/12") == DAILY | {"test_of_a_kind[1]", "test_of_a_kind[4]", "test_other_boot"}
    assert ran("3/12") == DAILY | {"test_of_a_kind[2]", "test_boot[lab]"}


def test_all_run_by_hand_and_all_on_virtual_machines_with_lab(ran: Ran) -> None:
    kind = {f"test_of_a_kind[{number}]" for number in range(5)}
    boots = {"test_boot[lab]", "test_other_boot"}
    assert ran("1/1") == DAILY | kind | boots
    assert ran("3/12", "--lab") == DAILY | boots | {"test_of_a_kind[2]"}


@pytest.mark.parametrize("part", ["1/12", "2/12"])
def test_one_that_is_asked_for_by_its_name_runs(ran: Ran, part: str) -> None:
    assert ran(part, "test_it.py::test_of_a_kind[2]") == {"test_of_a_kind[2]"}
