"""`power-cut: install`: the power goes while the installer works, and comes back. The next step does it again."""

from harness.cell.check import NotApplicable
from harness.lifecycle.attempt import Attempt
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.under_way import begin, look, wait_for
from harness.machines.capabilities import CutsPower
from harness.model.steps import Step


def act(timeline: Timeline, step: Step) -> Attempt:
    """Begin the work, cut the power at the step's moment, wait until the guest is back.

    What was there before is on the disk by then: the guest is rebooted first, for a registry is written lazily. Raises
    `NotApplicable` where the provider's machines have no power that could be cut.
    """
    session = timeline.session
    assert step.work is not None, "the rules of a matrix let no power-cut stand without it"
    machine = session.machine
    if not isinstance(machine, CutsPower):
        raise NotApplicable(f"the power of a {machine.substrate} machine of this provider cannot be cut")
    timeline.reboot_now()
    before, boot = look(timeline), session.guest.boot()
    begun = begin(timeline, step)
    moment = wait_for(timeline, step, before, begun)
    deadline = session.within(session.profile.reboot_deadline_s)
    with session.recorder.stopwatch.waiting(), timeline.boots_once_more():
        machine.cut_power(deadline)
        again = session.guest.await_boot(boot, deadline)
    how = f"the power was cut {moment}"
    session.note(f"{step.work} broken off", how)
    return Attempt(step.work, how, boot=again)
