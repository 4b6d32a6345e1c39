"""When a silent guest is said to hang, and when not."""

import time
from collections.abc import Callable, Iterable

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.libvirt.host.limit import within
from harness.machines.libvirt.observe.hang import RESTLESS, Sample, Sign, processor_sample, read_sign, watch
from harness.model.errors import DeadlineExceeded, MachineLost

seconds = st.floats(0, 1000, allow_nan=False)


def sample(at_s: float, *processors: tuple[float, float]) -> Sample:
    """Each processor: seconds that it ran, and seconds that it waited for the host."""
    return Sample(at_s, tuple(ran for ran, _ in processors), tuple(waited for _, waited in processors))


@pytest.mark.parametrize(
    ("last", "sign"),
    [
        (sample(20, (19.9, 0.0)), Sign.SPINS),
        (sample(20, (10.0, 9.9)), Sign.SPINS),  # a busy host gave it half of what it wanted
        (sample(20, (9.0, 10.9)), Sign.UNDECIDED),  # not enough yet
        (sample(20, (0.0, 20.0)), Sign.UNDECIDED),  # a host that gives it nothing
        (sample(20, (18.0, 0.0)), Sign.RESTS),
        (sample(20, (0.0, 0.0)), Sign.RESTS),  # halted, or its QEMU is stopped
        (sample(20, (5.0, 1.0), (20.0, 0.0)), Sign.SPINS),  # one of two is enough
        (sample(20, (10.0, 1.0), (10.0, 1.0)), Sign.RESTS),
        (sample(20), Sign.RESTS),
    ],
)
def test_a_processor_that_never_rests_and_was_given_enough_spins(last: Sample, sign: Sign) -> None:
    assert read_sign(sample(0, (0.0, 0.0), (0.0, 0.0)), last, needed_s=10.0) is sign


@given(seconds, st.lists(st.tuples(seconds, seconds), max_size=4), st.floats(0.1, 100))
def test_a_guest_without_enough_processor_time_is_never_said_to_spin(
    length_s: float, spent: list[tuple[float, float]], needed_s: float
) -> None:
    first = sample(0, *((0.0, 0.0) for _ in spent))
    sign = read_sign(first, sample(length_s, *spent), needed_s)
    if sign is Sign.SPINS:
        assert any(ran >= needed_s and ran + waited >= RESTLESS * length_s for ran, waited in spent)
    else:
        assert not any(ran >= needed_s and ran + waited >= RESTLESS * length_s for ran, waited in spent)


def turns(samples: Iterable[Sample]) -> Callable[[], Sample]:
    given_out = iter(samples)
    return lambda: next(given_out)


def test_a_guest_that_spins_and_is_silent_hangs() -> None:
    seen = turns(sample(at, (at, 0.0)) for at in range(0, 60, 4))
    assert "did not rest for 12 s" in watch(seen, lambda: False, needed_s=10.0, pause_s=0.001)


def test_one_answer_is_enough_to_be_alive() -> None:
    answers = iter([False, False, True])
    seen = turns(sample(at, (at, 0.0)) for at in range(0, 60, 4))
    assert watch(seen, lambda: next(answers), needed_s=10.0, pause_s=0.001) == ""


def test_a_guest_that_rests_is_not_watched_any_longer() -> None:
    asked: list[None] = []

    def silent() -> bool:
        asked.append(None)
        return False

    seen = turns(sample(at, (0.5 * at, 0.0)) for at in range(0, 60, 4))
    assert watch(seen, silent, needed_s=10.0, pause_s=0.001) == ""
    assert len(asked) == 1


def test_a_host_that_gives_no_processor_time_is_not_waited_for_without_end() -> None:
    began = time.monotonic()

    def starved() -> Sample:
        now = time.monotonic() - began
        return sample(now, (0.0, now))

    assert watch(starved, lambda: False, needed_s=0.05, pause_s=0.01) == ""


def test_a_domain_that_is_gone_shows_nothing() -> None:
    """libvirt's own test driver: as QEMU's, it passes over a domain that is no longer there."""
    connection = libvirt.open("test:///default")
    domain = connection.lookupByName("test")
    domain.destroy()
    domain.undefine()
    with pytest.raises(MachineLost, match="test no longer exists"):
        processor_sample(connection, domain)
    connection.close()


def test_an_answer_in_time_is_handed_on_and_so_is_an_error() -> None:
    assert within("the answer", lambda: 7) == 7
    with pytest.raises(ValueError, match="no"):
        within("the answer", lambda: int("no"))
    with pytest.raises(TimeoutError, match="its own"):
        within("the answer", fail)


def fail() -> None:
    raise TimeoutError("its own")


def test_a_call_that_is_never_answered_ends_with_a_sentence() -> None:
    with pytest.raises(DeadlineExceeded, match=r"QEMU's answer did not happen within 0\.05 s"):
        within("QEMU's answer", lambda: time.sleep(5), 0.05)
