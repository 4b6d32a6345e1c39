"""Options of the commands that use a ledger, and what they stand for."""

import os
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from harness.documents.text import decode
from harness.files import named_file, write_atomically
from harness.model.errors import ConfigurationError
from harness.model.gate import EXIT_CODES, Verdict
from harness.promotion.ledger.audit import Known, Trust
from harness.promotion.ledger.keys import read_note_key
from harness.promotion.ledger.note import LARGEST_NOTE, LOG, WITNESS, NoteError, SignedNote
from harness.promotion.ledger.store import Ledger

LEDGER_FILE = "ledger.db"

LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="BVT_LEDGER",
        help="The ledger: a file, or postgresql://USER@HOST/DATABASE.",
        show_default="ledger.db of this user's data",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LogKeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="BVT_LEDGER_KEY",
        help="The ledger's public key: NAME=FILE.pub or NAME+HASH+KEY.",
        show_default=False,
    ),
]
WitnessesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--witness", help="A witness's public key: NAME=FILE.pub or NAME+HASH+KEY.", show_default=False
    ),
]
QuorumOption = Annotated[
    int | None, typer.Option("--quorum", min=0, help="Witnesses needed.", show_default="all that are named")
]
CheckpointsOption = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="A checkpoint that was kept elsewhere.", show_default=False),
]

OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write it into this file.", show_default="standard output")
]
INVALID = EXIT_CODES[Verdict.INVALID]


def ledger_at(place: str | None) -> Ledger:
    """The ledger that is named, else the one below BVT_HOME, else this user's own."""
    if place:
        return Ledger(place)
    home = os.environ.get("BVT_HOME")
    try:
        # Not with the state: that is a cache, and caches are thrown away.
        folder = Path(home) if home else Path(platformdirs.user_data_dir("agent-bvt"))
    except RuntimeError:
        raise ConfigurationError(
            "this user has no home directory that a ledger could be in.", hint="Name one with --ledger."
        ) from None
    return Ledger(str((folder / LEDGER_FILE).absolute()))


def trust_in(key: str | None, witnesses: list[str] | None, quorum: int | None) -> Trust:
    """Whose signatures count. Raises `ConfigurationError`."""
    named = tuple(read_note_key(text, WITNESS, "--witness") for text in witnesses or ())
    if quorum is not None and quorum > len(named):
        raise ConfigurationError(f"{quorum} witnesses are needed and {len(named)} are named.", key="--quorum")
    log = read_note_key(key, LOG, "--key") if key else None
    return Trust(log, named, len(named) if quorum is None else quorum)


def read_checkpoint(path: Path) -> Known:
    """A checkpoint in a file. Raises `ConfigurationError`."""
    try:
        note = SignedNote.parse(read_text(path))
        _ = note.checkpoint
    except NoteError as error:
        raise ConfigurationError(str(error), file=str(path)) from None
    return Known(note, f"the checkpoint {path}")


def read_text(path: Path) -> str:
    """A small text file that somebody named. Raises `ConfigurationError`."""
    try:
        with named_file(path).open("rb") as file:
            return decode(file.read(LARGEST_NOTE), path)
    except OSError as error:
        raise ConfigurationError(f"it cannot be read: {error.strerror}.", file=str(path)) from None


def give(text: str, out: Path | None) -> None:
    """Write `text` into the file of `--out`, else to standard output."""
    if out is None:
        typer.echo(text, nl=False)
        return
    write_atomically(out, text)
    typer.echo(f"written: {out}")
