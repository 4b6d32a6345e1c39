"""What the outside concludes from a domain's state and events."""

import threading

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.libvirt.host.events import DomainHistory, count_clusters
from harness.machines.libvirt.observe.condition import BOOT_LOOP, Seen, judge
from harness.model.machine import Fault, MachineState


def test_a_running_guest_is_nobodys_fault() -> None:
    condition = judge(Seen(state=libvirt.VIR_DOMAIN_RUNNING, guest_alive=True))
    assert (condition.state, condition.fault) == (MachineState.RUNNING, Fault.NONE)
    assert condition.guest_alive is True


@pytest.mark.parametrize(
    ("seen", "state", "fault", "word"),
    [
        (Seen(state=libvirt.VIR_DOMAIN_CRASHED), MachineState.CRASHED, Fault.GUEST, "panicked"),
        (Seen(state=None, panicked=True), MachineState.CRASHED, Fault.GUEST, "panicked"),
        (
            Seen(state=libvirt.VIR_DOMAIN_PAUSED, reason=libvirt.VIR_DOMAIN_PAUSED_CRASHED),
            MachineState.CRASHED,
            Fault.GUEST,
            "panicked",
        ),
        (Seen(state=None, ended="shutdown"), MachineState.STOPPED, Fault.GUEST, "powered"),
        (Seen(state=libvirt.VIR_DOMAIN_SHUTDOWN), MachineState.STOPPED, Fault.GUEST, "powering"),
        (Seen(state=None, ended="failed"), MachineState.GONE, Fault.HOST, "QEMU"),
        (Seen(state=None, ended="destroyed"), MachineState.GONE, Fault.HOST, "destroyed"),
        (Seen(state=None), MachineState.GONE, Fault.HOST, "no longer"),
        (
            Seen(state=libvirt.VIR_DOMAIN_PAUSED, io_error="enospc"),
            MachineState.PAUSED,
            Fault.HOST,
            "disk is full",
        ),
        (
            Seen(state=libvirt.VIR_DOMAIN_PAUSED, reason=libvirt.VIR_DOMAIN_PAUSED_IOERROR),
            MachineState.PAUSED,
            Fault.HOST,
            "I/O error",
        ),
        (Seen(state=libvirt.VIR_DOMAIN_PAUSED), MachineState.PAUSED, Fault.HOST, "from outside"),
        (
            Seen(state=libvirt.VIR_DOMAIN_RUNNING, boots=BOOT_LOOP, guest_alive=False, qemu_answers=False),
            MachineState.RUNNING,
            Fault.HOST,
            "QEMU process does not answer",
        ),
        (
            Seen(state=libvirt.VIR_DOMAIN_RUNNING, boots=BOOT_LOOP, guest_alive=False),
            MachineState.RUNNING,
            Fault.GUEST,
            f"booted {BOOT_LOOP} times",
        ),
    ],
)
def test_each_end_has_its_name_and_its_culprit(
    seen: Seen, state: MachineState, fault: Fault, word: str
) -> None:
    condition = judge(seen)
    assert (condition.state, condition.fault) == (state, fault)
    assert word in condition.reason


def test_a_guest_that_rebooted_often_but_is_up_is_no_boot_loop() -> None:
    condition = judge(Seen(state=libvirt.VIR_DOMAIN_RUNNING, boots=BOOT_LOOP + 2, guest_alive=True))
    assert condition.fault is Fault.NONE
    assert condition.boots == BOOT_LOOP + 2


@given(
    st.one_of(st.none(), st.integers(0, 8)),
    st.integers(0, 14),
    st.sampled_from([None, "shutdown", "failed", "destroyed", "crashed", "detail 9"]),
    st.booleans(),
    st.sampled_from(["", "enospc", "unknown"]),
)
def test_whatever_libvirt_says_only_a_running_domain_is_called_running(
    state: int | None, reason: int, ended: str | None, panicked: bool, io_error: str
) -> None:
    condition = judge(Seen(state, reason, ended, panicked, io_error))
    if condition.state is MachineState.RUNNING:
        assert state not in (None, libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_PAUSED)
        assert not panicked
    else:
        assert condition.fault is not Fault.NONE
        assert condition.reason


def test_one_reboot_announced_three_times_is_one_reboot() -> None:
    assert count_clusters([10.0, 10.1, 11.2, 30.0, 30.4], 2.0, 4.0) == 2
    assert count_clusters([10.0, 11.9, 13.5], 2.0, 4.0) == 1
    assert count_clusters([], 2.0, 4.0) == 0


def test_an_emulated_guest_takes_longer_between_the_announcements_of_one_reboot() -> None:
    history = DomainHistory(reboots=[10.0, 13.0, 19.0])
    assert history.boots() == 4
    assert history.boots(4.0) == 2


def test_a_guest_that_resets_every_second_is_in_a_boot_loop() -> None:
    history = DomainHistory(reboots=[float(second) for second in range(20)])
    assert history.boots() >= BOOT_LOOP
    assert history.boots(4.0) >= 2
    assert count_clusters(history.reboots, 2.0, 4.0) == 5


def test_a_domain_that_is_gone_before_its_event_arrives_is_judged_by_the_event() -> None:
    history = DomainHistory()
    late = threading.Timer(0.05, lambda: history.note(ended="shutdown"))
    late.start()
    history.await_end(60)
    late.join(60)
    assert judge(Seen(state=None, ended=history.ended)).fault is Fault.GUEST


def test_an_event_that_never_comes_is_waited_for_once_and_may_still_come_late() -> None:
    history = DomainHistory()
    history.await_end(0.01)
    history.await_end(3600)  # the test's own time is shorter
    condition = judge(Seen(state=None, ended=history.ended))
    assert (condition.fault, condition.reason) == (Fault.HOST, "its domain no longer exists")
    history.note(ended="failed")
    assert judge(Seen(state=None, ended=history.ended)).reason == "its QEMU process died"
