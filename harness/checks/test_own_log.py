"""What the agent's own logs say after use, right before its uninstall."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from harness.cell.check import NotTested, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.test_health import DATA, INSTALLED
from harness.lifecycle.agent_log import errors
from harness.lifecycle.health import Health
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase

PHASE = Phase.UNINSTALL
LOGS = declares("logs", lambda profile: profile.logs)


@check("Its own log tells of no error", declared=LOGS, requires=INSTALLED)
def test_error_lines(cell: CellSession, timeline: Timeline, health: Health) -> None:
    found = _own_errors(cell, timeline, _log_lines(health))
    assert not found, mismatch("no line of its log is an error", f"{len(found)}: {listed(set(found))}")


@check("No log that its profile does not name tells of an error", declared=DATA, requires=INSTALLED)
def test_other_error_lines(cell: CellSession, timeline: Timeline, health: Health) -> None:
    told = []
    for path, lines in health.undeclared_logs.items():
        found = _own_errors(cell, timeline, lines)
        excused = next(
            (
                why
                for name, why in cell.profile.health.error_logs.items()
                if fnmatchcase(path.lower(), name.lower())
            ),
            "",
        )
        if found and excused:
            cell.excuse(f"{path}: {len(found)} errors, the first: {found[0]}", excused)
        elif found:
            told.append(f"{path}: {found[0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else ""))
    cell.note("logs that the profile does not name", len(health.undeclared_logs))
    assert not told, mismatch(
        "no line of a log in its data folders is an error, unless health.error_logs names the log",
        listed(told),
    )


@check("Its own log becomes longer no faster than it may", declared=LOGS, requires=INSTALLED)
def test_log_pace(cell: CellSession, health: Health) -> None:
    lines, growth, most = _log_lines(health), health.growth, cell.profile.health.log_lines
    cell.note("lines", f"{len(lines)} in {growth.lasted_s:.0f} s")
    assert growth.per_minute(len(lines)) <= most, mismatch(
        f"at most {most} lines of its log in a minute", f"{len(lines)} in {growth.lasted_s:.0f} s"
    )


def _own_errors(cell: CellSession, timeline: Timeline, lines: Sequence[str]) -> list[str]:
    """The errors among these lines that the harness did not provoke; how many it did is noted."""
    every = errors(lines, cell.profile)
    own = [line.strip()[:200] for line in every if not timeline.provoked.holds(line)]
    if len(own) < len(every):
        provoked = (
            "lines that say what the agent was made to meet: a backend that fails, what is to be refused"
        )
        cell.note("errors that the harness provoked", f"{len(every) - len(own)} {provoked}")
    return own


def _log_lines(health: Health) -> list[str]:
    lines = health.log_lines
    if lines is None:
        raise NotTested("none of the profile's logs is there")
    return lines
