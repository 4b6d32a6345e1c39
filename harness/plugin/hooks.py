"""The hooks of a run: cells become parameters, outcomes become cell reports. Thin."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.cell.check import Check, check_of
from harness.checks.catalogue import catalogue, variants
from harness.model.errors import ConfigurationError, HarnessError
from harness.model.gate import exit_code_of
from harness.model.phases import CHANGING
from harness.model.plan import Cell
from harness.model.run_options import RUN_OPTIONS
from harness.planning.preparation import prepare_run
from harness.planning.request import requested
from harness.plugin.allure_results import label_check
from harness.plugin.interpreter import require_assertions
from harness.plugin.items import cell_in, check_in
from harness.plugin.lasting import lasting
from harness.plugin.lifeline import end_with_controller
from harness.plugin.scheduling import CellScheduling, longest_first
from harness.plugin.worker import WORKER, RunWorker, cells_to_run
from harness.rundir.conclusion import conclude
from harness.rundir.directory import RunDirectory

RUN = pytest.StashKey[RunDirectory]()
OPEN_CELLS = pytest.StashKey[tuple[str, ...]]()
"""In the controller of several workers: the ids of the cells that all of them collect."""
INTERRUPTED = 130
"""Exit code of a run that somebody stopped, as `bvt` ends then; pytest's own 2 would mean a mistake of the user's."""
INTERRUPTION = pytest.StashKey["Interruption"]()
OWNS_CONCLUSION = pytest.StashKey[bool]()
"""Set where this pytest prepared the run itself, so that it also judges it."""


def pytest_configure(config: pytest.Config) -> None:
    """Find or prepare the run. A usage error ends pytest with exit code 2."""
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker_input is not None:
        end_with_controller()
        config.pluginmanager.register(TellsController())
    try:
        require_assertions()
        run = _find_run(config, worker_input)
    except HarnessError as error:
        pytest.exit(str(error), returncode=exit_code_of(error))
    if run is None:
        return
    config.stash[RUN] = run
    # The long form shows arguments, and among them secrets. Without the terminal plugin there is no such option.
    if getattr(config.option, "tbstyle", "auto") == "auto":
        config.option.tbstyle = "short"
    if worker_input is not None:
        config.stash[WORKER] = RunWorker(run, worker_input["workerid"], worker_input["bvt_cells"])
    elif not _is_distributed(config):
        config.stash[WORKER] = RunWorker(run, "main")
    else:
        config.stash[OPEN_CELLS] = cells_to_run(run)


def _find_run(config: pytest.Config, worker_input: dict[str, Any] | None) -> RunDirectory | None:
    if worker_input is not None:
        found = worker_input.get("bvt_run")
        return RunDirectory(Path(found)) if found else None
    prepared: Path | None = config.getoption("--bvt-run")
    if prepared is not None:
        return RunDirectory(prepared)
    candidate: Path | None = config.getoption("--candidate")
    if candidate is None:
        return None
    config.stash[OWNS_CONCLUSION] = True
    config.stash[INTERRUPTION] = Interruption()
    config.pluginmanager.register(config.stash[INTERRUPTION])
    profile: str | None = config.getoption("--profile")
    if profile is None:
        raise ConfigurationError(
            "--profile is missing.", hint="Name an agent profile, e.g. --profile reference."
        )
    given = {option.name: config.getoption(option.flag) for option in RUN_OPTIONS}
    return prepare_run(requested(candidate=candidate, **given), progress=lambda _: None)


def _is_distributed(config: pytest.Config) -> bool:
    return config.getoption("dist", "no") != "no" and bool(config.getoption("tx", None))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker which run it works for, and which cells all of them collect."""
    if RUN in node.config.stash:
        node.workerinput["bvt_run"] = str(node.config.stash[RUN].root)
        node.workerinput["bvt_cells"] = list(node.config.stash[OPEN_CELLS])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> CellScheduling | None:
    """A cell is one unit of work."""
    return CellScheduling(config, log) if RUN in config.stash else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Each worker collects the checks of all cells, and keeps them."""
    with lasting():
        return (yield)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per check and cell whose timeline has the check's phase.

    The parameter is the cell's id: Allure tells a test's history by its parameters, and a whole cell changes with each
    check that is added.
    """
    if "cell" not in metafunc.fixturenames or WORKER not in metafunc.config.stash:
        return
    described = check_of(metafunc.function)
    worker = metafunc.config.stash[WORKER]
    asked: Sequence[Check | None] = variants()[described.module, described.line] if described else (None,)
    items = [
        pytest.param(cell.id, id=_node_id(cell, each), marks=[pytest.mark.bvt_check(each)] if each else ())
        for each in asked
        for cell in worker.cells
        if each is None or each.id in cell.checks
    ]
    metafunc.parametrize("cell", items, indirect=True, scope="session")


