"""How to reach machines that outlive their run. The files hold passwords: mode 0600."""

import json
from pathlib import Path

from pydantic import ValidationError

from harness.files import write_atomically
from harness.machines.provider import KeptMachine
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory


def store(state: StateDirectory, machine: KeptMachine) -> Path:
    """Write (or write again) how to reach `machine`; mode 0600. Returns the file."""
    document = machine.model_dump(mode="json")
    document["access"]["password"] = machine.access.password.get_secret_value()
    return write_atomically(_path(state, machine.machine_id), json.dumps(document), mode=0o600)


def load(state: StateDirectory, name: str) -> KeptMachine:
    """The kept machine with this machine id, or the newest one kept of this cell id.

    Raises `ConfigurationError` if there is none.
    """
    machines = list_kept(state)
    for machine in machines:
        if name in (machine.machine_id, machine.cell_id):
            return machine
    there = ", ".join(f"{m.machine_id} ({m.cell_id})" for m in machines) or "none is kept"
    raise ConfigurationError(
        f"No kept machine is called {name!r}; there is: {there}.", hint="Keep one with: bvt run --keep failed"
    )


def list_kept(state: StateDirectory) -> list[KeptMachine]:
    """Every kept machine, the newest first; a file that cannot be read is passed over."""
    found: list[tuple[float, KeptMachine]] = []
    for path in state.kept.glob("*.json"):
        try:
            found.append((path.stat().st_mtime, KeptMachine.model_validate_json(path.read_text())))
        except (OSError, ValidationError):
            continue
    return [machine for _, machine in sorted(found, key=lambda item: item[0], reverse=True)]


def drop(state: StateDirectory, machine_id: str) -> None:
    """Forget a kept machine; nothing happens if it was not kept."""
    _path(state, machine_id).unlink(missing_ok=True)


def _path(state: StateDirectory, machine_id: str) -> Path:
    return state.kept / f"{machine_id}.json"
