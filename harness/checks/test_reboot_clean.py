"""A reboot after the uninstall: nothing of the candidate comes back."""

from harness.cell.check import check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.boots import assert_boots
from harness.checks.excuses import unexcused
from harness.checks.expectation import listed, mismatch
from harness.checks.folders_of_wine import without_substrates
from harness.lifecycle.reboots import Reboots
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase
from harness.residue.sentinels import SENTINEL_FILES

PHASE = Phase.REBOOT_CLEAN
ROOTS = declares("registry keys of the agent", lambda profile: profile.registry_roots)
WATCHED_S = 3.0
"""How long an unasked reboot is looked for: what waits for the next boot begins some seconds after it."""


@check("It reboots exactly once")
def test_once(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    boot = reboots.after_uninstall.boot
    assert_boots(cell, watched_s=WATCHED_S)
    assert cell.guest.boot() == boot != timeline.baseline.boot, mismatch(
        "the boot identity of the last reboot", "another one"
    )


@check("After a reboot no process of the agent runs", follows=["residue.processes"])
def test_processes(timeline: Timeline, reboots: Reboots) -> None:
    there = reboots.after_uninstall.processes
    assert not there, _after(timeline, "no process of the agent runs", f"running: {listed(there)}")


@check("After a reboot no service or driver of the agent is there", follows=["residue.services"])
def test_services(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    found = frozenset(name.lower() for name in reboots.after_uninstall.services)
    there = unexcused(cell, "service", found)
    assert not there, _after(
        timeline, "no service or driver of the agent is there", f"service {listed(there)}"
    )


@check("After a reboot no file of the agent is there", follows=["residue.files"])
def test_files(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    files = reboots.after_uninstall.files
    there = without_substrates(timeline, unexcused(cell, "file", files), files)
    assert not there, _after(timeline, "no file of the agent is there", listed(there))


@check("After a reboot no registry key of the agent is there", declared=ROOTS, follows=["residue.registry"])
def test_registry(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    roots = cell.profile.registry_roots
    _ = reboots.after_uninstall
    found = frozenset(key.lower() for key in cell.guest.registry.existing(*roots))
    there = unexcused(cell, "registry", found)
    assert not there, _after(timeline, "no registry key of the agent is there", listed(there))


@check("Unrelated files outlive the reboot", follows=["residue.sentinel_files"])
def test_sentinel_files(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    _ = reboots.after_uninstall
    gone = [facts.path for facts in cell.guest.files(*SENTINEL_FILES) if not facts.exists]
    assert not gone, _after(timeline, "unrelated files are still there", f"gone: {listed(gone)}")


def _after(timeline: Timeline, expected: str, found: str) -> str:
    return mismatch(f"after {timeline.departure} and a reboot {expected}", found)
