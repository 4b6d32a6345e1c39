"""How the agent fares after use, right before its uninstall: what it takes of the machine, and what its log says."""

from harness.cell.check import NotApplicable, NotTested, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.ports import DECLARE, ON_LOOPBACK, exposed_ports
from harness.checks.test_install_running import RUNNING
from harness.lifecycle.altered import altered
from harness.lifecycle.footprint import compared, handles_of
from harness.lifecycle.health import Health
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import Phase
from harness.model.substrate import Capability, why_not
from harness.probe.answers.processes import Process

PHASE = Phase.UNINSTALL
INSTALLED = ["install.exit_code"]
MB = 1024 * 1024
UNCOUNTED = "nothing counted its handles"
OVER_OTHERS = ("high", "real time")
"""Priority classes by which other programs wait ("Scheduling Priorities")."""
DATA = declares("data_dirs", lambda profile: profile.data_dirs)


@check("It uses no more memory than it may", requires=INSTALLED)
def test_memory(cell: CellSession, health: Health) -> None:
    used = sum(process.working_set or 0 for process in _processes(health)) / MB
    _assert_within(cell, "MB of memory", used, cell.profile.health.memory_mb)


@check("It commits no more memory than it may, touched or not", requires=INSTALLED)
def test_committed(cell: CellSession, health: Health) -> None:
    _ = _processes(health)
    committed = health.footprint.committed_mb
    if committed is None:
        raise NotApplicable("nothing tells how much memory its processes commit")
    _assert_within(cell, "MB of memory committed", committed, cell.profile.health.committed_mb)


@check("It has no more threads than it may", requires=INSTALLED)
def test_threads(cell: CellSession, health: Health) -> None:
    threads = sum(process.threads for process in _processes(health))
    _assert_within(cell, "threads", threads, cell.profile.health.threads)


@check("It runs no more processes than it may", requires=INSTALLED)
def test_process_count(cell: CellSession, health: Health) -> None:
    _assert_within(cell, "processes", len(_processes(health)), cell.profile.health.processes)


@check("It uses no more of the processor than it may", requires=INSTALLED)
def test_processor(cell: CellSession, health: Health) -> None:
    _ = _processes(health)
    percent = health.footprint.processor_percent
    if percent is None:
        reason = why_not(cell.machine.guest_system, frozenset({Capability.PROCESS_TIMES}))
        raise NotApplicable(reason or "nothing tells how long its processes ran")
    _assert_within(cell, "% of one processor since its start", percent, cell.profile.health.cpu_percent)


@check("It leaves the processor to others: its priority is not high", requires=INSTALLED)
def test_priority(health: Health) -> None:
    known = [each for each in _processes(health) if each.priority is not None]
    if not known:
        raise NotApplicable("the guest's probe tells no priorities")
    high = [f"{each.path or each.name} ({each.priority})" for each in known if each.priority in OVER_OTHERS]
    assert not high, mismatch("a priority that is normal, or above it at most", listed(high))


@check("It holds no more handles than it may", requires=INSTALLED, needs=[Capability.HANDLE_COUNTS])
def test_handles(cell: CellSession, health: Health) -> None:
    handles = handles_of(_processes(health))
    if handles is None:
        raise NotApplicable(UNCOUNTED)
    _assert_within(cell, "handles", handles, cell.profile.health.handles)


@check("It holds no more connections than it may", requires=INSTALLED)
def test_connections(cell: CellSession, timeline: Timeline, health: Health) -> None:
    _ = _processes(health)
    before = timeline.baseline.snapshot.listeners
    most = cell.profile.health.connections
    _assert_within(cell, "connections", health.connections, most)
    _assert_within(cell, "open ports", len(health.seen.agent_listeners(cell.profile, before)), most)


@check(
    "Its data takes no more room than it may",
    declared=DATA,
    requires=INSTALLED,
)
def test_disk(cell: CellSession, health: Health) -> None:
    _assert_within(cell, "MB in its data folders", health.seen.data_bytes / MB, cell.profile.health.data_mb)


@check("It writes no more than it may: a disk needs its rest", requires=INSTALLED)
def test_writes(cell: CellSession, health: Health) -> None:
    _ = _processes(health)
    written = health.footprint.written_mb
    if written is None:
        raise NotApplicable("nothing tells how much its processes wrote")
    _assert_within(cell, "MB written in a minute", written, cell.profile.health.written_mb)


@check("Its memory grows no faster than it may", requires=INSTALLED)
def test_memory_growth(cell: CellSession, health: Health) -> None:
    _ = _processes(health)
    _assert_growth(cell, health, "memory", health.growth.memory_mb)


@check("Its threads become no more than they may", requires=INSTALLED)
def test_thread_growth(cell: CellSession, health: Health) -> None:
    _ = _processes(health)
    growth, most = health.growth, cell.profile.health.growth_threads
    cell.note("growth of its threads", f"{growth.threads} in {growth.lasted_s:.0f} s")
    assert growth.per_minute(growth.threads) <= most, mismatch(
        f"at most {most} threads more in a minute", f"{growth.threads} more in {growth.lasted_s:.0f} s"
    )


