"""An installer's work while it is under way: begun, and watched until a moment of it or to its end."""

import ntpath
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.candidate.transforms import with_places
from harness.cell.check import NotApplicable, NotTested
from harness.guest.msi.detached import Begun
from harness.guest.msi.result import MsiResult
from harness.guest.round_trip import RoundTrip
from harness.lifecycle.releases import medium_of
from harness.lifecycle.timeline import Timeline
from harness.model.candidate import InstallerKind
from harness.model.deadline import Deadline
from harness.model.report import Phase
from harness.model.steps import Step
from harness.probe.answers.files import FileFacts
from harness.probe.answers.services import Service

LOOK_S = 0.01
"""Between two looks at what the installer has done so far."""


@dataclass(frozen=True)
class Shown:
    """What a moment is told by."""

    file: tuple[object, ...]
    service: tuple[object, ...]
    ended: bool


def begin(timeline: Timeline, step: Step) -> Begun:
    """Start what the step breaks off, with the candidate. Its log is the harness's own file."""
    session = timeline.session
    if session.candidate.kind is not InstallerKind.MSI:
        raise NotApplicable("an EXE installer cannot be watched while it works")
    deadline = session.within(session.profile.installer.timeout_s)
    if step.work is Phase.UNINSTALL:
        product, given = timeline.on_machine.product_code, timeline.uninstall_properties()
        begun = session.guest.msi.begin_uninstall(product, given, deadline)
    else:
        path = medium_of(session, session.candidate, "candidate")
        properties = with_places(timeline.properties(), ntpath.dirname(path))
        begun = session.guest.msi.begin_install(path, properties, deadline)
    timeline.logs.add(begun.log.lower())
    return begun


def look(timeline: Timeline, begun: Begun | None = None) -> Shown:
    """The first declared file and service, and whether the installer has ended. Raises what the guest layer raises."""
    profile = timeline.session.profile
    if not profile.files or not profile.services:
        raise NotTested("the profile declares no file and no service to tell a moment by")
    files = ("file", profile.files[0].path, *([begun.answer] if begun else []))
    services = ("services", profile.services[0].name)
    asked = RoundTrip(timeline.session.guest, [files, services])
    first, *answer = asked.read(list[FileFacts], *files)
    there = asked.read(list[Service], *services)
    return Shown(
        file=(first.exists, first.size, first.sha256),
        service=tuple((each.registry is not None, each.manager and each.manager.state) for each in there),
        ended=any(each.exists for each in answer),
    )


def wait_for(timeline: Timeline, step: Step, before: Shown, begun: Begun) -> str:
    """Wait until the step's moment; what was seen, in words. The installer's own end is the last moment there is."""
    clock = Deadline.after(begun.deadline.remaining_s)
    if step.at not in ("file", "service"):
        clock.pause(float(step.at))
        return f"after {step.at} s"
    while not clock.passed:
        now = look(timeline, begun)
        took = f"after {clock.length_s - clock.remaining_s:.2f} s"
        if getattr(now, step.at) != getattr(before, step.at):
            return f"{took}, when the first {step.at} that the profile declares was another than before"
        if now.ended:
            return f"{took}, when it had ended already and the first {step.at} was as before"
        clock.pause(LOOK_S)
    return "at the end of its time"


def run_to_its_end(
    timeline: Timeline, step: Step, properties: Mapping[str, str] = MappingProxyType({})
) -> MsiResult:
    """Run the candidate's installer on a machine where it cannot succeed; its log goes to the step's folder."""
    given = timeline.properties() | dict(properties)
    return timeline.run_package(
        timeline.session.candidate, "candidate", given, str(step.action), may_fail=True
    )
