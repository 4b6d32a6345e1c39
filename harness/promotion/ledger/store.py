"""The ledger: entries in a row, the hashes over them, and the checkpoints that were signed."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, func, insert, select, update

from harness.model.errors import ConfigurationError, EvidenceError
from harness.promotion.ledger.database import Database
from harness.promotion.ledger.merkle import (
    completed_by,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
)
from harness.promotion.ledger.note import SignedNote
from harness.promotion.ledger.proof import ConsistencyProof, InclusionProof
from harness.promotion.ledger.schema import attachments, checkpoints, entries, nodes

PAGE = 1024
LARGEST_NUMBER = 1 << 63
"""Entries read at once."""
LARGEST_ENTRY = 1024 * 1024
"""Bytes."""


class LedgerChanged(EvidenceError):
    """A value is of a kind that no program of ours writes: SQLite keeps whatever somebody puts there."""


class Snapshot:
    """The ledger as it is at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def size(self) -> int:
        """How many entries there are."""
        last = self._connection.execute(select(func.max(entries.c.number))).scalar()
        return 0 if last is None else _number(last) + 1

    def bodies(self, first: int = 0) -> Iterator[tuple[int, bytes]]:
        """Every entry from number `first` on, with its number. What somebody took out is not there."""
        while page := self._page(first):
            yield from page
            first = page[-1][0] + 1

    def _page(self, first: int) -> list[tuple[int, bytes]]:
        query = select(entries).where(entries.c.number >= first).order_by(entries.c.number).limit(PAGE)
        return [(_number(number), _blob(body)) for number, body in self._connection.execute(query)]

    def body(self, number: int) -> bytes:
        """One entry. Raises `ConfigurationError` if there is none of this number."""
        query = select(entries.c.body).where(entries.c.number == number)
        # A number that no database can hold is none of an entry, either.
        found = self._connection.execute(query).scalar() if 0 <= number < LARGEST_NUMBER else None
        if found is None:
            size = self.size
            there = f"they go from 0 to {size - 1}" if size else "there are none yet"
            raise ConfigurationError(f"there is no entry {number}; {there}.")
        return _blob(found)

    def node(self, level: int, position: int) -> bytes:
        """The hash of a complete subtree. Raises `LookupError` if somebody took it out."""
        query = select(nodes.c.hash).where(nodes.c.level == level, nodes.c.position == position)
        found = self._connection.execute(query).scalar()
        if found is None:
            raise LookupError(f"the ledger has lost the hash {level}/{position}")
        return _blob(found)

    def kept_nodes(self, level: int, first: int, last: int) -> dict[int, bytes]:
        """The hashes of a level by position, from `first` to `last`."""
        query = select(nodes.c.position, nodes.c.hash).where(
            nodes.c.level == level, nodes.c.position.between(first, last)
        )
        return {_number(position): _blob(found) for position, found in self._connection.execute(query)}

    def node_count(self) -> int:
        """How many hashes are kept."""
        return int(self._connection.execute(select(func.count()).select_from(nodes)).scalar() or 0)

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries, as the kept hashes have it."""
        return root_of(size, self.node)

    def notes(self) -> list[tuple[int, str]]:
        """Every signed checkpoint with its size, oldest first."""
        query = select(checkpoints).order_by(checkpoints.c.size)
        return [(_number(size), str(note)) for size, note in self._connection.execute(query)]

    def last_note(self) -> SignedNote | None:
        """The newest signed checkpoint."""
        query = select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1)
        found = self._connection.execute(query).scalar()
        return None if found is None else SignedNote.parse(str(found))

    def inclusion(self, index: int, note: SignedNote) -> InclusionProof:
        """That the entry is among those of the checkpoint. Raises `ValueError` if it came later."""
        return InclusionProof(index, tuple(inclusion_path(index, note.checkpoint.size, self.node)), note)

    def consistency(self, old_size: int, note: SignedNote) -> ConsistencyProof:
        """That the checkpoint continues the ledger of `old_size` entries. Raises `ValueError` if it is older."""
        size = note.checkpoint.size
        path = consistency_path(old_size, size, self.node) if old_size else []
        return ConsistencyProof(old_size, tuple(path), note)

    def attachment(self, sha256: str) -> bytes | None:
        """A file that an entry names by digest; None if it is not here, or is not what it was."""
        found = self._connection.execute(
            select(attachments.c.body).where(attachments.c.sha256 == sha256)
        ).scalar()
        body = None if found is None else _blob(found)
        return body if body is not None and hashlib.sha256(body).hexdigest() == sha256 else None


class Writer(Snapshot):
    """The only one who writes, until the transaction ends."""

    def append(self, bodies: Sequence[bytes]) -> int:
        """Append entries in their order; the number of the first. Raises `ValueError` for one that is too large."""
        first = size = self.size
        fresh: dict[tuple[int, int], bytes] = {}

        def read(level: int, position: int) -> bytes:
            return fresh.get((level, position)) or self.node(level, position)

        for body in bodies:
            if len(body) > LARGEST_ENTRY:
                raise ValueError(f"an entry has at most {LARGEST_ENTRY} bytes")
            for level, position, found in completed_by(size, leaf_hash(body), read):
                fresh[level, position] = found
            size += 1
        if bodies:
            rows = [{"number": first + place, "body": body} for place, body in enumerate(bodies)]
            hashes = [
                {"level": level, "position": position, "hash": found}
                for (level, position), found in fresh.items()
            ]
            self._connection.execute(insert(entries), rows)
            self._connection.execute(insert(nodes), hashes)
        return first

    def attach(self, body: bytes) -> str:
        """Keep a file beside the entries that name it; its SHA-256."""
        sha256 = hashlib.sha256(body).hexdigest()
        known = select(attachments.c.sha256).where(attachments.c.sha256 == sha256)
        if self._connection.execute(known).scalar() is None:
            self._connection.execute(insert(attachments).values(sha256=sha256, body=body))
        return sha256

    def keep_note(self, note: SignedNote) -> None:
        """Keep a signed checkpoint; for a size that has one already the new one takes its place."""
        size = note.checkpoint.size
        changed = self._connection.execute(
            update(checkpoints).where(checkpoints.c.size == size).values(note=str(note))
        )
        if not changed.rowcount:
            self._connection.execute(insert(checkpoints).values(size=size, note=str(note)))


class Ledger:
    """A ledger in a file or at a URL. Any number of processes may hold it. Raises `LedgerUnavailable` throughout."""

    def __init__(self, place: str) -> None:
        self._database = Database(place)

    @property
    def name(self) -> str:
        """Where it is, fit to be shown."""
        return self._database.name or ""

    def create(self) -> None:
        """Make it, or bring it to the newest schema."""
        self._database.create()

    def upgrade(self) -> None:
        """Bring it to the newest schema. Raises `ConfigurationError` if there is none."""
        self._database.upgrade()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """The ledger as it is now, for as long as this lasts."""
        with self._database.reading() as connection:
            yield Snapshot(connection)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """All that is written here is there at the end, or none of it."""
        with self._database.writing() as connection:
            yield Writer(connection)


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    text = f"{str(value)[:40]!r} stands in the ledger where only a number was ever written."
    raise LedgerChanged(text, hint="Somebody has changed it: bvt ledger verify")


def _blob(value: object) -> bytes:
    """Text and numbers are bytes, too, though not those that were appended."""
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode(errors="replace")
