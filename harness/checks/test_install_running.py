"""Whether the services run, stay so, and come back after a stop."""

from collections.abc import Sequence

from harness.cell.check import check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.service_restart import ENDS_S, in_which_process, restart, restarted, starts_within
from harness.lifecycle.timeline import Timeline
from harness.model.errors import CandidateError
from harness.model.report import Phase

PHASE = Phase.INSTALL
STOP_S = 30.0
"""Windows Installer waits no longer for a service to stop ("ServiceControl table": Wait), and a shutdown much less."""
RUNNING = declares(
    "service that runs after the installation", lambda profile: any(each.running for each in profile.services)
)
RESTARTED = declares(
    "service that may be stopped",
    lambda profile: any(each.survives_restart and each.running for each in profile.services),
)


@check("Every service runs within its deadline", declared=RUNNING, essential=True)
def test_service_running(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.installation
    for expected in (service for service in cell.profile.services if service.running):
        within_s = expected.starts_within(after_boot="install" in timeline.boot_after, delayed=None)
        with cell.recorder.stopwatch.waiting():
            running = timeline.service_comes_up(expected.name, within_s)
        assert running, mismatch(
            f"service {expected.name} runs within {within_s:g} s",
            timeline.service_words(expected.name),
        )


@check(
    "Every service still runs after all else was looked at",
    declared=RUNNING,
    requires=["install.service_running"],
)
def test_service_stays(cell: CellSession, timeline: Timeline) -> None:
    for expected in (service for service in cell.profile.services if service.running):
        with cell.recorder.stopwatch.waiting():  # an agent may restart itself, and be on its way right now
            running = timeline.service_comes_up(expected.name, expected.start_deadline_s)
        assert running, mismatch(
            f"service {expected.name}, which ran after the installation, still runs",
            timeline.service_words(expected.name),
        )


@check("Services survive a stop and a start", declared=RESTARTED, requires=["install.service_running"])
def test_service_restart(cell: CellSession, timeline: Timeline) -> None:
    lingering: list[tuple[str, int]] = []
    processes = in_which_process(timeline, restarted(timeline))

    def look(names: Sequence[str]) -> None:
        until = cell.within(ENDS_S)
        lingering.extend((name, processes[name]) for name in names if name in processes)
        lingering[:] = [each for each in lingering if timeline.lingers(each[1], until)]

    names = restart(timeline, stopped=look, stops_within_s=STOP_S)
    down = ""
    for name in reversed(names):
        with cell.recorder.stopwatch.waiting():
            within_s = starts_within(cell.profile, name)
            down = down or ("" if timeline.service_comes_up(name, within_s) else name)
    for name, process in lingering:
        raise CandidateError(
            mismatch(
                f"the process of service {name} ends once the service says that it is stopped",
                f"process {process} still runs {ENDS_S:g} s later",
            )
        )
    assert not down, mismatch(
        f"service {down} comes up again within {starts_within(cell.profile, down):g} s", "it did not"
    )
