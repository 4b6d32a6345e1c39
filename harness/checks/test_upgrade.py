"""The candidate took an earlier release's place: what it kept, what is gone. The rest is asked as after an install."""

from harness.backend.interface import BackendFeature
from harness.candidate.msi_contents import MsiContents, read_contents
from harness.cell.check import NotApplicable, check
from harness.cell.declared import telemetry
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.kept_settings import SETTINGS, assert_kept
from harness.checks.same_endpoint import seen_again
from harness.lifecycle.continuity import STIMULUS, arrived, provoke
from harness.lifecycle.earlier import Earlier
from harness.lifecycle.timeline import Timeline
from harness.model.candidate import Candidate
from harness.model.report import Phase
from harness.profiles.agreement import given_properties

PHASE = Phase.UPGRADE
SLACK_S = 30.0
"""An upgrade removes the old release, too, and a busy host makes installers slow: so much longer is never too long."""


@check(
    "The agent is the same endpoint as before, without a new enrolment",
    backend=[BackendFeature.HEARTBEAT],
    keeps="identity",
    requires=["upgrade.service_running"],
)
def test_same_endpoint(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.installation
    earlier = _earlier(timeline)
    before = earlier.endpoint
    if before is None:
        raise NotApplicable(f"the scenario does not let the {earlier.name} release check in")
    seen = seen_again(cell, before, "the upgrade")
    more = seen.enrolments - before.enrolments
    assert not more, mismatch(
        "the agent goes on with the enrolment of the earlier release", f"it enrolled anew, {more} times"
    )


@check(
    "What was reported before is not reported once more",
    declared=telemetry(STIMULUS),
    backend=[BackendFeature.TELEMETRY],
    keeps="identity",
    requires=["upgrade.same_endpoint"],
)
def test_told_once(cell: CellSession, timeline: Timeline) -> None:
    earlier, expected = _earlier(timeline), cell.profile.telemetry[STIMULUS]
    if not earlier.provoked:
        raise NotApplicable(f"the scenario does not use the {earlier.name} release")
    # What the agent tells anew at its start it tells before it tells of this.
    columns = provoke(timeline, "after")
    deadline = cell.within(expected.deadline_s)
    with cell.recorder.stopwatch.waiting():
        event = cell.backend.wait_event(
            cell.cell.id, expected.query, columns, deadline, action=expected.action
        )
    assert event is not None, mismatch(
        f"a file that is changed after the upgrade is reported within {deadline.length_s:g} s", "it was not"
    )
    again = [each for each in arrived(timeline) if each.received_at > earlier.replaced_at]
    assert not again, mismatch(
        "a change of a file that was reported before the upgrade is not reported after it",
        f"it was, {len(again)} times",
    )


@check(
    "What customers set is as they set it",
    declared=SETTINGS,
    keeps="configuration",
)
def test_settings(cell: CellSession, timeline: Timeline) -> None:
    assert_kept(cell, timeline, "upgrade")


@check(
    "What only the earlier release had is gone",
    msi_only="an EXE installer's files are not known before it is run",
)
def test_old_parts(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.installation
    old, new = _contents(cell, _earlier(timeline).release), _contents(cell, cell.candidate)
    files = {path.lower(): path for path in old.files}
    only = sorted(files[path] for path in files.keys() - {path.lower() for path in new.files})
    left = [facts.path for facts in (cell.guest.files(*only) if only else ()) if facts.exists]
    services = {service.name.lower() for service in old.services}
    services -= {service.name.lower() for service in new.services}
    left += [f"service {name}" for name in sorted(services) if timeline.inspection.service(name)]
    cell.note("only in the earlier release", len(only) + len(services))
    assert not left, mismatch(
        f"what only {_earlier(timeline).release.version} had is gone after the upgrade",
        f"still there: {listed(left)}",
    )


@check("It takes not many times as long to install as the release before it", requires=["upgrade.exit_code"])
def test_installed_soon(cell: CellSession, timeline: Timeline) -> None:
    took_s, earlier = timeline.installation.duration_s, _earlier(timeline)
    times = cell.profile.health.times_before
    most_s = max(times * earlier.installed_s, earlier.installed_s + SLACK_S)
    cell.note("seconds", f"{took_s:.1f}; {earlier.release.version} took {earlier.installed_s:.1f}")
    assert took_s <= most_s, mismatch(
        f"the upgrade takes at most {most_s:.0f} s where {earlier.release.version} was installed in"
        f" {earlier.installed_s:.0f} s",
        f"it took {took_s:.0f} s",
    )


def _earlier(timeline: Timeline) -> Earlier:
    earlier = timeline.arrival.earlier
    # The rules of a matrix let no upgrade stand without an installation before it.
    assert earlier is not None
    return earlier


def _contents(cell: CellSession, installer: Candidate) -> MsiContents:
    return read_contents(installer.path, installer.platform, given_properties(cell.profile))
