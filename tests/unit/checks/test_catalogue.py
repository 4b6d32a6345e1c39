"""The checks that ship."""

import re

from harness.checks.catalogue import catalogue, essential_checks
from harness.model.report import Phase


def test_every_phase_has_checks() -> None:
    # Of a power cut the steps after it show what came of it.
    assert {check.phase for check in catalogue()} == set(Phase) - {Phase.POWER_CUT}


def test_ids_are_stable_names_of_phase_and_function() -> None:
    for check in catalogue():
        assert re.fullmatch(r"[a-z-]+\.[a-z_0-9]+", check.id), check.id
        assert check.id.startswith(f"{check.phase.value}.")


def test_titles_are_different_sentences() -> None:
    titles = [(check.phase, check.title) for check in catalogue()]
    assert len(set(titles)) == len(titles)


def test_the_checks_run_in_the_order_of_the_phases() -> None:
    orders = [check.phase.order for check in catalogue()]
    assert orders == sorted(orders)


def test_what_later_phases_stand_on_is_essential() -> None:
    essential = essential_checks()
    assert "install.exit_code" in essential[Phase.INSTALL]
    assert "check-in.enrolled" in essential[Phase.CHECK_IN]
