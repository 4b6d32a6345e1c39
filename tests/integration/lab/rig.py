"""A lab of a test's own: state directory, daemons, runs of `bvt`, and a hand that does harm from outside.

Wine in a guest cannot panic the guest's kernel, so what a bad driver would do on Windows is done by the test: through
the hypervisor's second channel (the guest agent), or to the processes of the host.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import libvirt
import psutil
import yaml

from harness.gate.artifact import read_gate
from harness.machines.intent import Intent, read_intents
from harness.machines.libvirt.host.daemon import PrivateDaemon
from harness.machines.libvirt.host.events import start_event_loop
from harness.machines.libvirt.host.qmp import agent
from harness.model.gate import CellVerdict, Gate
from harness.model.plan import cell_folder
from harness.model.report import CellReport, CheckResult, Outcome
from harness.state import StateDirectory
from tests.deadlines import LAB_RUN_S

"""Emulated guests on a busy host; a run that is not disturbed takes a tenth of this."""
Found = TypeVar("Found")

MATRIX = """\
schema_version: 1
images:
{images}
scenarios:
  brief: {{title: Installed and gone again, phases: [machine, install, uninstall]}}
axes: {{image: ["*"], scenario: [brief]}}
pools:
  lab:
    provider: libvirt
    base_image: wine-guest
    substrates: [kvm, tcg]
    ready_deadline_s: 240
    hosts: {hosts}
    options: {options}
"""
WINDOWS = "{product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100, display_version: 24H2}"
# Nothing of less than the highest priority runs any more, as below a driver that spins at a raised IRQL.
SPIN = """
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
exec python3 -c '
import os
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
while True: pass'
"""


def brief_profile(into: Path) -> Path:
    """The reference agent's profile without what costs an emulated guest time and these tests nothing."""
    shipped = Path(__file__).parents[3] / "agents" / "reference.yaml"
    profile = yaml.safe_load(shipped.read_text())
    for key in ("registry", "registry_roots", "version_command", "diagnostics", "logs", "telemetry"):
        del profile[key]
    del profile["check_in"]["keeps_events"]  # nobody would see it without telemetry
    profile["services"][0]["survives_restart"] = False
    into.write_text(yaml.safe_dump(profile, sort_keys=False))
    return into


def until(probe: Callable[[], Found | None], what: str, within_s: float = 300.0) -> Found:
    """Wait for something that another process does and announces nowhere."""
    deadline = time.monotonic() + within_s
    while not (found := probe()):
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s:g} s"
        time.sleep(0.05)
    return found


@dataclass
class Run:
    """`bvt run`, going on or ended."""

    rig: "Rig"
    out: Path
    arguments: tuple[object, ...]
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.out.with_suffix(".log")
        self.start("--out", self.out, *self.arguments)

    def start(self, *arguments: object) -> None:
        """Start the command in a process group of its own."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "harness.cli", "run", *map(str, arguments)],
                env=self.rig.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(LAB_RUN_S)

    def kill(self) -> None:
        """`kill -9` of everything."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def gate(self) -> Gate:
        return read_gate(self.out)

    def cell(self, name: str) -> Path:
        return self.out / "cells" / cell_folder(f"{name}/brief")

    def machine(self, name: str) -> Intent:
        """The cell's machine, once commands run in its guest: the candidate is not installed yet."""
        until(lambda: self._alive((self.cell(name) / "transcript.jsonl").exists()), f"a machine for {name}")
        return self.intent(name)

    def installed(self, name: str) -> Intent:
        """The cell's machine, once the installer has ended."""
        until(
            lambda: self._alive(any((self.cell(name) / "install").glob("*"))), f"the installation in {name}"
        )
        return self.intent(name)

    def intent(self, name: str) -> Intent:
        found = [i for i in read_intents(self.rig.state.intents) if i.cell_id == f"{name}/brief"]
        assert found, f"{name} has no machine"
        return max(found, key=lambda intent: intent.created)

    def _alive(self, happened: bool) -> bool:
        assert happened or self.process.poll() is None, self.said
        return happened

    def result(self, name: str) -> CellVerdict:
        return next(cell for cell in self.gate.cells if cell.cell == f"{name}/brief")

    def report(self, name: str) -> CellReport:
        report = self.result(name).report
        assert report is not None, self.said
        return report

    def blamed(self, name: str) -> CheckResult:
        """The check that failed, or that the lab lost."""
        bad = [c for c in self.report(name).checks if c.outcome in (Outcome.FAILED, Outcome.INFRA)]
        assert len(bad) == 1, (bad, self.said)
        return bad[0]

    def evidence(self, name: str, file: str) -> bytes:
        """A file that the report names as evidence."""
        assert file in {item.path for item in self.report(name).evidence}
        return (self.cell(name) / file).read_bytes()


