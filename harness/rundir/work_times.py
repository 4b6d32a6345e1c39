"""How long a run was at work: `times.json` holds when it began, when it ended, and the same for each `--resume`."""

import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime

from harness.files import write_atomically
from harness.model.base import Frozen
from harness.rundir.directory import LOCK, TIMES_FILE, RunDirectory


class Spell(Frozen):
    """From one beginning to the end that followed; without an end while it goes on, and if it was killed."""

    began: AwareDatetime
    ended: AwareDatetime | None = None

    @property
    def length_s(self) -> float:
        """Seconds; none for one that goes on. Clocks are set back, too."""
        return max(0.0, (self.ended - self.began).total_seconds()) if self.ended else 0.0


class Spells(Frozen):
    """`times.json`."""

    spells: tuple[Spell, ...] = ()


def begin(run: RunDirectory) -> None:
    """The run is at work from now on. Raises `OSError`."""
    before = _read(run) if (run.root / TIMES_FILE).exists() else ()
    _write(run, (*before, Spell(began=datetime.now(UTC))))


def end(run: RunDirectory) -> float:
    """The run is no longer at work, if it was; for how many seconds it was in all. Raises `OSError`."""
    spells = _read(run)
    if spells and spells[-1].ended is None:
        spells = _ended(run, spells, datetime.now(UTC))
    return sum(spell.length_s for spell in spells)


def settle(run: RunDirectory) -> None:
    """Before a run is gone on with: one that was killed has not said when it ended, so its last file does.

    Raises `ConfigurationError` if the file is damaged, `OSError`.
    """
    spells = _read(run)
    if spells and spells[-1].ended is None:
        _ended(run, spells, _last_sign_of_life(run))


def _ended(run: RunDirectory, spells: tuple[Spell, ...], at: datetime) -> tuple[Spell, ...]:
    last = spells[-1]
    found = (*spells[:-1], last.model_copy(update={"ended": max(last.began, at)}))
    _write(run, found)
    return found


def _last_sign_of_life(run: RunDirectory) -> datetime:
    """When anything was last written there; whoever goes on with it has only taken the lock so far."""
    found = run.settings().began.timestamp()
    for directory, _, names in os.walk(run.root):
        for name in names:
            path = Path(directory, name)
            if path != run.work / LOCK and path.is_file():
                found = max(found, path.stat().st_mtime)
    return datetime.fromtimestamp(found, UTC)


def _read(run: RunDirectory) -> tuple[Spell, ...]:
    """A run that was written before there was such a file began once."""
    if not (run.root / TIMES_FILE).exists():
        return (Spell(began=run.settings().began),)
    return run.document(TIMES_FILE, Spells).spells


def _write(run: RunDirectory, spells: tuple[Spell, ...]) -> None:
    write_atomically(run.root / TIMES_FILE, Spells(spells=spells).model_dump_json(indent=1))