def _node_id(cell: Cell, check: Check | None) -> str:
    """The cell; before it the step, for a check that another one's module holds."""
    again = check is not None and check.phase in CHANGING
    return f"{check.phase}@{cell.id}" if check is not None and again else cell.id


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Cells in the plan's order, or of several at once the longest first; in a cell the order of the catalogue."""
    worker = config.stash.get(WORKER, None)
    if worker is None:
        return
    cells = longest_first(worker.cells) if hasattr(config, "workerinput") else worker.cells
    order = {cell.id: number for number, cell in enumerate(cells)}
    places = {check.id: number for number, check in enumerate(catalogue())}

    def within(cell: Cell, check: Check) -> tuple[int, int]:
        return (cell.phases.index(check.phase), places[check.id])

    def place(item: pytest.Item) -> tuple[int, int, int]:
        described, cell = check_in(item), cell_in(item)
        if described is None or cell is None:
            return (len(order), 0, 0)
        return (order[cell.id], *within(cell, described))

    until = worker.settings.until
    if until is not None:
        (stop,) = (check for check in catalogue() if check.id == until)
        items[:] = [
            item
            for item in items
            if (described := check_in(item)) is None
            or (cell := cell_in(item)) is None
            or within(cell, described) < within(cell, stop)
        ]
    # A check that no cell of this run has would stay as one skipped item without a cell.
    items[:] = sorted((item for item in items if not (check_in(item) and cell_in(item) is None)), key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Hold back a check that is blocked, not tested or not applicable; attribute what it raises."""
    described = check_in(item)
    worker = item.config.stash.get(WORKER, None)
    if described is None or worker is None:
        return (yield)
    cell = cell_in(item)
    if cell is not None:
        label_check(described, cell)
    with worker.judging(described):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record the outcome and hang it on the report, for progress and for Allure."""
    report = yield
    described = check_in(item)
    worker = item.config.stash.get(WORKER, None)
    cell = cell_in(item)
    if described is not None and cell is not None and worker is not None and call.when in ("setup", "call"):
        worker.record(described, cell, call, report)
    return report


class TellsController:
    """A plugin of a worker: what breaks there is told to the controller, so pytest need not print it here, too."""

    def pytest_internalerror(self) -> bool:
        """Something broke."""
        return True


class Interruption:
    """A plugin that tells the user's interrupt from pytest's own, which is a subclass of it."""

    def __init__(self) -> None:
        self.happened = False

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Somebody stopped this pytest, or pytest gives up."""
        self.happened = excinfo.type is KeyboardInterrupt


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what is left of a worker; the controller judges the run and makes the verdict the exit code."""
    config = session.config
    worker = config.stash.get(WORKER, None)
    if worker is not None:
        worker.close()
    if config.stash.get(OWNS_CONCLUSION, False) and RUN in config.stash:
        interrupted = config.stash[INTERRUPTION].happened
        gate = conclude(config.stash[RUN], interrupted=interrupted)
        session.exitstatus = INTERRUPTED if interrupted else gate.verdict.exit_code


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say the verdict where people look for it."""
    if config.stash.get(OWNS_CONCLUSION, False) and RUN in config.stash:
        run = config.stash[RUN]
        terminalreporter.section("gate")
        terminalreporter.write_line((run.root / "summary.md").read_text(encoding="utf-8"))
