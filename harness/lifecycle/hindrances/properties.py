"""`by: property`: the installer is given what makes it fail, by the profile (`installer.fails_by`)."""

from harness.cell.check import NotApplicable, NotTested
from harness.lifecycle.attempt import Attempt
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.under_way import run_to_its_end
from harness.model.candidate import InstallerKind
from harness.model.report import Phase
from harness.model.steps import Step


def hinder(timeline: Timeline, step: Step) -> Attempt:
    """Raises `NotTested` if the profile names none, `NotApplicable` for an EXE installer."""
    assert step.work is not None
    if timeline.session.candidate.kind is not InstallerKind.MSI:
        raise NotApplicable("an EXE installer takes no properties")
    given = timeline.rendered(timeline.session.profile.installer.fails_by)
    if not given:
        raise NotTested("the profile names no property that makes its installer fail (installer.fails_by)")
    how = f"it was given {', '.join(given)}"
    if step.work is Phase.UNINSTALL:
        return Attempt(step.work, how, timeline.uninstall_now(str(step.action), given))
    return Attempt(step.work, how, run_to_its_end(timeline, step, given))
