"""A machine that does not lead to the backend is the lab's fault."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness.checks import test_machine as machine_checks
from harness.checks.test_machine import NoWayToBackend
from harness.model.machine import HostPort
from harness.probe.answers.system import Reach

FIRST, SECOND = HostPort(host="10.0.2.100", port=443), HostPort(host="10.0.2.100", port=444)


class Cell:
    """Its machine leads to the next of `ways` each time that it is asked for a guest command."""

    def __init__(self, *ways: HostPort | None) -> None:
        self._ways = list(ways)
        self.machine = SimpleNamespace(backend_address=self._ways.pop(0))
        self.backend = SimpleNamespace(name="embedded", address=FIRST)
        self.guest = SimpleNamespace(reaches=self._reaches)
        self.asked: list[HostPort] = []
        self.noted: dict[str, object] = {}
        self.note = self.noted.__setitem__

    def _reaches(self, address: HostPort) -> Reach:
        self.asked.append(address)
        return Reach(reached=True, code=0, waited_ms=1)

    def before_candidate(self, action: Callable[[], Any]) -> Any:
        """As the real one does it when the machine is lost in the action."""
        answer = action()
        if self._ways:
            self.machine = SimpleNamespace(backend_address=self._ways.pop(0))
            answer = action()
        return answer


def test_a_machine_without_a_way_is_no_failure_of_the_candidate() -> None:
    with pytest.raises(NoWayToBackend, match="without a way to the backend"):
        machine_checks.test_way_to_backend(Cell(None))  # type: ignore[arg-type]


def test_a_machine_that_takes_the_place_of_a_lost_one_is_asked_for_its_own_way() -> None:
    cell = Cell(FIRST, SECOND)
    machine_checks.test_way_to_backend(cell)  # type: ignore[arg-type]
    assert cell.asked == [FIRST, SECOND]
    assert cell.noted == {"backend": f"embedded at {SECOND}"}
