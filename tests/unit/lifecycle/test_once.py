"""An action happens once, whatever came of it."""

import pytest

from harness.lifecycle.once import forget, once


class Bell:
    def __init__(self) -> None:
        self.rung = 0

    @once
    def ring(self) -> int:
        """Ring it."""
        self.rung += 1
        return self.rung

    @once
    def crack(self) -> int:
        """Break it."""
        self.rung += 1
        raise ValueError("cracked")


def test_a_second_look_finds_the_first_result() -> None:
    bell = Bell()
    assert (bell.ring, bell.ring, bell.rung) == (1, 1, 1)


def test_a_failure_is_kept_and_raised_again_without_a_second_try() -> None:
    bell = Bell()
    for _ in range(2):
        with pytest.raises(ValueError, match="cracked"):
            _ = bell.crack
    assert bell.rung == 1


def test_a_forgotten_action_happens_again() -> None:
    bell = Bell()
    _ = bell.ring
    forget(bell, "ring")
    assert bell.ring == 2


def test_two_instances_know_nothing_of_each_other() -> None:
    first, second = Bell(), Bell()
    _ = first.ring
    assert second.rung == 0
