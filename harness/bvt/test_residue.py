"""What the candidate left behind, and what it took with it that was not its own."""

from harness.bvt.boots import assert_boots
from harness.model.report import Phase
from harness.model.substrate import Capability
from harness.run.cell import CellSession
from harness.run.check import check
from harness.run.declared import declares
from harness.run.excuses import some, unexcused
from harness.run.snapshot import SENTINEL_FILES, SENTINEL_KEY, SENTINEL_SERVICE
from harness.run.timeline import Timeline

PHASE = Phase.RESIDUE
ROOTS = declares("registry keys of the agent", lambda profile: profile.registry_roots)


@check("No process of the agent is left")
def test_processes(cell: CellSession, timeline: Timeline) -> None:
    new = timeline.after.processes - timeline.baseline.snapshot.processes
    left = sorted(path for path in new if cell.profile.owns(path))
    assert not left, f"Still running after the uninstall: {', '.join(left)}."


@check("No service or driver is left")
def test_services(cell: CellSession, timeline: Timeline) -> None:
    before = timeline.baseline.snapshot
    new = (timeline.after.services | timeline.after.drivers) - before.services - before.drivers
    left = unexcused(cell, "service", new)
    assert not left, f"Left after the uninstall: service {', '.join(left)}."


@check("No entry is left in Add/Remove Programs")
def test_entry(timeline: Timeline) -> None:
    left = sorted(timeline.after.entries - timeline.baseline.snapshot.entries)
    assert not left, f"Still listed after the uninstall: {', '.join(left)}."


@check("No file is left")
def test_files(cell: CellSession, timeline: Timeline) -> None:
    left = unexcused(cell, "file", timeline.after.files - timeline.baseline.snapshot.files)
    assert not left, f"Left after the uninstall: {some(left)}."


@check("No registry key of the agent is left", declared=ROOTS)
def test_registry(cell: CellSession, timeline: Timeline) -> None:
    roots = cell.profile.registry_roots
    _ = timeline.after
    there = frozenset(key.lower() for key in roots if cell.guest.registry.exists(key))
    left = unexcused(cell, "registry", there)
    assert not left, f"Left after the uninstall: {some(left)}."


@check("Nothing new is in the registry keys that all products share")
def test_shared_registry(cell: CellSession, timeline: Timeline) -> None:
    roots = [root.lower() for root in cell.profile.registry_roots]
    new = timeline.after.registry - timeline.baseline.snapshot.registry
    # What the profile calls the agent's own is the business of the check above.
    left = unexcused(cell, "registry", new - frozenset(roots))
    assert not left, f"Left after the uninstall: {some(left)}."


@check("No scheduled task is left")
def test_tasks(cell: CellSession, timeline: Timeline) -> None:
    left = unexcused(cell, "task", timeline.after.tasks - timeline.baseline.snapshot.tasks)
    assert not left, f"Left after the uninstall: scheduled task {', '.join(left)}."


@check("No user or group is left", needs=[Capability.LOCAL_USERS])
def test_accounts(cell: CellSession, timeline: Timeline) -> None:
    left = unexcused(cell, "user", timeline.after.accounts - timeline.baseline.snapshot.accounts)
    assert not left, f"Left after the uninstall: {', '.join(left)}."


@check("The folders that all products share have the permissions that they had", needs=[Capability.FILE_ACLS])
def test_shared_permissions(timeline: Timeline) -> None:
    before, after = timeline.baseline.snapshot.permissions, timeline.after.permissions
    assert before, "The permissions before the installation are not known."
    changed = sorted(after - before)
    assert not changed, f"Permissions are not what they were: {some(changed)}."


@check("Nothing crashed from the installation to the end")
def test_no_crash(timeline: Timeline) -> None:
    new = sorted(timeline.after.crashes - timeline.baseline.snapshot.crashes)
    assert not new, f"Crash files appeared: {some(new)}."


@check("Nothing of the agent waits for the next boot")
def test_pending_renames(timeline: Timeline) -> None:
    new = timeline.after.pending_renames - timeline.baseline.snapshot.pending_renames
    assert not new, f"To be moved or deleted at the next boot: {some(sorted(new))}."


@check("Unrelated files are untouched")
def test_sentinel_files(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.after
    for path in SENTINEL_FILES:
        facts = cell.guest.files(path)[0]
        assert facts.exists, f"The unrelated file {path} is gone."
        content = cell.guest.read_file(path, limit_bytes=4096)
        assert content == timeline.nonce.encode(), f"The unrelated file {path} was changed."


@check("An unrelated service and key are untouched")
def test_sentinel_service(cell: CellSession, timeline: Timeline) -> None:
    assert SENTINEL_SERVICE.lower() in timeline.after.services, (
        f"The unrelated service {SENTINEL_SERVICE} is gone."
    )
    value = cell.guest.registry.value(SENTINEL_KEY, "Nonce")
    assert value is not None, f"The unrelated key {SENTINEL_KEY} is gone."
    assert value.data == timeline.nonce, f"The unrelated key {SENTINEL_KEY} was changed."


@check("Nothing that was there before is gone")
def test_nothing_taken(timeline: Timeline) -> None:
    before, after = timeline.baseline.snapshot, timeline.after
    gone = sorted(
        (before.services - after.services)
        | (before.drivers - after.drivers)
        | (before.entries - after.entries)
        | (before.files - after.files)
        | (before.tasks - after.tasks)
        | (before.accounts - after.accounts)
    )
    assert not gone, f"Gone since before the installation: {some(gone)}."


@check("The machine rebooted only when it was asked to")
def test_boots(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.after
    assert_boots(cell)
