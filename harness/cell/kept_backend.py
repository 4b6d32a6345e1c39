"""The embedded backend of a kept machine: it outlives its run in a process of its own, for as long as the machine does.

Its folder in the state directory is written before the process is started and is its intent: `bvt clean` finds it there.
It holds keys and secrets, so it is the user's alone (mode 0700).
"""

import select
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import psutil
from pydantic import ValidationError

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.handover import Handover
from harness.files import write_atomically
from harness.machines.cleaning import Cleaned, Outcome
from harness.machines.intent import Owner
from harness.model.base import Frozen
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.model.machine import HostPort
from harness.state import StateDirectory

BACKEND = "backend"
"""What `bvt clean` calls it."""
PART = "backends"
RECORD, HANDOVER, AUTHORITY, DATABASE, REQUESTS, OUTPUT = (
    "backend.json",
    "handover.json",
    "authority",
    "backend.sqlite",
    "requests.log",
    "output.log",
)
START_S = 60.0
"""Until the process serves; the machine that it runs on is busy."""
END_S = 10.0


class KeptBackend(Frozen):
    """A backend that serves the agent of one kept machine."""

    machine_id: str
    cell_id: str
    run_id: str
    address: HostPort
    owner: Owner | None = None
    """Its process, once that serves."""

    @property
    def alive(self) -> bool:
        """True while that very process runs."""
        return self.owner is not None and self.owner.alive


def keep(
    backend: EmbeddedBackend,
    authority: Path,
    state: StateDirectory,
    *,
    cell_id: str,
    machine_id: str,
    run_id: str,
) -> KeptBackend:
    """Close `backend` and let a process of its own serve the cell on the same port. Raises `InfrastructureError`."""
    handover = backend.hand_over(cell_id)
    folder = state.part(PART, machine_id)
    record = KeptBackend(
        machine_id=machine_id,
        cell_id=cell_id,
        run_id=run_id,
        address=HostPort(host=handover.host, port=handover.port),
    )
    write_record(folder, record)
    shutil.copytree(authority, folder / AUTHORITY, dirs_exist_ok=True)
    write_atomically(folder / HANDOVER, handover.model_dump_json(), mode=0o600)
    backend.close()
    with (folder / OUTPUT).open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cell.backend_keeper", str(state.root), machine_id],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as said:
        # `serving`, or nothing once it has ended.
        line = said.readline() if select.select([said], [], [], START_S)[0] else b""
    kept = read(state, machine_id)
    if not line or kept is None or not kept.alive:
        process.kill()
        tail = (folder / OUTPUT).read_text(errors="replace").strip().splitlines()[-1:]
        raise InfrastructureError(
            f"The backend of {cell_id} did not go on in a process of its own: {' '.join(tail) or 'it ended'}."
        )
    return kept


def write_record(folder: Path, record: KeptBackend) -> None:
    """Write (or write again) what is known of it."""
    write_atomically(folder / RECORD, record.model_dump_json(), mode=0o600)


def read_handover(folder: Path) -> Handover:
    """What the keeper serves. Raises `OSError`."""
    return Handover.model_validate_json((folder / HANDOVER).read_bytes())


def read(state: StateDirectory, machine_id: str) -> KeptBackend | None:
    """The backend of this machine; None if it has none that can be read."""
    try:
        return KeptBackend.model_validate_json((state.root / PART / machine_id / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None


def last_request(state: StateDirectory, machine_id: str) -> str:
    """The latest request that reached it, with its time; empty if none did."""
    try:
        lines = (state.root / PART / machine_id / REQUESTS).read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def clean(state: StateDirectory, gone: Collection[str] = (), *, dry_run: bool = False) -> list[Cleaned]:
    """End the backends whose machines are no longer there (`gone`: count as gone), and remove their folders."""
    found = []
    for folder in sorted((state.root / PART).glob("*/")):
        if (state.intents / f"{folder.name}.json").exists() and folder.name not in gone:
            continue
        record = read(state, folder.name)
        outcome, error = Outcome.FOUND, ""
        if not dry_run:
            error = "" if record is None else _end(record)
            shutil.rmtree(folder, ignore_errors=True)
            outcome = Outcome.NOT_REMOVED if error or folder.exists() else Outcome.REMOVED
        found.append(
            Cleaned(
                kind=BACKEND,
                name=str(record.address) if record is not None else str(folder),
                run_id=record.run_id if record is not None else "",
                cell_id=record.cell_id if record is not None else "",
                reason="its kept machine is gone" if folder.name not in gone else "its kept machine goes",
                outcome=outcome,
                error=error,
            )
        )
    return found


def _end(record: KeptBackend) -> str:
    """End its process; why that was not possible, empty if it is gone."""
    if record.owner is None or not record.alive:
        return ""
    deadline = Deadline.after(END_S)
    try:
        process = psutil.Process(record.owner.pid)
        process.terminate()
        process.wait(deadline.remaining_s / 2)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.Error:
        return ""
    return "" if not record.alive or _gone(process, deadline) else f"process {record.owner.pid} does not end."


def _gone(process: psutil.Process, deadline: Deadline) -> bool:
    try:
        process.wait(deadline.remaining_s)
    except psutil.TimeoutExpired:
        return False
    return True
