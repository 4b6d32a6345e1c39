"""Many events at once, names in any alphabet, long texts."""

from harness.backend.interface import BackendFeature
from harness.cell.check import check
from harness.cell.declared import telemetry, telemetry_of_one
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.lifecycle.burst import FOREIGN_KINDS, KIND, LONG, LONG_KINDS, PATH, STARTED, Burst, tells_all
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.probe.answers.stimulus import Stimulus

PHASE = Phase.FUNCTIONS
EVENTS = [BackendFeature.TELEMETRY]


@check(
    "A burst of events arrives whole",
    declared=telemetry(KIND),
    backend=EVENTS,
    requires=[f"functions.{KIND}"],
)
def test_burst(cell: CellSession, burst: Burst) -> None:
    missing, given = burst.missing()
    cell.note("arrived", f"{given - missing} of {given}")
    assert not missing, mismatch(
        f"all of {given} files changed at once are reported", f"{missing} never were"
    )


@check(
    "Programs that are started at once are all reported",
    declared=telemetry(STARTED),
    backend=EVENTS,
    requires=[f"functions.{STARTED}"],
)
def test_programs_at_once(cell: CellSession, burst: Burst) -> None:
    unseen, given = burst.unseen()
    cell.note("arrived", f"{given - unseen} of {given}")
    assert not unseen, mismatch(
        f"each of {given} programs that are started at once, and run for a while, is reported",
        f"{unseen} never were",
    )


@check(
    "Changed files are let go: whoever made them can delete them",
    declared=telemetry(KIND),
    backend=EVENTS,
    requires=[f"functions.{KIND}"],
)
def test_files_let_go(burst: Burst) -> None:
    held, given = burst.let_go()
    assert not held, mismatch(
        f"the {given} files that were changed can be deleted once they were reported",
        f"{held} cannot: the agent holds them open (Windows error 32)",
    )


@check(
    "A file that is deleted is reported",
    declared=lambda profile: telemetry(KIND)(profile) or _when_gone(profile),
    backend=EVENTS,
    requires=[f"functions.{KIND}"],
    follows=["functions.files_let_go"],
)
def test_file_removal(burst: Burst) -> None:
    lost, given = burst.not_gone()
    wanted = ", ".join(f"{column}={value}" for column, value in (lost[0] if lost else {}).items())
    assert not lost, mismatch(
        f"each of {given} files that are deleted is reported", f"{len(lost)} never were, as with {wanted}"
    )


@check(
    "A file that is overwritten is reported",
    declared=lambda profile: telemetry(KIND)(profile) or _when_changed(profile),
    backend=EVENTS,
    requires=[f"functions.{KIND}"],
)
def test_file_overwritten(burst: Burst) -> None:
    lost, given = burst.not_changed()
    wanted = ", ".join(f"{column}={value}" for column, value in (lost[0] if lost else {}).items())
    assert not lost, mismatch(
        f"each of {given} files that are overwritten is reported once more",
        f"{len(lost)} were not, as with {wanted}",
    )


@check(
    "Names in any alphabet arrive as they are",
    declared=telemetry_of_one(FOREIGN_KINDS),
    backend=EVENTS,
)
def test_foreign_names(burst: Burst) -> None:
    lost = [f"{stimulus.name} {_name(stimulus)}" for stimulus, event in burst.foreign() if event is None]
    assert not lost, mismatch("each name arrives as it is", f"never reported: {listed(lost)}")


@check(
    "Long command lines, values and paths arrive to their end",
    declared=lambda profile: _any_long(profile),
    backend=EVENTS,
)
def test_long_texts(burst: Burst) -> None:
    lost = [stimulus.name.replace("_", " ") for stimulus, event in burst.long() if event is None]
    assert not lost, mismatch(
        f"texts of more than {LONG} characters, and paths of more than {PATH}, are reported to their end",
        f"never reported so: {listed(lost)}",
    )


def _when_gone(profile: AgentProfile) -> str:
    missing = "the profile declares no row for a deleted file (telemetry.file_change.when_gone)"
    return "" if profile.telemetry[KIND].when_gone else missing


def _when_changed(profile: AgentProfile) -> str:
    missing = "the profile declares no row for an overwritten file (telemetry.file_change.when_changed)"
    return "" if profile.telemetry[KIND].when_changed else missing


def _any_long(profile: AgentProfile) -> str:
    if KIND in profile.telemetry or any(tells_all(profile.telemetry.get(kind)) for kind in LONG_KINDS):
        return ""
    return "the profile declares no telemetry that tells of command lines or values"


def _name(stimulus: Stimulus) -> str:
    facts = stimulus.facts
    if stimulus.name == "process_start":
        return f"with {facts.get('nonce', '')} on its command line"
    return facts.get("path") or facts.get("name", "")
