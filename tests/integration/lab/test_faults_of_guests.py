"""One run with a fault in each cell: who is to blame, and what is there to see.

Every fault is injected from outside, by the test: see `rig.py` for why and how.
"""

import os
import re
import signal
from pathlib import Path

import pytest

from harness.model.gate import Verdict
from harness.model.report import Outcome
from tests.integration.lab.conftest import MakeRig
from tests.integration.lab.rig import SPIN, Harm, Rig, Run, in_guest, qemu_of

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]

CELLS = ("healthy", "lost", "panic", "loop", "cut", "hang")
HOST = "faults"
PANIC = "echo c >/proc/sysrq-trigger"
CUT = "for link in /sys/class/net/e*; do ip link set ${link##*/} down; done"
# From now on every boot of this guest ends at once in the next one, as with a driver that crashes at boot.
LOOP = """
rm /sbin/init
cat >/sbin/init <<'END'
#!/bin/sh
mount -t proc proc /proc
echo 1 >/proc/sys/kernel/sysrq
echo b >/proc/sysrq-trigger
END
chmod +x /sbin/init
sync
echo b >/proc/sysrq-trigger
"""


class Faults:
    """The run, and the rig that it runs in."""

    def __init__(self, rig: Rig, run: Run) -> None:
        self.rig, self.run = rig, run


@pytest.fixture(scope="module")
def faults(make_rig: MakeRig, candidate: Path) -> Faults:
    rig = make_rig("guests")
    daemon = rig.daemon(HOST)
    run = rig.run(candidate, *CELLS, hosts=[{"uri": f"private:{HOST}"}])

    def kill_libvirtd() -> None:
        run.machine("healthy")
        os.kill(int(daemon.pid_file.read_text()), signal.SIGKILL)

    def kill_qemu() -> None:
        qemu_of(run.machine("lost"), rig).kill()

    harms = [
        Harm(kill_libvirtd),
        Harm(kill_qemu),
        Harm(lambda: in_guest(run.installed("panic"), daemon, PANIC)),
        Harm(lambda: in_guest(run.installed("loop"), daemon, LOOP)),
        Harm(lambda: in_guest(run.installed("cut"), daemon, CUT)),
        Harm(lambda: in_guest(run.installed("hang"), daemon, SPIN)),
    ]
    code = run.ended()
    for harm in harms:
        harm.done()
    assert code == Verdict.FAIL.exit_code, run.said
    return Faults(rig, run)


def test_a_libvirtd_that_is_killed_in_mid_run_is_started_again_and_the_cell_passes(faults: Faults) -> None:
    report = faults.run.report("healthy")
    assert faults.run.result("healthy").verdict is Verdict.PASS, faults.run.said
    assert len(report.attempts) == 1


def test_a_machine_lost_before_the_install_is_replaced_with_the_attempt_on_record(faults: Faults) -> None:
    report = faults.run.report("lost")
    assert faults.run.result("lost").verdict is Verdict.PASS, faults.run.said
    lost, found = report.attempts
    assert (lost.outcome, found.outcome) == (Outcome.INFRA, Outcome.PASSED)
    assert lost.machine_id != found.machine_id
    assert lost.message
    assert b"<domain" in faults.run.evidence("lost", "attempt-1/domain.xml")


def test_a_guest_that_panics_after_the_install_is_the_candidates_fault(faults: Faults) -> None:
    check = faults.run.blamed("panic")
    assert check.outcome is Outcome.FAILED
    assert "The guest crashed after the candidate was installed" in check.message
    assert faults.run.evidence("panic", "machine/screenshot.png").startswith(b"\x89PNG")
    assert b"sysrq triggered crash" in faults.run.evidence("panic", "machine/serial.log")
    assert b"<domain" in faults.run.evidence("panic", "machine/domain.xml")


def test_a_boot_loop_after_the_install_is_the_candidates_fault_and_its_boots_are_counted(
    faults: Faults,
) -> None:
    check = faults.run.blamed("loop")
    assert check.outcome is Outcome.FAILED
    found = re.search(r"rebooted (\d+) times without being asked", check.message)
    assert found, check.message
    assert int(found[1]) >= 1
    assert faults.run.evidence("loop", "machine/serial.log")


def test_a_guest_cut_off_after_the_install_is_found_alive_by_the_second_channel(faults: Faults) -> None:
    check = faults.run.blamed("cut")
    assert check.outcome is Outcome.FAILED
    assert "The guest is alive but its network no longer answers" in check.message
    assert faults.run.evidence("cut", "machine/screenshot.png").startswith(b"\x89PNG")


def test_a_guest_that_spins_after_the_install_hangs_and_shows_where(faults: Faults) -> None:
    check = faults.run.blamed("hang")
    assert check.outcome is Outcome.FAILED
    assert "The guest hangs since the candidate was installed" in check.message
    assert b"RIP=" in faults.run.evidence("hang", "machine/processors.txt")


def test_nothing_of_the_run_is_left(faults: Faults) -> None:
    assert faults.rig.leftovers() == []
