"""The cells of a run carried out: by pytest, in this process and its workers, so many at once."""

import os
from contextlib import suppress

import pytest

from harness.cli.output import Output
from harness.cli.run_output import shown
from harness.machines.cleaning import reclaim_run
from harness.machines.registry import load_provider
from harness.model.errors import ConfigurationError, HarnessError
from harness.model.plan import Cell
from harness.model.plural import plural
from harness.rundir import work_directory, work_times
from harness.rundir.directory import RunDirectory
from harness.rundir.waits import Waits
from harness.state import StateDirectory

CALLERS_PYTEST = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
"""Meant for the caller's own tests; here they could leave checks out or change what these come to."""


def carry_out(directory: RunDirectory, workers: str, console: Output) -> None:
    """Run the cells that have no sealed report yet; whatever happens, only machines that were to be kept are left.

    A run that is stopped leaves what it needs to go on: reports, and when it was at work. Raises `KeyboardInterrupt`
    if the user stopped it.
    """
    settings, plan, state = directory.settings(), directory.plan(), StateDirectory.default()
    chosen = [cell for cell in plan.cells if cell.id in settings.selected and not directory.sealed(cell.id)]
    count = _worker_count(workers, directory, chosen)
    console.print(
        f"{plan.candidate.product_name} {plan.candidate.version}: {plural(len(chosen), 'cell')} in pool"
        f" {settings.pool_name}, {count} at once; evidence in {shown(directory.root)}"
    )
    try:
        if chosen:
            code = _run_pytest(directory, chosen, count, console)
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
                _blame_the_lab(directory, chosen, code)
    except BaseException:
        reclaim_run(state, settings.run_id)
        work_directory.release(state, directory, settings.run_id)
        with suppress(HarnessError, OSError):  # a resumption then takes the run's last file for its end
            work_times.end(directory)
        raise
    reclaim_run(state, settings.run_id)


def _blame_the_lab(directory: RunDirectory, chosen: list[Cell], code: int) -> None:
    """Pytest itself broke: cells without a report were lost to the lab, not merely left out."""
    for cell in chosen:
        if not directory.sealed(cell.id):
            directory.mark_started(cell.id, {"error": f"pytest ended with exit code {code}"})


def _run_pytest(directory: RunDirectory, chosen: list[Cell], count: int, console: Output) -> int:
    """Run the checks in this process (and `count` workers); pytest's own exit code."""
    from harness.cli.progress import Progress  # brings in all that a run needs, which other commands do not

    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in CALLERS_PYTEST:
        os.environ.pop(name, None)
    arguments = [
        "--pyargs",
        "harness.checks",
        f"--bvt-run={directory.root}",
        f"--alluredir={directory.root / 'allure'}",
        f"--rootdir={directory.root}",
        "-c",
        os.devnull,
        "--noconftest",  # those around the place that it is called from are no part of it
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:unraisableexception",  # tidies memory up five times at the end of each process: a test suite's need
        *(["-n", str(count)] if count > 1 else []),
    ]
    progress = Progress(chosen, console, waits=Waits(directory.waits).read)
    code = int(pytest.main(arguments, plugins=[progress]))
    if progress.interrupted:
        raise KeyboardInterrupt
    return code


def wanted_workers(asked: str) -> int | None:
    """The number that -n gives; None for auto. Raises `ConfigurationError` for what is neither."""
    if asked == "auto":
        return None
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    raise ConfigurationError(f"-n takes a number of at least 1, or auto, not {asked!r}.")


def _worker_count(asked: str, directory: RunDirectory, chosen: list[Cell]) -> int:
    wanted = wanted_workers(asked)
    if wanted is None:
        pool = directory.settings().pool
        provider = load_provider(pool, StateDirectory.default())
        wanted = provider.capacity(pool.memory_mb, pool.cpus)
    return max(1, min(wanted, len(chosen)))
