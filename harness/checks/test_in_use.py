"""What the candidate did in use to what is not its own, also where its uninstall puts it back."""

from collections import Counter

from harness.backend.interface import BackendFeature
from harness.backend.seen import Sees
from harness.backend.traffic import CountsTraffic
from harness.candidate.msi_contents import packed_services
from harness.candidate.msi_tables import read_tables
from harness.cell.check import NotApplicable, NotTested, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.protocol import has_checked_in
from harness.checks.test_trust import MET_BY
from harness.checks.whole_machine import put_on_record, words_of
from harness.lifecycle.elsewhere import (
    called_strangers,
    many_elsewhere,
    open_entries,
    run_from_open_folders,
    strangers,
    undeclared_services,
)
from harness.lifecycle.health import Health
from harness.lifecycle.isolation import Neighbourhood
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.machines.capabilities import SeesCalls
from harness.model.candidate import InstallerKind
from harness.model.plural import plural
from harness.model.report import Phase
from harness.model.substrate import GuestSystem
from harness.residue.change import Where
from harness.residue.snapshot import crash_name

PHASE = Phase.UNINSTALL
INSTALLED = ["install.exit_code"]
DUMPS = (".dmp", ".mdmp", ".hdmp")
MB, MINUTE_S = 1024 * 1024, 60.0
SHORTEST_S = 5.0
"""Of so little time no rate is told."""


@check("In use no file of the system or of another product was changed or deleted", requires=INSTALLED)
def test_foreign_files(cell: CellSession, whole: WholeMachine) -> None:
    found = whole.in_use.of(Where.FILE)
    put_on_record(cell, whole.in_use, Where.FILE)
    assert not found, mismatch("the files of others are as they were", listed(words_of(found)))


@check(
    "In use no registry value of the system or of another product was changed or deleted", requires=INSTALLED
)
def test_foreign_registry(cell: CellSession, whole: WholeMachine) -> None:
    found = whole.in_use.of(Where.REGISTRY)
    put_on_record(cell, whole.in_use, Where.REGISTRY)
    assert not found, mismatch("the registry keys of others are as they were", listed(words_of(found)))


@check(
    "In use other programs keep the environment that they had",
    requires=INSTALLED,
    follows=["install.environment"],
)
def test_environment(cell: CellSession, timeline: Timeline, health: Health) -> None:
    now = health.seen.environment
    if now is None:
        raise NotTested("nobody asked for the variables after use")
    before, keeps = timeline.baseline.surroundings, cell.profile.keeps
    known = before.harmed(timeline.surroundings, keeps)  # install.environment names that
    harmed = [each for each in before.stored_harm(now, keeps) if each not in known]
    assert not harmed, mismatch(
        "the environment that all programs share keeps what it had", "; ".join(harmed)
    )


@check("Nothing crashed in use", requires=INSTALLED, follows=["install.no_crash"])
def test_no_crash(timeline: Timeline, health: Health) -> None:
    before = timeline.baseline.snapshot.crashes
    seen, first = health.seen, timeline.inspection
    new = [crash.path for crash in seen.crashes if crash_name(crash) not in before]
    new += [path for path in seen.data_files if path.lower().endswith(DUMPS)]
    looked_at = {crash.path.lower() for crash in first.crashes}
    fresh = [path for path in new if path.lower() not in looked_at]
    assert not fresh, mismatch("no crash file", f"new ones: {listed(fresh)}")


@check("It takes no more room outside of its folders than it may in them", requires=INSTALLED)
def test_room_elsewhere(cell: CellSession, whole: WholeMachine) -> None:
    found, budget = whole.room_elsewhere(), cell.profile.health
    now, first = (sum(each.values()) / MB for each in found)
    largest = max(found[0], key=lambda name: found[0][name], default="")
    many = many_elsewhere(*found, lists_its_files=cell.candidate.kind is InstallerKind.MSI)
    cell.note("files outside of its folders", len(many))
    assert len(many) <= budget.growth_files, mismatch(
        f"at most {budget.growth_files} files outside of its own folders", f"{len(many)}, as {min(many)}"
    )
    cell.note("MB outside of its folders", f"{now:.1f}, after the installation {first:.1f}")
    assert now <= budget.data_mb, mismatch(
        f"at most {budget.data_mb:g} MB in files outside of its own folders", f"{now:.1f}, as in {largest}"
    )
    assert now - first <= budget.growth_mb, mismatch(
        f"files outside of its own folders grow by at most {budget.growth_mb:g} MB",
        f"{now - first:.1f} MB more, as in {largest}",
    )


