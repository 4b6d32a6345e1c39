"""What the candidate left behind, and what it took with it that was not its own."""

from collections import Counter
from collections.abc import Iterable

from harness.cell.check import NotApplicable, check
from harness.cell.declared import declares, isolates_below_wine, response_actions
from harness.cell.session import CellSession
from harness.checks.boots import assert_boots
from harness.checks.excuses import unexcused
from harness.checks.expectation import listed, mismatch
from harness.checks.folders_of_wine import without_substrates
from harness.checks.whole_machine import without_noise
from harness.guest.round_trip import RoundTrip
from harness.lifecycle.isolation import Neighbourhood
from harness.lifecycle.others import crashed
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import Phase
from harness.model.substrate import Capability
from harness.probe.answers.files import FileContent, FileFacts
from harness.residue.sentinels import SENTINEL_FILES, SENTINEL_KEY, SENTINEL_SERVICE

PHASE = Phase.RESIDUE
ROOTS = declares("registry keys of the agent", lambda profile: profile.registry_roots)


@check("No process of the agent is left")
def test_processes(cell: CellSession, timeline: Timeline) -> None:
    new = timeline.after.processes - timeline.baseline.snapshot.processes
    left = sorted(path for path in new if cell.profile.owns(path))
    assert not left, _left(timeline, "process", left)


@check("No service or driver is left")
def test_services(cell: CellSession, timeline: Timeline) -> None:
    before = timeline.baseline.snapshot
    new = (timeline.after.services | timeline.after.drivers) - before.services - before.drivers
    left = unexcused(cell, "service", new)
    assert not left, _left(timeline, "service or driver", left)


@check("No entry is left in Add/Remove Programs")
def test_entry(timeline: Timeline) -> None:
    left = sorted(timeline.after.entries - timeline.baseline.snapshot.entries)
    assert not left, _left(timeline, "entry in Add/Remove Programs", left)


@check("No file is left")
def test_files(cell: CellSession, timeline: Timeline, whole: WholeMachine) -> None:
    there = timeline.after.files
    new = without_noise(cell, whole, there - timeline.baseline.snapshot.files)
    left = without_substrates(timeline, unexcused(cell, "file", new), there)
    assert not left, _left(timeline, "file", left)


@check("No registry key of the agent is left", declared=ROOTS)
def test_registry(cell: CellSession, timeline: Timeline) -> None:
    roots = cell.profile.registry_roots
    _ = timeline.after
    there = frozenset(key.lower() for key in cell.guest.registry.existing(*roots))
    left = unexcused(cell, "registry", there)
    assert not left, _left(timeline, "registry key of the agent", left)


@check("Nothing new is in the registry keys that all products share")
def test_shared_registry(cell: CellSession, timeline: Timeline, whole: WholeMachine) -> None:
    roots = [root.lower() for root in cell.profile.registry_roots]
    new = timeline.after.registry - timeline.baseline.snapshot.registry
    # What the profile calls the agent's own is the business of the check above.
    left = unexcused(cell, "registry", without_noise(cell, whole, new - frozenset(roots)))
    assert not left, _left(timeline, "new registry key or value that products share", left)


@check("No environment variable is left")
def test_environment_left(cell: CellSession, timeline: Timeline) -> None:
    new = timeline.baseline.surroundings.left_over(timeline.surroundings_after)
    left = unexcused(cell, "variable", frozenset(name.lower() for name in new))
    assert not left, _left(timeline, "environment variable", left)


@check("Other programs have the environment that they had")
def test_environment(cell: CellSession, timeline: Timeline) -> None:
    harmed = timeline.baseline.surroundings.harmed(timeline.surroundings_after, cell.profile.keeps)
    assert not harmed, mismatch(
        "the environment that all programs share keeps what it had", "; ".join(harmed)
    )


@check("The system's own programs are as they were")
def test_system_programs(timeline: Timeline) -> None:
    tampered = timeline.baseline.surroundings.tampered(timeline.surroundings_after)
    assert not tampered, mismatch("the system's own programs are as they were", listed(tampered))


@check("No scheduled task is left")
def test_tasks(cell: CellSession, timeline: Timeline) -> None:
    left = unexcused(cell, "task", timeline.after.tasks - timeline.baseline.snapshot.tasks)
    assert not left, _left(timeline, "scheduled task", left)


@check("No user or group is left", needs=[Capability.LOCAL_USERS])
def test_accounts(cell: CellSession, timeline: Timeline) -> None:
    left = unexcused(cell, "user", timeline.after.accounts - timeline.baseline.snapshot.accounts)
    assert not left, _left(timeline, "user or group", left)


@check("The folders that all products share have the permissions that they had", needs=[Capability.FILE_ACLS])
def test_shared_permissions(timeline: Timeline) -> None:
    before, after = timeline.baseline.snapshot.permissions, timeline.after.permissions
    assert before, mismatch("the permissions before the installation are known", "they are not")
    changed = sorted(after - before)
    assert not changed, mismatch("the permissions that were there before the installation", listed(changed))


