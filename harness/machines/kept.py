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


def load(state: StateDirectory, name: str, run: str = "") -> KeptMachine:
    """The kept machine with this machine id, or the one kept of this cell id (in run `run`, if that is given).

    Raises `ConfigurationError` if there is none, or more than one.
    """
    found = matching(state, name, run)
    if len(found) == 1:
        return found[0]
    if found:
        which = ", ".join(f"{m.machine_id} of run {m.run_id}" for m in found)
        raise ConfigurationError(
            f"{len(found)} machines of {name} are kept: {which}.",
            hint="Name one of them, or its run with --run.",
        )
    there = (
        ", ".join(f"{m.machine_id} ({m.cell_id}, run {m.run_id})" for m in list_kept(state)) or "none is kept"
    )
    of_run = f" of run {run}" if run else ""
    raise ConfigurationError(
        f"No kept machine{of_run} is called {name!r}; there is: {there}.",
        hint="Keep one with: bvt run --keep failed",
    )


def matching(state: StateDirectory, name: str, run: str = "") -> list[KeptMachine]:
    """The kept machines that a machine or cell id may mean, the newest first.

    `run`: the id of their run, or the path of its directory, which ends with it by default.
    """
    return [
        machine
        for machine in list_kept(state)
        if name in (machine.machine_id, machine.cell_id) and (not run or machine.run_id == Path(run).name)
    ]


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