class Rig:
    """A state directory with the user's images and templates in it, and everything else its own."""

    def __init__(self, home: Path, shared: StateDirectory) -> None:
        home.mkdir(parents=True)
        for part in ("images", "templates", "tools"):
            (home / part).symlink_to(shared.part(part), target_is_directory=True)
        self.home, self.state = home, StateDirectory(home)
        self.runs: list[Run] = []

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"BVT_HOME": str(self.home), "COLUMNS": "160"}

    def daemon(self, name: str) -> PrivateDaemon:
        return PrivateDaemon.named(f"private:{name}", self.state)

    def run(
        self,
        candidate: Path,
        *cells: str,
        hosts: list[dict[str, object]],
        storage: Path | None = None,
        at_once: int = 2,
    ) -> Run:
        """Start a run with one cell per name."""
        place = self.home.parent / f"run-{self.home.name}-{len(self.runs) + 1}"
        place.mkdir()
        matrix = place / "matrix.yaml"
        matrix.write_text(
            MATRIX.format(
                images="\n".join(f"  {name}: {WINDOWS}" for name in cells),
                hosts=json.dumps(hosts),
                options=json.dumps({"storage": str(storage), "disk_reserve_mb": 0} if storage else {}),
            )
        )
        arguments = (
            candidate,
            "--profile",
            brief_profile(place / "reference.yaml"),
            "--pool",
            "lab",
            "--matrix",
            matrix,
            "-n",
            at_once,
        )
        self.runs.append(Run(self, place / "run", arguments))
        return self.runs[-1]

    def bvt(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Any other command, to its end."""
        command = [sys.executable, "-m", "harness.cli", *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def leftovers(self) -> list[str]:
        """Machines of this lab that still exist, in whatever form."""
        found = [str(path) for path in (*self.state.intents.glob("*.json"), *self.state.machines.glob("*"))]
        return found + [f"process {process.pid}" for process in self.qemus()]

    def qemus(self) -> list[psutil.Process]:
        """The QEMU processes of this lab's machines."""
        found = []
        for process in psutil.process_iter():
            try:
                command = process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
            except psutil.Error:
                continue
            if command and "qemu" in command[0] and any(str(self.home) in word for word in command):
                found.append(process)
        return found

    def end(self) -> None:
        """End runs, machines and daemons, whatever state they are in."""
        for run in self.runs:
            if run.process.poll() is None:
                run.kill()
        self.bvt("clean", "--all")
        for process in self.qemus():
            process.kill()
        for daemon in (self.home / "daemons").glob("*"):
            self.daemon(daemon.name).stop()


def in_guest(intent: Intent, daemon: PrivateDaemon, script: str) -> None:
    """Start a shell script in the guest's own system by the guest agent, and do not wait for its end."""
    start_event_loop()
    connection = libvirt.open(daemon.uri)
    try:
        domain = connection.lookupByName(intent.machine_id)
        agent(domain, "guest-exec", path="/bin/sh", arg=["-c", script])
    finally:
        connection.close()


def qemu_of(intent: Intent, rig: Rig) -> psutil.Process:
    """The machine's QEMU process."""
    return next(p for p in rig.qemus() if any(intent.machine_id in word for word in p.cmdline()))


class Harm(threading.Thread):
    """Waits for a moment of a run and does harm then. What goes wrong with that is raised by `done`."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._act = act
        self._failure: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._act()
        except Exception as failure:  # noqa: BLE001 - raised where the test can see it
            self._failure = failure

    def done(self) -> None:
        """The harm was done."""
        self.join(5)
        assert not self.is_alive(), "the moment never came"
        if self._failure is not None:
            raise self._failure