@check("Nothing crashed from the installation to the end", follows=["install.no_crash"])
def test_no_crash(cell: CellSession, timeline: Timeline) -> None:
    new = sorted(timeline.after.crashes - timeline.baseline.snapshot.crashes)
    told = Counter(crashed(cell)[timeline.arrival.crashes_before :])
    assert not told, mismatch(
        "no program crashes from the installation to the end",
        "; ".join(f"{program} crashed {_times(count)}" for program, count in sorted(told.items())),
    )
    assert not new, mismatch("no crash file from the installation to the end", f"new ones: {listed(new)}")


@check("Nothing of the agent waits for the next boot")
def test_pending_renames(timeline: Timeline) -> None:
    new = timeline.after.pending_renames - timeline.baseline.snapshot.pending_renames
    assert not new, mismatch(
        "nothing of the agent waits for the next boot", f"to be moved or deleted then: {listed(new)}"
    )


@check(
    "The host reaches others again",
    declared=response_actions("isolate"),
    needs=[Capability.ISOLATION_ENFORCED],
    shows=isolates_below_wine,
)
def test_reaches_others(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.after
    around = Neighbourhood(cell)
    if around.address is None:
        raise NotApplicable("this machine's network has no other host that isolation could hide")
    meeting = around.meet()
    assert meeting.met, mismatch(
        f"after {timeline.departure} the host reaches {meeting.address}", meeting.words
    )


@check("Unrelated files are untouched")
def test_sentinel_files(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.after
    reads = {path: ("read", "--limit", "4096", path) for path in SENTINEL_FILES}
    asked = RoundTrip(cell.guest, [("file", *SENTINEL_FILES), *reads.values()])
    for facts, path in zip(asked.read(list[FileFacts], "file", *SENTINEL_FILES), SENTINEL_FILES, strict=True):
        assert facts.exists, mismatch(f"the unrelated file {path} is untouched", "it is gone")
        content = asked.read(FileContent, *reads[path]).base64
        assert content == timeline.nonce.encode(), mismatch(
            f"the unrelated file {path} is untouched", "its content was changed"
        )


@check("An unrelated service and key are untouched")
def test_sentinel_service(cell: CellSession, timeline: Timeline) -> None:
    assert SENTINEL_SERVICE.lower() in timeline.after.services, mismatch(
        f"the unrelated service {SENTINEL_SERVICE} is untouched", "it is gone"
    )
    value = cell.guest.registry.value(SENTINEL_KEY, "Nonce")
    assert value is not None, mismatch(f"the unrelated key {SENTINEL_KEY} is untouched", "it is gone")
    assert value.data == timeline.nonce, mismatch(
        f"the unrelated key {SENTINEL_KEY} is untouched", "its value was changed"
    )


@check("Nothing that was there before is gone", follows=["residue.sentinel_service"])
def test_nothing_taken(cell: CellSession, timeline: Timeline) -> None:
    before, after = timeline.baseline.snapshot, timeline.after
    own = {folder.lower() for folder in (cell.profile.install_dir, *cell.profile.data_dirs)}
    gone = sorted(
        (before.services - after.services)
        | (before.drivers - after.drivers)
        | (before.entries - after.entries)
        # What an earlier version had left is the agent's to take away.
        | {path for path in before.files - after.files if not (path in own or cell.profile.owns(path))}
        | (before.tasks - after.tasks)
        | (before.accounts - after.accounts)
    )
    assert not gone, mismatch("all that was there before the installation", f"gone since: {listed(gone)}")


@check("Services that ran before still run", follows=["residue.nothing_taken"])
def test_others_run(cell: CellSession, timeline: Timeline) -> None:
    before, after = timeline.baseline.snapshot, timeline.after
    own = {service.name.lower() for service in cell.profile.services}
    stopped = (before.running & after.services) - after.running - own
    if stopped:  # one that was just started anew may be on its way
        stopped &= timeline.stopped(stopped)
    assert not stopped, mismatch(
        "services of the system and of other products that ran before run",
        f"stopped since: {listed(stopped)}",
    )


@check("Processes that ran before still run", follows=["residue.others_run"])
def test_others_go_on(timeline: Timeline) -> None:
    _ = timeline.after
    ended = timeline.ended
    assert ended.before, mismatch("processes that run before the installation are known", "they are not")
    gone = [f"{name}, seen {when}" for name, when in sorted(ended.missed.items())]
    assert not gone, mismatch(
        "no process of the system or of another product that ran before the installation is ended",
        f"gone since: {listed(gone)}",
    )


@check("The machine rebooted only when it was asked to")
def test_boots(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.after
    assert_boots(cell)


@check("What is gone stays gone")
def test_stays_gone(cell: CellSession, timeline: Timeline) -> None:
    back = unexcused(cell, "file", timeline.later - timeline.after.files)
    assert not back, mismatch(
        f"what is gone after {timeline.departure} stays gone", f"it came back: {listed(back)}"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _left(timeline: Timeline, what: str, names: Iterable[str]) -> str:
    """Of what is still there; of what it was left by, because not every candidate comes to its uninstall."""
    return mismatch(f"no {what} is left after {timeline.departure}", listed(names))
