"""A restart of the agent's services after use: nothing is told again, and an isolated host stays isolated."""

from harness.backend.interface import BackendFeature, Fact
from harness.backend.seen import what_was_seen
from harness.cell.check import NotApplicable, NotTested, check
from harness.cell.declared import declares, response_actions, telemetry
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.protocol import known_to_tell
from harness.checks.test_install_running import RESTARTED
from harness.lifecycle.disclosure import Disclosures
from harness.lifecycle.kept_events import looks_each_s
from harness.lifecycle.outage import LONGEST_S
from harness.lifecycle.reports_on import KIND
from harness.lifecycle.restart_in_use import RestartInUse
from harness.lifecycle.timeline import Timeline
from harness.model.phases import ARRIVES
from harness.model.profile import AgentProfile
from harness.model.report import Phase

PHASE = Phase.UNINSTALL
REQUIRED = [*ARRIVES, "check-in.enrolled", "install.service_restart", "check-in.restart_keeps_identity"]


STOPS = "uninstall.restarts_in_outage"
"""What hangs there is heard of no more."""
LIVE = declares("live query", lambda profile: profile.live_query)


def _isolates(profile: AgentProfile) -> str:
    return RESTARTED(profile) or response_actions("isolate", "release")(profile)


def _goes_on_alone(profile: AgentProfile) -> str:
    push = profile.configuration
    missing = "the profile declares no configuration that outlives a restart (configuration.outlives_restart)"
    return RESTARTED(profile) or ("" if push and push.outlives_restart else missing)


@check(
    "Its services stop and start while its backend fails",
    declared=_goes_on_alone,
    backend=[BackendFeature.FAULTS, BackendFeature.HEARTBEAT],
    requires=REQUIRED,
)
def test_restarts_in_outage(restarted: RestartInUse) -> None:
    stuck = restarted.made.stuck
    if stuck is None:
        raise NotApplicable("the backend cannot be told to fail")
    assert not stuck, mismatch(
        "the services stop and start while the backend answers nothing but errors", stuck
    )


@check(
    "Restarted while its backend fails it goes on with the configuration that it had",
    declared=lambda profile: _goes_on_alone(profile) or telemetry(KIND)(profile),
    backend=[BackendFeature.FAULTS, BackendFeature.TELEMETRY, BackendFeature.HEARTBEAT],
    requires=[*REQUIRED, f"functions.{KIND}", STOPS],
)
def test_configured_in_outage(cell: CellSession, restarted: RestartInUse) -> None:
    made = restarted.made
    _heard(cell, restarted)
    if made.alone is None:
        raise NotApplicable("it came too seldom for anything to happen while its backend failed")
    assert made.alone, mismatch(
        "a file that is changed after a restart and before the backend answers again is reported",
        "it never was, so its last configuration was not in force",
    )


def _keeps(profile: AgentProfile) -> str:
    missing = "the profile does not declare that events outlive a restart (check_in.keeps_events)"
    return (
        _goes_on_alone(profile)
        or telemetry(KIND)(profile)
        or ("" if profile.check_in.keeps_events else missing)
    )


@check(
    "Restarted while its backend fails it still reports what happened before",
    declared=_keeps,
    backend=[BackendFeature.FAULTS, BackendFeature.TELEMETRY, BackendFeature.HEARTBEAT],
    requires=[*REQUIRED, f"functions.{KIND}", STOPS, "uninstall.reports_on"],
)
def test_keeps_events(cell: CellSession, restarted: RestartInUse) -> None:
    made = restarted.made
    _heard(cell, restarted)
    if made.kept is None:
        raise NotApplicable(_not_noticed(cell))
    assert made.kept, mismatch(
        "a file that is changed while the backend fails, before the services are stopped, is reported in the end",
        "it never was, so what waited for the backend was lost at the restart",
    )


def _not_noticed(cell: CellSession) -> str:
    if (looks_s := looks_each_s(cell)) > LONGEST_S:
        return (
            f"it may look at files each {looks_s:g} s, and no outage is held for longer than {LONGEST_S:g} s"
        )
    return "it came too seldom for anything to happen before it was stopped"


