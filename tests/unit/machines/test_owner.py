"""Who owns a machine: a process that is told apart from a later one, whatever the host's clock says."""

import os
import signal
import subprocess

import pytest

from harness.machines.intent import Owner
from tests.programs import bounded
from tests.stopping import stop


def test_this_process_lives() -> None:
    assert Owner.this_process().alive
    assert Owner.this_process() == Owner.of(os.getpid())


def test_a_process_that_is_stopped_lives_and_one_that_ended_is_dead() -> None:
    with bounded(subprocess.Popen(["sleep", "60"])) as process:
        owner = Owner.of(process.pid)
        assert owner.alive
        assert not owner.stopped
        stop(process.pid)
        assert owner.alive
        assert owner.stopped
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie
        assert not owner.alive
    assert not owner.alive
    with pytest.raises(OSError, match="No such"):
        Owner.of(process.pid)


@pytest.mark.parametrize("change", [{"ticks": 1}, {"boot": "another"}])
def test_a_later_process_with_the_same_id_is_another(change: dict[str, object]) -> None:
    assert not Owner.this_process().model_copy(update=change).alive
