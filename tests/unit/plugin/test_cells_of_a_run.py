"""Every process of a run collects the same cells, whenever it starts."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.machines.room import Resource, RoomWait, WaitListener
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.plugin import hooks
from harness.plugin import worker as worker_module
from harness.plugin.worker import WORKER, RunWorker
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import RunSettings
from harness.rundir.waits import Waits
from tests.unit.cell.stand_ins import PROFILE
from tests.unit.gate.samples import a_cell, a_plan

CELLS = (a_cell("win10-22h2/fresh"), a_cell("win11-24h2/fresh"), a_cell("win11-24h2/upgrade"))
NAMES = [cell.id for cell in CELLS]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    monkeypatch.setattr(worker_module, "load_provider", lambda *_: None)
    run = RunDirectory(tmp_path)
    settings = RunSettings(
        run_id="run",
        began=datetime.now(UTC),
        profile=PROFILE,
        pool_name="embedded",
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=tuple(NAMES),
    )
    run.write(settings, a_plan(*CELLS))
    return run


def seal(run: RunDirectory, cell: str) -> None:
    run.cell(cell).mkdir(parents=True)
    (run.cell(cell) / "report.json").write_text("{}")


class StandInConfig:
    """The configuration of a pytest that has `-n 2`, or of one of its workers."""

    def __init__(self, run: RunDirectory, **given: Any) -> None:
        self.stash = pytest.Stash()
        self.option = SimpleNamespace()
        self.pluginmanager = pytest.PytestPluginManager()
        self._options = {"--bvt-run": run.root, "dist": "load", "tx": ["popen", "popen"]}
        self.__dict__.update(given)

    def getoption(self, name: str, default: object = None) -> object:
        return self._options.get(name, default)


def test_a_worker_that_takes_a_dead_ones_place_collects_the_same_cells(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "end_with_controller", lambda: None)
    controller = StandInConfig(run)
    hooks.pytest_configure(cast("pytest.Config", controller))
    collected = []
    for name in ("gw0", "gw1"):
        node = SimpleNamespace(config=controller, workerinput={"workerid": name})
        hooks.pytest_configure_node(node)
        worker = StandInConfig(run, workerinput=node.workerinput)
        hooks.pytest_configure(cast("pytest.Config", worker))
        collected.append([cell.id for cell in worker.stash[WORKER].cells])
        if name == "gw0":
            seal(run, NAMES[0])  # before it dies
    assert collected == [NAMES, NAMES]


def test_a_resumed_run_leaves_out_what_has_its_report(run: RunDirectory) -> None:
    seal(run, NAMES[1])
    assert [cell.id for cell in RunWorker(run, "main").cells] == [NAMES[0], NAMES[2]]


def test_a_single_process_does_not_lose_cells_while_it_works(run: RunDirectory) -> None:
    worker = RunWorker(run, "main")
    seal(run, NAMES[0])
    assert [cell.id for cell in worker.cells] == NAMES


def test_a_worker_passes_on_what_its_provider_tells(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners: list[WaitListener] = []
    provider = SimpleNamespace(tell_waits=listeners.append)
    monkeypatch.setattr(worker_module, "load_provider", lambda *_: provider)
    RunWorker(run, "gw0")
    wait = RoomWait(lacks=(Resource.MEMORY,), detail="512 MiB are free.")
    listeners[0](NAMES[0], wait)
    assert Waits(run.waits).read() == {NAMES[0]: wait}
