"""Who may change what was installed, by owner and access list."""

from harness.cell.check import check
from harness.cell.declared import declares
from harness.cell.malware import ProbeTakenForMalware
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.guest.access_control import FILE_WRITES, KEY_WRITES, SecurityDescriptor, read_sddl
from harness.guest.defender import detections, of_the_probe
from harness.guest.event_log import error_events
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase
from harness.model.substrate import Capability

PHASE = Phase.INSTALL


@check("No installed file or folder is writable by ordinary users", needs=[Capability.FILE_ACLS])
def test_not_world_writable(cell: CellSession, timeline: Timeline) -> None:
    open_to, creation = {}, []
    for path, found in _descriptors(cell, timeline).items():
        folder = timeline.installed[path].directory
        open_to[path] = found.modifiable_by() if folder else found.writable_by(FILE_WRITES)
        if folder and found.creation_by():
            creation.append(path)
    if creation:  # as Windows has it below ProgramData
        cell.note("folders where ordinary users may create", listed(creation))
    loose = [f"{path} by {', '.join(who)}" for path, who in open_to.items() if who]
    if cell.profile.closed_folders:
        loose += [f"{path}, where ordinary users may create" for path in creation if not open_to[path]]
    assert not loose, mismatch(
        "nothing installed is writable by ordinary users", f"writable: {listed(loose)}"
    )


@check("Everything installed belongs to administrators or the system", needs=[Capability.FILE_ACLS])
def test_owner(cell: CellSession, timeline: Timeline) -> None:
    found = _descriptors(cell, timeline)
    foreign = [f"{path} ({each.owner or 'nobody'})" for path, each in found.items() if not each.trusted_owner]
    assert not foreign, mismatch(
        "everything installed belongs to administrators or the system",
        f"owned by somebody else: {listed(foreign)}",
    )


@check("Nothing installed denies anything to anybody", needs=[Capability.FILE_ACLS])
def test_no_denials(cell: CellSession, timeline: Timeline) -> None:
    found = {path: each.denials() for path, each in _descriptors(cell, timeline).items()}
    denying = [f"{path} to {', '.join(who)}" for path, who in found.items() if who]
    assert not denying, mismatch("nothing installed denies anything", f"denied: {listed(denying)}")


@check(
    "Access lists are the declared ones",
    declared=declares("access lists", lambda profile: profile.access),
    needs=[Capability.FILE_ACLS],
)
def test_declared_access(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.installation
    paths = [expected.path for expected in cell.profile.access]
    for expected, facts in zip(cell.profile.access, cell.guest.files(*paths), strict=True):
        assert facts.exists, mismatch(f"{expected.path} is there", "it is not")
        found, wanted = read_sddl(facts.sddl or ""), read_sddl(expected.sddl)
        same = set(found.entries or ()) == set(wanted.entries or ()) and found.protected == wanted.protected
        assert same, mismatch(f"{expected.path} has the access list {expected.sddl}", facts.sddl or "none")


@check(
    "Keys of the agent inherit their permissions, and ordinary users cannot write",
    declared=declares("registry keys", lambda profile: profile.registry_roots or profile.registry),
    needs=[Capability.REGISTRY_ACLS],
)
def test_registry_access(cell: CellSession, timeline: Timeline) -> None:
    keys = list(dict.fromkeys((*cell.profile.registry_roots, *(each.key for each in cell.profile.registry))))
    _ = timeline.installation
    for key in keys:
        sddl = cell.guest.registry.sddl(key)
        assert sddl is not None, mismatch(
            f"the key {key} is there", "it is missing, or its permissions cannot be read"
        )
        found = read_sddl(sddl)
        loose = found.writable_by(KEY_WRITES)
        assert not loose, mismatch(
            f"ordinary users cannot write the key {key}", f"it can be written by {listed(loose)}: {sddl}"
        )
        assert not found.protected, mismatch(
            f"the key {key} inherits the permissions of the key above", f"it does not: {sddl}"
        )


@check("No error event about the agent was logged", needs=[Capability.EVENT_LOG])
def test_no_error_events(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.inspection
    profile = cell.profile
    names = [service.name for service in (*profile.services, *profile.drivers)]
    names += [service.display_name for service in profile.services if service.display_name]
    words = [*names, profile.product_name, profile.install_dir]
    since = timeline.baseline.boot.booted
    malware = detections(cell.guest, since)
    if of_probe := of_the_probe(malware):
        raise ProbeTakenForMalware(of_probe[0])
    of_agent = [event for event in error_events(cell.guest, since) if event.speaks_of(words)]
    of_agent += [event for event in malware if event.speaks_of([*words, cell.candidate.path.name])]
    found = [str(event) for event in of_agent]
    assert not found, mismatch("no error event about the agent", f"logged since the start: {listed(found)}")


def _descriptors(cell: CellSession, timeline: Timeline) -> dict[str, SecurityDescriptor]:
    """Of everything installed. Asserts that there is something, so that nothing passes for want of files."""
    found = {path: read_sddl(facts.sddl or "") for path, facts in timeline.installed.items()}
    assert found, mismatch("installed files that can be looked at", "none")
    cell.note("files and folders", len(found))
    return found
