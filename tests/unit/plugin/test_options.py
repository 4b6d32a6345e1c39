"""The options of a run are one table: `bvt run` and pytest offer all of them, under one name and with one default."""

import inspect
from typing import Any

import pytest
import typer
import typer.main

from harness.cli.run import run
from harness.model.run_options import RUN_OPTIONS
from harness.planning.request import requested

NAMES = {option.name for option in RUN_OPTIONS}


def test_pytest_offers_every_option_with_the_default_of_the_table(pytestconfig: pytest.Config) -> None:
    offered = {option.flag: pytestconfig.getoption(option.flag) for option in RUN_OPTIONS}
    assert offered == {option.flag: [] if option.repeats else option.default for option in RUN_OPTIONS}


@pytest.mark.parametrize("option", RUN_OPTIONS, ids=lambda option: option.name)
def test_bvt_run_offers_every_option_with_the_default_and_the_words_of_the_table(option: Any) -> None:
    app = typer.Typer()
    app.command("run")(run)
    (offered,) = (each for each in typer.main.get_command(app).params if each.name == option.name)
    assert option.flag in offered.opts
    assert getattr(offered, "help", None) == option.help
    assert (offered.default or None) == (option.default or None)


def test_a_request_takes_every_option() -> None:
    assert set(inspect.signature(requested).parameters) == {"candidate", *NAMES}
