"""What a broken connection's error says of its cause."""

import pytest

from harness.guest.winrm.link import _innermost


def test_the_deepest_cause_speaks() -> None:
    outer = OSError("outer")
    outer.__cause__ = TimeoutError("The handshake operation timed out.")
    assert _innermost(outer) == "TimeoutError: The handshake operation timed out"


@pytest.mark.parametrize("length", [2, 3, 5])
def test_causes_that_form_a_ring_are_each_looked_at_once(length: int) -> None:
    ring = [OSError(f"error {number}") for number in range(length)]
    for number, error in enumerate(ring):
        error.__cause__ = ring[(number + 1) % length]
    assert _innermost(ring[0]) == f"OSError: error {length - 1}"