@check(
    "An isolated host is still isolated after a restart of the service",
    declared=_isolates,
    backend=[BackendFeature.CONFIGURE, BackendFeature.STATUS, BackendFeature.HEARTBEAT],
    requires=[*REQUIRED, "functions.isolation", "functions.release", STOPS],
)
def test_isolation_lasts(cell: CellSession, restarted: RestartInUse) -> None:
    if "functions" not in {step.action for step in cell.cell.steps}:
        raise NotApplicable("the scenario does not use the agent")
    known_to_tell(cell, Fact.STATUS_TIME)
    made, shown_by = restarted.made, cell.profile.response_actions["isolate"].shown_by
    if made.shut:
        raise NotApplicable("an isolated host lets nobody in, so nothing can be restarted on it")
    assert made.isolated is not None, mismatch("asked once more, the agent isolates its host", "it did not")
    _heard(cell, restarted)
    assert made.released is None, mismatch(
        "an isolated host is still isolated after a restart of the service",
        f"the isolation was lost at the restart: the agent reports {made.released.message!r}"
        if made.released
        else "",
    )
    if shown_by is None:
        cell.note("not asked", "the profile names no command that shows whether the host is isolated")
        return
    assert shown_by.contains in (made.shown_before or ""), mismatch(
        f"of an isolated host {shown_by.command[0]} says {shown_by.contains!r}", "it does not say so"
    )
    assert shown_by.contains in (made.shown_after or ""), mismatch(
        "an isolated host is still isolated after a restart of the service",
        f"the isolation was lost at the restart: {shown_by.command[0]} no longer says {shown_by.contains!r}",
    )


@check(
    "After a restart of its service it goes on to report what happens",
    declared=lambda profile: RESTARTED(profile) or telemetry(KIND)(profile),
    backend=[BackendFeature.TELEMETRY, BackendFeature.HEARTBEAT],
    requires=[*REQUIRED, f"functions.{KIND}", STOPS],
)
def test_reports_on(cell: CellSession, restarted: RestartInUse) -> None:
    made = restarted.made
    _heard(cell, restarted)
    assert made.marked, mismatch("a file that is changed after a restart is reported", "it never was")


@check(
    "After a restart of its service it goes on to answer live queries",
    declared=lambda profile: RESTARTED(profile) or LIVE(profile),
    backend=[BackendFeature.LIVE_QUERY, BackendFeature.HEARTBEAT],
    requires=[*REQUIRED, "functions.live_query", STOPS],
)
def test_answers_on(cell: CellSession, restarted: RestartInUse) -> None:
    made, query = restarted.made, cell.profile.live_query
    _heard(cell, restarted)
    assert query is not None
    if made.answered is None:
        raise NotApplicable("no live query was answered before the restart")
    assert made.answered, mismatch(
        f"{query.sql!r}, answered before a restart, is answered within {query.deadline_s:g} s after it",
        "it was not answered",
    )


@check(
    "What was reported before a restart of the service is not reported again",
    declared=lambda profile: RESTARTED(profile) or telemetry(KIND)(profile),
    backend=[BackendFeature.TELEMETRY, BackendFeature.HEARTBEAT],
    requires=[*REQUIRED, f"functions.{KIND}", "uninstall.reports_on"],
)
def test_told_once(cell: CellSession, restarted: RestartInUse) -> None:
    if not restarted.told_before:
        raise NotApplicable("no changed file was reported before")
    _heard(cell, restarted)
    again = restarted.again()
    assert not again, mismatch(
        "what was reported before a restart of the service is not reported again",
        f"{len(again)} rows were, as {dict(again[0].columns)}" if again else "",
    )


def _printed(profile: AgentProfile) -> str:
    isolate = profile.response_actions.get("isolate")
    asked = profile.version_command or (isolate is not None and isolate.shown_by)
    missing = "the profile declares no command that prints anything (version_command, response_actions.isolate.shown_by)"
    return "" if asked else missing


@check("No secret is in what its commands print", declared=_printed, requires=["install.exit_code"])
def test_secret_in_print(timeline: Timeline, disclosures: Disclosures) -> None:
    if not timeline.said:
        raise NotTested("no command of it was asked for anything")
    found = [str(each) for each in disclosures.printed()]
    assert not found, mismatch("what people are shown holds no secret", listed(found))


def _heard(cell: CellSession, restarted: RestartInUse) -> None:
    made = restarted.made
    assert made.seen, mismatch(
        f"restarted, the agent is heard within {made.deadline_s:g} s",
        f"it is not; {what_was_seen(cell.backend, cell.cell.id)}",
    )
