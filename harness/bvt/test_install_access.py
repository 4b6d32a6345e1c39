"""Who may change what was installed, by owner and access list."""

from harness.guest.access_control import FILE_WRITES, KEY_WRITES, SecurityDescriptor, read_sddl
from harness.guest.event_log import error_events
from harness.model.report import Phase
from harness.model.substrate import Capability
from harness.run.cell import CellSession
from harness.run.check import check
from harness.run.declared import declares
from harness.run.excuses import some
from harness.run.timeline import Timeline

PHASE = Phase.INSTALL


@check("No installed file or folder is writable by ordinary users", needs=[Capability.FILE_ACLS])
def test_not_world_writable(cell: CellSession, timeline: Timeline) -> None:
    open_to = {path: found.writable_by(FILE_WRITES) for path, found in _descriptors(cell, timeline).items()}
    loose = [f"{path} by {', '.join(who)}" for path, who in open_to.items() if who]
    assert not loose, f"Writable: {some(loose)}."


@check("Everything installed belongs to administrators or the system", needs=[Capability.FILE_ACLS])
def test_owner(cell: CellSession, timeline: Timeline) -> None:
    found = _descriptors(cell, timeline)
    foreign = [f"{path} ({each.owner or 'nobody'})" for path, each in found.items() if not each.trusted_owner]
    assert not foreign, f"Owned by somebody else: {some(foreign)}."


@check("Nothing installed denies anything to anybody", needs=[Capability.FILE_ACLS])
def test_no_denials(cell: CellSession, timeline: Timeline) -> None:
    found = {path: each.denials() for path, each in _descriptors(cell, timeline).items()}
    denying = [f"{path} to {', '.join(who)}" for path, who in found.items() if who]
    assert not denying, f"Denied: {some(denying)}."


@check(
    "Access lists are the declared ones",
    declared=declares("access lists", lambda profile: profile.access),
    needs=[Capability.FILE_ACLS],
)
def test_declared_access(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.installation
    paths = [expected.path for expected in cell.profile.access]
    for expected, facts in zip(cell.profile.access, cell.guest.files(*paths), strict=True):
        assert facts.exists, f"{expected.path} is not there."
        found, wanted = read_sddl(facts.sddl or ""), read_sddl(expected.sddl)
        same = set(found.entries or ()) == set(wanted.entries or ()) and found.protected == wanted.protected
        assert same, f"{expected.path} has {facts.sddl}, expected {expected.sddl}."


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
        assert sddl is not None, f"The key {key} is missing, or its permissions cannot be read."
        found = read_sddl(sddl)
        loose = found.writable_by(KEY_WRITES)
        assert not loose, f"The key {key} can be written by {', '.join(loose)}: {sddl}."
        assert not found.protected, (
            f"The key {key} does not inherit the permissions of the key above: {sddl}."
        )


@check("No error event about the agent was logged", needs=[Capability.EVENT_LOG])
def test_no_error_events(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.inspection
    profile = cell.profile
    names = [service.name for service in (*profile.services, *profile.drivers)]
    names += [service.display_name for service in profile.services if service.display_name]
    words = [*names, profile.product_name, profile.install_dir]
    events = error_events(cell.guest, timeline.baseline.boot.booted)
    found = [str(event) for event in events if event.speaks_of(words)]
    assert not found, f"Logged since the start: {some(found)}."


def _descriptors(cell: CellSession, timeline: Timeline) -> dict[str, SecurityDescriptor]:
    """Of everything installed. Asserts that there is something, so that nothing passes for want of files."""
    found = {path: read_sddl(facts.sddl or "") for path, facts in timeline.installed.items()}
    assert found, "No installed file could be looked at."
    cell.note("files and folders", len(found))
    return found
