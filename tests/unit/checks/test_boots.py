"""How often a machine may have booted."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.stopwatch import Stopwatch
from harness.checks.boots import assert_boots


def cell(*boots: int, expected: int) -> Any:
    """A cell whose machine is seen to have booted so often, look by look; the last look repeats."""
    seen: Iterator[int] = iter([*boots, *[boots[-1]] * 1000])
    noted: dict[str, object] = {}
    return SimpleNamespace(
        machine=SimpleNamespace(condition=lambda: SimpleNamespace(boots=next(seen))),
        recorder=SimpleNamespace(stopwatch=Stopwatch()),
        expected_boots=expected,
        note=noted.__setitem__,
        noted=noted,
    )


def test_as_many_boots_as_asked_for_are_noted() -> None:
    machine = cell(3, expected=3)
    assert_boots(machine)
    assert machine.noted == {"boots": 3}


@pytest.mark.parametrize("boots", [1, 3])
def test_one_too_few_or_too_many_is_the_candidates(boots: int) -> None:
    with pytest.raises(AssertionError, match=f"Expected: 2 boots .* Found: it booted {boots} times"):
        assert_boots(cell(boots, expected=2))


def test_a_boot_that_comes_late_is_seen_while_it_is_watched_for() -> None:
    assert_boots(cell(1, 2, expected=1))
    with pytest.raises(AssertionError, match="booted 2 times"):
        assert_boots(cell(1, 2, expected=1), watched_s=5.0)
