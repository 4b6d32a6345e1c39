"""Which cells of a run wait for room: told by the process that runs a cell, read by the one that shows the run."""

from pathlib import Path

from pydantic import ValidationError

from harness.files import write_atomically
from harness.machines.intent import Owner
from harness.machines.room import RoomWait
from harness.model.base import Frozen
from harness.model.plan import cell_folder, cell_of_folder


class _Note(Frozen):
    """What one file holds."""

    wait: RoomWait
    owner: Owner


class Waits:
    """One small file per cell that waits, in a folder of the run's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tell(self, cell_id: str, wait: RoomWait | None) -> None:
        """Note what a cell waits for; None: it waits no longer. Never raises: it only informs."""
        path = self._folder / f"{cell_folder(cell_id)}.json"
        try:
            if wait is None:
                path.unlink(missing_ok=True)
            else:
                write_atomically(path, _Note(wait=wait, owner=Owner.this_process()).model_dump_json())
        except OSError:  # a full disk, of all things, is what the cell may wait for
            return

    def read(self) -> dict[str, RoomWait]:
        """What waits now, by cell id; what a killed process noted does not count. Never raises."""
        found = {}
        for path in sorted(self._folder.glob("*.json")):
            try:
                note = _Note.model_validate_json(path.read_bytes())
            except (OSError, ValidationError):  # it waits no longer
                continue
            if note.owner.alive:
                found[cell_of_folder(path.stem)] = note.wait
        return found
