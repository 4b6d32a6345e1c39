"""`repair: [file, registry, service]`: damage the installed product, then let its installer mend it."""

import ntpath

from harness.cell.check import Blocked, NotApplicable
from harness.cell.declared import never_introduced
from harness.guest.msi.result import MsiResult
from harness.guest.services import ServiceStateNotReached
from harness.lifecycle.service_restart import restarted
from harness.lifecycle.settings import set_as_customers_do
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.written_files import STOP_S
from harness.model.candidate import InstallerKind
from harness.model.deadline import Deadline
from harness.model.profile.text import placeholders
from harness.model.report import Outcome
from harness.model.steps import Step

KNOWN_S = 1.0
"""The backend has the endpoint already: only its newest enrolment is asked for."""
OF_PACKAGE = frozenset({"version", "product_code"})
"""Placeholders that the package itself fills, so that a repair can mend what holds them."""


def act(timeline: Timeline, step: Step) -> MsiResult:
    """Delete what the step names, repair, and keep the log in folder `repair`."""
    session = timeline.session
    if session.recorder.outcomes.get(timeline.arrived) is not Outcome.PASSED:
        raise Blocked(f"blocked by {timeline.arrived}: there is nothing to repair", timeline.arrived)
    if session.candidate.kind is not InstallerKind.MSI:
        raise NotApplicable("an EXE installer has no repair that is asked for in one way everywhere")
    if "identity" in step.keeps and not never_introduced(session.profile, session.backend.name):
        _ = timeline.arrival.endpoint
        timeline.seen_before = session.backend.wait_enrolled(session.cell.id, Deadline.after(KNOWN_S))
    if "configuration" in step.keeps:
        set_as_customers_do(timeline, ())
    for damage in step.of:
        DAMAGE[damage](timeline)
    deadline = session.within(session.profile.installer.timeout_s)
    with timeline.ends_in_time("install", deadline):
        result = session.guest.msi.repair(session.candidate.product_code, deadline)
    session.guest.new_shell()
    timeline.keep_log(result, "repair")
    return result


def _stop(timeline: Timeline) -> None:
    """Stop the product's services: what runs can neither be deleted nor replaced."""
    profile = timeline.session.profile
    before = timeline.before or timeline  # the repair itself is still to be made
    names = dict.fromkeys(restarted(before)) | dict.fromkeys(each.name for each in profile.services)
    for name in names:
        try:
            timeline.session.guest.services.stop(name, timeline.session.within(STOP_S))
        except ServiceStateNotReached:
            continue


def _file(timeline: Timeline) -> None:
    """The files that the profile declares, programs included."""
    _stop(timeline)
    for file in timeline.session.profile.files:
        timeline.session.guest.run(["cmd", "/c", "del", "/f", "/q", ntpath.normpath(file.path)], timeout_s=30)


def _registry(timeline: Timeline) -> None:
    """The values that the profile declares and the package holds: nobody knows those that an installation was given."""
    for value in timeline.session.profile.registry:
        if value.equals is None or set(placeholders(value.equals)) - OF_PACKAGE:
            continue
        timeline.session.guest.run(["reg", "delete", value.key, "/v", value.name, "/f"], timeout_s=30)


def _service(timeline: Timeline) -> None:
    """The services' entries."""
    _stop(timeline)
    for service in timeline.session.profile.services:
        timeline.session.guest.run(["sc", "delete", service.name], timeout_s=30)


DAMAGE = {"file": _file, "registry": _registry, "service": _service}