@check(
    "Its registry keys and values become no more than they may",
    declared=declares("registry keys (registry_roots)", lambda profile: profile.registry_roots),
    requires=INSTALLED,
)
def test_registry_growth(cell: CellSession, whole: WholeMachine) -> None:
    (now, first), most = whole.values_of_its_own(), cell.profile.health.growth_files
    cell.note("keys and values of its own", f"{now}, after the installation {first}")
    assert now - first <= most, mismatch(
        f"at most {most} keys and values more below its own keys", f"{now - first} more"
    )
    elsewhere = whole.values_elsewhere(most)
    cell.note("keys and values elsewhere", len(elsewhere))
    assert len(elsewhere) <= most, mismatch(
        f"at most {most} keys and values more that are not its own",
        f"{len(elsewhere)} more, most of them in {Counter(elsewhere).most_common(1)[0][0]}"
        if elsewhere
        else "",
    )


@check("It makes no service and no driver that nobody declared", requires=INSTALLED)
def test_undeclared_services(cell: CellSession, timeline: Timeline, whole: WholeMachine) -> None:
    before, nonce = timeline.baseline.snapshot, timeline.nonce
    is_msi = cell.candidate.kind is InstallerKind.MSI
    packed = packed_services(read_tables(cell.run.copy_of(cell.candidate))) if is_msi else frozenset()
    new = undeclared_services(timeline.used, before.services | before.drivers, cell.profile, packed)
    new = [name for name in new if nonce not in name]
    left = whole.not_noise(new) if new else []
    assert not left, mismatch(
        "services and drivers that the profile or the MSI names, and no others", f"also {listed(left)}"
    )


@check("No program of the agent runs from a folder where every user may write", requires=INSTALLED)
def test_open_folders(cell: CellSession, timeline: Timeline, whole: WholeMachine) -> None:
    _ = timeline.used
    found = run_from_open_folders((path for _, path in timeline.descendants), cell.profile)
    found += whole.started_from_open_folders()
    found += open_entries(timeline.baseline.surroundings, timeline.surroundings, cell.profile)
    assert not found, mismatch(
        "what runs with the system's rights lies where only administrators can write", listed(found)
    )


@check("It talks to its backend and to nobody else", requires=INSTALLED)
def test_strangers(cell: CellSession, timeline: Timeline) -> None:
    address = cell.machine.backend_address
    if not timeline.used.family(cell.profile):
        raise NotTested("no process of the agent runs")
    if address is None:
        raise NotApplicable("this machine has no way to a backend")
    neighbour = Neighbourhood(cell).address
    played = neighbour.host if neighbour is not None else ""
    looks = (timeline.inspection, timeline.used)
    found = {each for look in looks for each in strangers(look, cell.profile, address, played)}
    if isinstance(cell.machine, SeesCalls):
        found |= {*called_strangers(cell.machine.called(), looks, cell.profile, address, neighbour)}
    if not found and neighbour is None and cell.machine.guest_system is GuestSystem.WINE:
        raise NotApplicable("this machine's network has no other host that the agent could connect to")
    assert not found, mismatch(
        f"connections to the backend ({address}) and to hosts that the profile names (check_in.talks_to)",
        f"also to {listed(found)}",
    )


@check("It says nothing to its backend without TLS", requires=INSTALLED, follows=[MET_BY])
def test_clear_text(cell: CellSession) -> None:
    if cell.machine.backend_address is None or not isinstance(cell.backend, Sees):
        raise NotApplicable(f"backend {cell.backend.name} does not tell what reached it without TLS")
    plain = cell.backend.sightings(cell.cell.id).plain
    assert not plain, mismatch(
        "every request to its backend is inside TLS",
        f"{plural(plain, 'request')} in plain HTTP, which anybody on the way can read and answer",
    )


@check(
    "It asks its backend no more often, and sends it no more, than it may", backend=[BackendFeature.HEARTBEAT]
)
def test_traffic(cell: CellSession) -> None:
    has_checked_in(cell)
    if not isinstance(cell.backend, CountsTraffic):
        raise NotApplicable(f"backend {cell.backend.name} does not count requests")
    traffic, check_in = cell.backend.traffic(cell.cell.id), cell.profile.check_in
    if traffic.lasted_s < SHORTEST_S:
        raise NotTested(f"the agent was heard for {traffic.lasted_s:.1f} s")
    cell.note("requests", f"{traffic.requests} in {traffic.lasted_s:.0f} s")
    cell.note("MB", f"{traffic.sent_bytes / MB:.2f} in {traffic.lasted_s:.0f} s")
    rate = traffic.requests / traffic.lasted_s
    assert rate <= check_in.busiest_per_s, mismatch(
        f"at most {check_in.busiest_per_s:g} requests per second while all is well",
        f"{rate:.1f} per second ({traffic.requests} in {traffic.lasted_s:.0f} s)",
    )
    sent = traffic.sent_bytes / MB / max(1.0, traffic.lasted_s / MINUTE_S)
    assert sent <= check_in.sent_mb, mismatch(
        f"at most {check_in.sent_mb:g} MB sent in a minute",
        f"{traffic.sent_bytes / MB:.1f} MB in {traffic.lasted_s:.0f} s",
    )
