"""The pytest plugin's door: its options, and nothing else until a run is asked for.

Without `--candidate` or `--bvt-run` no other part of the harness is even imported, so installing the package neither
slows nor changes any other test suite.
"""

import argparse
from pathlib import Path
from typing import NoReturn

import pytest

from harness.model.run_options import RUN_OPTIONS
from harness.plugin.lasting import lasting

CHECKS = "harness.checks"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the gate; `bvt run --help` explains them at length."""
    group = parser.getgroup("bvt", "build-verification gate")
    group.addoption("--candidate", type=Path, help="the installer under test")
    for option in RUN_OPTIONS:
        default = option.shown or option.default
        group.addoption(
            option.flag,
            default=[] if option.repeats else option.default,
            help=f"{option.help} (default: {default})" if default else option.help,
            **({"action": "append", "metavar": "GLOB"} if option.repeats else {"type": option.kind}),
        )
    group.addoption("--bvt-run", type=Path, help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the hooks of a run, if this session is one. Checks are refused without a candidate."""
    config.addinivalue_line("markers", "bvt_check(check): which check an item is, and after which step")
    worker_input: dict[str, object] = getattr(config, "workerinput", {})
    if not (config.getoption("--candidate") or config.getoption("--bvt-run") or "bvt_run" in worker_input):
        if any(argument.partition("::")[0].startswith(CHECKS) for argument in config.args):
            _refuse()
        return
    with lasting():
        from harness.plugin import fixtures, hooks

    config.pluginmanager.register(fixtures, "bvt-fixtures")
    config.pluginmanager.register(hooks, "bvt-run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The same for checks that are collected by their path."""
    if not config.pluginmanager.has_plugin("bvt-run") and any(map(_is_check, items)):
        _refuse()


def _is_check(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and hasattr(item.function, "__bvt_check__")


def _refuse() -> NoReturn:
    """Without a candidate each check would end in an error, and pytest with exit code 1, which means FAIL."""
    pytest.exit(
        "--candidate is missing: the checks of harness.checks run against an installer.", returncode=2
    )
