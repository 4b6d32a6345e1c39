"""Intent before resource: what a run is about to make is on disk before it exists.

A killed run therefore leaves nothing that `bvt clean` cannot find. An intent belongs to the process that wrote it,
named by process id *and* start time, because process ids come round again.
"""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError

from harness.documents.translate import first_mistake
from harness.files import write_atomically
from harness.model.base import Frozen
from harness.model.errors import InfrastructureError


class Owner(Frozen):
    """A process, told apart from a later one with the same id.

    By the boot and the clock ticks since then (proc(5), `starttime`): a time of day would change with every correction
    of the host's clock, and a process that lives would be taken for dead.
    """

    pid: int
    boot: str
    ticks: int

    @classmethod
    def this_process(cls) -> "Owner":
        """The calling process."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> "Owner":
        """The process `pid`; raises `OSError` if there is none."""
        return cls(pid=pid, boot=_boot(), ticks=_state_and_ticks(pid)[1])

    @property
    def alive(self) -> bool:
        """True while that very process runs (a zombie does not)."""
        try:
            state, ticks = _state_and_ticks(self.pid)
        except OSError:
            return False
        return ticks == self.ticks and state not in "ZX" and self.boot == _boot()

    @property
    def stopped(self) -> bool:
        """True while that very process lives and is not let run (SIGSTOP, a debugger)."""
        try:
            state, ticks = _state_and_ticks(self.pid)
        except OSError:
            return False
        return ticks == self.ticks and state in "Tt" and self.boot == _boot()


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _state_and_ticks(pid: int) -> tuple[str, int]:
    # The name in parentheses may hold anything, so the fields are counted from its end.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[19])


class Intent(Frozen):
    """One machine (or template under construction) and every resource that it may own."""

    machine_id: str = Field(pattern="^[a-z0-9-]+$")
    provider: str
    run_id: str
    cell_id: str = ""
    owner: Owner
    kept: bool = False
    created: AwareDatetime
    resources: dict[str, Any] = Field(default_factory=dict, description="provider-specific, JSON")

    @property
    def orphaned(self) -> bool:
        """True if nobody is left to remove the machine."""
        return not self.kept and not self.owner.alive


def new_machine_id() -> str:
    """A name that no other run on this host uses."""
    return f"bvt-{secrets.token_hex(5)}"


class IntentFile:
    """An intent on disk, updated as resources come into being."""

    def __init__(self, directory: Path, intent: Intent) -> None:
        self.path = directory / f"{intent.machine_id}.json"
        self.intent = intent
        self._write()

    @classmethod
    def begin(
        cls, directory: Path, *, provider: str, run_id: str, cell_id: str = "", machine_id: str | None = None
    ) -> "IntentFile":
        """Write the intent for a new machine, owned by this process."""
        return cls(
            directory,
            Intent(
                machine_id=machine_id or new_machine_id(),
                provider=provider,
                run_id=run_id,
                cell_id=cell_id,
                owner=Owner.this_process(),
                created=datetime.now(UTC),
            ),
        )

    def add(self, **resources: Any) -> None:
        """Name resources that are about to be made."""
        merged = self.intent.resources | resources
        self.intent = self.intent.model_copy(update={"resources": merged})
        self._write()

    def release(self, *names: str) -> None:
        """Resources of these names are given back."""
        left = {name: value for name, value in self.intent.resources.items() if name not in names}
        self.intent = self.intent.model_copy(update={"resources": left})
        self._write()

    def assign(self, *, run_id: str, cell_id: str) -> None:
        """Give a machine that was begun ahead to a cell."""
        self.intent = self.intent.model_copy(update={"run_id": run_id, "cell_id": cell_id})
        self._write()

    def mark_kept(self) -> None:
        """The machine outlives its run; `bvt clean` leaves it alone unless told otherwise."""
        self.intent = self.intent.model_copy(update={"kept": True})
        self._write()

    def done(self) -> None:
        """Everything the intent named is gone."""
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        write_atomically(self.path, self.intent.model_dump_json(indent=1), mode=0o600)


def read_intent(path: Path) -> Intent | None:
    """The intent in this file; None if there is none (any more). Raises `InfrastructureError` if it is damaged."""
    try:
        return Intent.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise InfrastructureError(
            f"{path} is not an intent: {first_mistake(error, Intent).sentence}"
        ) from error


def read_intents(directory: Path) -> list[Intent]:
    """Every intent in the directory. A damaged one is passed over here; `bvt clean` names it."""
    found = []
    for path in sorted(directory.glob("*.json")):
        with suppress(InfrastructureError):
            intent = read_intent(path)
            found += [intent] if intent is not None else []
    return found
