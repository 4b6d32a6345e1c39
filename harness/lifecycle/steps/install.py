"""`install: previous`: put an earlier release on the clean machine."""

from harness.candidate.msi_contents import packed_services
from harness.candidate.msi_tables import read_tables
from harness.cell.session import CellSession
from harness.lifecycle.earlier import Earlier
from harness.lifecycle.releases import ReleaseUnusable, medium, release_of
from harness.lifecycle.settings import set_as_customers_do
from harness.lifecycle.timeline import Timeline
from harness.model.candidate import Candidate, InstallerKind
from harness.model.errors import CandidateError
from harness.model.steps import Step, broken_off


def services_of(release: Candidate) -> frozenset[str]:
    """The services that its tables make, in lower case; none where no table tells of any.

    The profile's are the candidate's, which may have more than an earlier release, or give them other names.
    """
    if release.kind is not InstallerKind.MSI:
        return frozenset()
    return frozenset(name.lower() for name in packed_services(read_tables(release.path)))


def act(timeline: Timeline, step: Step) -> None:
    """Install it as the candidate would be, and wait for its services. Raises `ReleaseUnusable`."""
    session = timeline.session
    name, release = release_of(session, step)
    timeline.bring_authority()
    properties = timeline.rendered(session.profile.installer.properties, release)
    try:
        result = timeline.run_package(release, medium(name), properties, f"{name}-install")
    except CandidateError as error:
        raise ReleaseUnusable(name, release, str(error)) from error
    if not result.succeeded:
        raise ReleaseUnusable(name, release, f"its installer ended with {result.meaning}. {result.log_words}")
    own = services_of(release)
    for expected in session.profile.services:
        if expected.running and (not own or expected.name.lower() in own):
            with session.recorder.stopwatch.waiting():
                up = timeline.service_comes_up(expected.name, expected.start_deadline_s)
            if not up:
                words = timeline.service_words(expected.name)
                raise ReleaseUnusable(name, release, f"its service {expected.name} does not run: {words}.")
    services = _to_be_kept(session, own)
    set_as_customers_do(timeline, services)
    timeline.earlier = Earlier(name, release, installed_s=result.duration_s, services=services)


def _to_be_kept(session: CellSession, own: frozenset[str]) -> frozenset[str]:
    """The services on which administrators set something: where the next release comes to its end and is to keep it."""
    steps = session.cell.steps
    if broken_off(steps) is not None or not any("configuration" in step.keeps for step in steps):
        return frozenset()
    named = frozenset(service.name.lower() for service in session.profile.services)
    return own & named if own else named
