"""Which processes are the agent's."""

from harness.lifecycle.health import family
from harness.probe.answers import Process


def process(pid: int, ppid: int) -> Process:
    return Process(
        pid=pid, ppid=ppid, name="a.exe", path=None, command_line=None, started=None, session=None, threads=1
    )


def test_all_that_descends_from_the_agent_is_its_own_and_nothing_else() -> None:
    everything = [process(1, 0), process(10, 1), process(11, 10), process(12, 11), process(20, 1)]
    assert [each.pid for each in family(everything, [10])] == [10, 11, 12]


def test_a_ring_of_parents_ends() -> None:
    assert [each.pid for each in family([process(1, 2), process(2, 1)], [1])] == [1, 2]


def test_an_agent_that_does_not_run_has_none() -> None:
    assert family([process(1, 0)], []) == []
