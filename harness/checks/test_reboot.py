"""Reboots after the installation: the machine comes back, once each time, and the agent with it."""

from harness.backend.interface import BackendFeature, Fact
from harness.cell.check import NotApplicable, check
from harness.cell.declared import declares, isolates_below_wine, response_actions, telemetry
from harness.cell.session import CellSession
from harness.checks.asking import answer_to
from harness.checks.boots import assert_boots
from harness.checks.expectation import listed, mismatch
from harness.checks.protocol import known_to_tell
from harness.checks.same_endpoint import seen_again
from harness.lifecycle.isolation import Neighbourhood
from harness.lifecycle.reboots import Reboots
from harness.lifecycle.reports_on import KIND
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline
from harness.model.report import Phase
from harness.model.steps import dirt_at
from harness.model.substrate import Capability

PHASE = Phase.REBOOT
ISOLATED = "isolated-reboot"
ASK_S = 0.1
"""A question to the backend that waits for nothing."""


@check("The guest comes back, each time with a new boot identity")
def test_comes_back(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    before = timeline.baseline.boot
    series = reboots.in_use
    cell.note("reboots", len(series.boots))
    seen = {before}
    for number, boot in enumerate(series.boots, 1):
        assert boot not in seen, mismatch(
            f"a new boot identity after reboot {number} of {series.wanted}", "one from before it"
        )
        seen.add(boot)


@check("It reboots exactly as often as asked")
def test_once(cell: CellSession, reboots: Reboots) -> None:
    _ = reboots.in_use
    assert_boots(cell)


@check(
    "Every service runs again without help",
    declared=declares(
        "service that runs after a reboot", lambda profile: any(each.running for each in profile.services)
    ),
)
def test_services(reboots: Reboots) -> None:
    series = reboots.in_use
    down = series.down or ("" if series.silent else reboots.service_down())
    assert not down, mismatch(
        f"every service runs again after {series.words}",
        f"service {down} does not: {reboots.service_words(down)}",
    )


@check(
    "Every declared file is there as before the reboot",
    declared=declares("files", lambda profile: profile.files),
)
def test_files(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    before = timeline.inspection
    series = reboots.in_use
    missing = [
        now.path
        for now in cell.guest.files(*(file.path for file in cell.profile.files))
        if not now.exists and (was := before.file(now.path)) is not None and was.exists
    ]
    assert not missing, mismatch(
        f"every declared file is there after {series.words}", f"missing: {listed(missing)}"
    )


@check(
    "The agent checks in again as the same endpoint",
    backend=[BackendFeature.HEARTBEAT],
    follows=["reboot.services"],
)
def test_same_endpoint(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    before = timeline.endpoint
    series = reboots.in_use
    assert not series.silent, mismatch(
        f"the agent checks in after {series.words}", "it did not, so no further reboot was made"
    )
    seen_again(cell, before, series.words)


@check(
    "An isolated host is still isolated after a reboot",
    declared=response_actions("isolate", "release"),
    backend=[BackendFeature.CONFIGURE, BackendFeature.STATUS, BackendFeature.HEARTBEAT],
    needs=[Capability.ISOLATION_ENFORCED],
    shows=isolates_below_wine,
    requires=["reboot.same_endpoint"],
)
def test_isolation_lasts(cell: CellSession, timeline: Timeline, reboots: Reboots) -> None:
    if ISOLATED not in dirt_at(cell.cell.steps, Phase.REBOOT):
        raise NotApplicable("the host is not isolated when it is rebooted")
    known_to_tell(cell, Fact.STATUS_TIME)
    since, around = reboots.asked_at, Neighbourhood(cell)
    try:
        _still_isolated(cell, timeline, since, around)
    finally:
        timeline.lasting.end()  # what comes after it is not asked of an isolated host
    if around.address is not None and not (released := around.meet()).met:
        raise NotApplicable(f"nothing shows that isolation hides the neighbour: after it, {released.words}")


def _still_isolated(cell: CellSession, timeline: Timeline, since: float, around: Neighbourhood) -> None:
    still, actions = "an isolated host is still isolated after a reboot", cell.profile.response_actions
    line = cell.backend.wait_status(
        cell.cell.id, actions["release"].status_contains, Deadline.after(ASK_S), after=since
    )
    assert line is None, mismatch(still, f"the agent reports {line.message!r}" if line else "")
    if shown_by := actions["isolate"].shown_by:
        said = cell.guest.run([timeline.render(part) for part in shown_by.command]).stdout
        assert shown_by.contains in said, mismatch(
            still, f"{shown_by.command[0]} does not say {shown_by.contains!r}"
        )
    if around.address is None:
        nobody = "this machine's network has no other host that isolation could hide"
        if not shown_by:
            raise NotApplicable(f"{nobody}, and the profile names no command that shows it (shown_by)")
        cell.note("not asked", nobody)
        return
    meeting = around.meet(isolated=True)
    assert not meeting.met, mismatch(still, meeting.words)


@check(
    "What happens after the reboot is reported",
    declared=telemetry(KIND),
    backend=[BackendFeature.TELEMETRY, BackendFeature.HEARTBEAT],
    requires=["reboot.same_endpoint", f"functions.{KIND}"],
)
def test_reports_on(cell: CellSession, reboots: Reboots) -> None:
    _is_used(cell)
    assert reboots.reports_on, mismatch("a file that is changed after the reboot is reported", "it never was")


@check(
    "What was reported before the reboot is not reported again",
    declared=telemetry(KIND),
    backend=[BackendFeature.TELEMETRY, BackendFeature.HEARTBEAT],
    requires=["reboot.reports_on"],
)
def test_told_once(reboots: Reboots) -> None:
    again = reboots.told_again()
    assert not again, mismatch(
        "what was reported before a reboot is not reported again after it",
        f"{len(again)} rows were, as {dict(again[0].columns)}" if again else "",
    )


@check(
    "Live queries are answered after the reboot",
    declared=declares("live query", lambda profile: profile.live_query),
    backend=[BackendFeature.LIVE_QUERY, BackendFeature.HEARTBEAT],
    requires=["reboot.same_endpoint", "functions.live_query"],
)
def test_answers_on(cell: CellSession, reboots: Reboots) -> None:
    _is_used(cell)
    _ = reboots.in_use
    query = cell.profile.live_query
    assert query is not None
    asked = f"{query.sql!r}, answered before the reboot and asked again after it,"
    answer_to(cell, query.sql, query.deadline_s, asked)


def _is_used(cell: CellSession) -> None:
    if Phase.FUNCTIONS not in {step.action for step in cell.cell.steps}:
        raise NotApplicable("the scenario does not use the agent")
