"""Installers' logs, in a sentence."""

from hypothesis import given
from hypothesis import strategies as st

from harness.guest.msi.words import failed_action, failed_name, unfinished_action

WINE = """\
Action start 7:09:19: INSTALL.
Action 7:09:19: MigrateFeatureStates.
Action start 7:09:19: MigrateFeatureStates.
Action ended 7:09:19: MigrateFeatureStates. Return value 0.
Action start 7:09:19: InstallFinalize.
Action start 7:09:19: InstallServices.
Action ended 7:09:19: InstallServices. Return value 1.
Action 7:09:19: StartServices. Starting services
Action start 7:09:19: StartServices.
Service: Example Agent
Action ended 7:09:19: StartServices. Return value 0.
Action ended 7:09:19: InstallFinalize. Return value 0.
Action ended 7:09:19: INSTALL. Return value 0.
Action start 7:09:20: StopServices.
Action ended 7:09:20: StopServices. Return value 1.
"""
WINDOWS = """\
MSI (s) (A0:B0) [10:00:00:000]: Doing action: StartServices
Action start 10:00:00: StartServices.
MSI (s) (A0:B0) [10:00:05:000]: Product: Example -- Error 1920. Service 'Example Agent' (ExAgent) failed to start.

Action ended 10:00:05: StartServices. Return value 3.
Action ended 10:00:05: INSTALL. Return value 3.
"""


def test_wine_ends_the_failed_action_with_0_as_all_around_it() -> None:
    assert failed_action(WINE) == "Action StartServices failed at service Example Agent"


def test_an_action_that_fails_before_anything_is_done_is_named() -> None:
    log = """\
Action start 2:06:07: INSTALL.
Action 2:06:07: LaunchConditions. Evaluating launch conditions
Action start 2:06:07: LaunchConditions.
Action ended 2:06:07: LaunchConditions. Return value 0.
Action ended 2:06:07: INSTALL. Return value 0.
"""
    assert failed_action(log) == "Action LaunchConditions failed; the log says no more"
    assert failed_name(log) == "LaunchConditions"


def test_a_wine_log_of_an_installation_that_went_well_names_none() -> None:
    assert failed_action(WINE.replace("Return value 0", "Return value 1")) == ""


def test_windows_says_which_action_failed_and_why() -> None:
    said = failed_action(WINDOWS)
    assert said.startswith("Action StartServices failed: ")
    assert "Error 1920. Service 'Example Agent' (ExAgent) failed to start." in said
    assert "MSI (s)" not in said


def test_the_action_that_an_installer_was_ended_in_has_no_end() -> None:
    cut = WINE.partition("Action ended 7:09:19: StartServices")[0]
    assert unfinished_action(cut) == "StartServices"
    assert unfinished_action("nothing of the kind") == ""


@given(st.lists(st.sampled_from([*WINE.splitlines(), *WINDOWS.splitlines(), "", "12:00:00: x. 0"])))
def test_any_lines_come_to_something(lines: list[str]) -> None:
    log = "\n".join(lines)
    assert failed_action(log).startswith("Action ") or not failed_action(log)
    assert unfinished_action(log) in log
