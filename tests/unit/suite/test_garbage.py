"""Garbage is looked for while tests run, and not among the tests."""

import gc

from harness.cli.main import application


def test_what_was_collected_stays_and_garbage_is_looked_for() -> None:
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000


def test_a_command_line_that_is_made_ready_looks_for_garbage_again() -> None:
    application(["run"])
    assert gc.isenabled()