@check("Its handles become no more than they may", requires=INSTALLED, needs=[Capability.HANDLE_COUNTS])
def test_handle_growth(cell: CellSession, health: Health) -> None:
    _ = _processes(health)
    growth, most = health.growth, cell.profile.health.growth_handles
    if growth.handles is None:
        raise NotApplicable(UNCOUNTED)
    cell.note("growth of its handles", f"{growth.handles} in {growth.lasted_s:.0f} s")
    assert growth.per_minute(growth.handles) <= most, mismatch(
        f"at most {most} handles more in a minute", f"{growth.handles} more in {growth.lasted_s:.0f} s"
    )


@check(
    "Its data folders grow no faster than they may",
    declared=DATA,
    requires=INSTALLED,
)
def test_data_growth(cell: CellSession, health: Health) -> None:
    _assert_growth(cell, health, "data folders", health.growth.data_mb)


@check(
    "The files in its data folders become no more than they may",
    declared=DATA,
    requires=INSTALLED,
)
def test_file_growth(cell: CellSession, health: Health) -> None:
    growth, most = health.growth, cell.profile.health.growth_files
    cell.note("growth of its files", f"{growth.files} in {growth.lasted_s:.0f} s")
    assert growth.per_minute(growth.files) <= most, mismatch(
        f"at most {most} files more in its data folders in a minute",
        f"{growth.files} more in {growth.lasted_s:.0f} s",
    )


@check(
    "After use the product is as it was installed",
    declared=declares(
        "services or files", lambda profile: profile.services or profile.drivers or profile.files
    ),
    requires=INSTALLED,
)
def test_as_installed(cell: CellSession, timeline: Timeline, health: Health, whole: WholeMachine) -> None:
    changed = altered(timeline.inspection, health.seen, cell.profile)
    if timeline.baseline.whole is not None:
        changed += whole.values_altered()
    assert not changed, mismatch(
        "services, declared files and declared values are as they were right after the installation",
        listed(changed),
    )


@check("Its services restart only when asked to", declared=RUNNING, requires=INSTALLED)
def test_restarts(cell: CellSession, health: Health) -> None:
    _ = health.seen
    unasked, most = cell.guest.services.processes.unasked, cell.profile.health.restarts
    if unasked:
        cell.note("restarts that nobody asked for", f"{listed(unasked)}; at most {most}")
    assert len(unasked) <= most, mismatch(
        f"no more than {most} restarts that nobody asked for" if most else "no restart that nobody asked for",
        f"{len(unasked)}: {listed(unasked)}",
    )


@check(
    "It takes not many times what the release before it took on this machine",
    keeps="footprint",
    requires=["upgrade.exit_code"],
)
def test_footprint(cell: CellSession, timeline: Timeline, health: Health) -> None:
    _ = _processes(health)
    earlier, times = timeline.arrival.earlier, cell.profile.health.times_before
    if earlier is None or earlier.footprint is None:
        raise NotApplicable("no earlier release was looked at on this machine")
    found = list(compared(earlier.footprint, health.footprint, times))
    cell.note(f"beside {earlier.release.version}", "; ".join(words for words, _ in found))
    heavier = [words for words, much in found if much]
    assert not heavier, mismatch(
        f"no more than {times:g} times what {earlier.release.version} took on this machine", listed(heavier)
    )


@check("After use it still listens on loopback only", requires=INSTALLED)
def test_loopback_ports(cell: CellSession, timeline: Timeline, health: Health) -> None:
    _ = _processes(health)
    listeners = health.seen.agent_listeners(cell.profile, timeline.baseline.snapshot.listeners)
    cell.note("listeners", len(listeners))
    exposed = exposed_ports(cell, listeners)
    assert not exposed, mismatch(ON_LOOPBACK, f"it listens on {listed(exposed)}{DECLARE}")


def _processes(health: Health) -> list[Process]:
    if not health.processes:
        raise NotTested("no process of the agent runs")
    return health.processes


def _assert_within(cell: CellSession, what: str, found: float, most: float) -> None:
    cell.note(what, f"{found:.1f}, at most {most:g}")
    assert found <= most, mismatch(f"at most {most:g} {what}", f"{found:.1f}")


def _assert_growth(cell: CellSession, health: Health, what: str, grown_mb: float) -> None:
    growth, most = health.growth, cell.profile.health.growth_mb
    found = growth.per_minute(grown_mb)
    cell.note(f"growth of its {what}", f"{grown_mb:.1f} MB in {growth.lasted_s:.0f} s")
    assert found <= most, mismatch(
        f"the growth of its {what} is at most {most:g} MB in a minute",
        f"{grown_mb:.1f} MB more in {growth.lasted_s:.0f} s",
    )
