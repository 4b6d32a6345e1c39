"""What differs between two moments of one hive; pure.

Both trees are walked side by side. What lies in pages of the file that are the same in both is the same, and its values
are not taken apart: a change of one value among a million is found at the cost of the keys alone.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from harness.offline.errors import HiveUnreadable
from harness.offline.hive import HiveValue
from harness.offline.hive_cells import BINS, SEGMENT, Cells, KeyNode
from harness.offline.hive_record import RESIDENT, folded

PAGE = 4096
VALUE_BYTES = 20
"""Of a value's record, its name apart."""
LENGTH_AND_PLACE = struct.Struct("<II").unpack_from
DEEPEST = 512
"""Keys below each other, as Windows allows at most ("Registry element size limits")."""


@dataclass(frozen=True)
class HiveChange:
    """A key or a value that is new, gone or another. Of a key, `was` and `now` say its access list."""

    key: str
    """From the root, without its name."""
    value: str | None
    """Empty for a key's default value; None: the key itself."""
    was: HiveValue | str | None
    now: HiveValue | str | None


def difference(before: bytes, after: bytes, name: str = "hive") -> list[HiveChange]:
    """Everything that differs, keys before their values. Raises `HiveUnreadable` for damage."""
    try:
        return list(_Pair(before, after).changes())
    except (ValueError, struct.error, RecursionError) as error:
        raise HiveUnreadable(f"{name} cannot be compared with what it was: {error}.") from error


class _Pair:
    def __init__(self, before: bytes, after: bytes) -> None:
        self._was, self._now = Cells(before), Cells(after)
        size = max(len(before), len(after))
        self._other = bytes(before[at : at + PAGE] != after[at : at + PAGE] for at in range(0, size, PAGE))
        self._seen: dict[Cells, set[int]] = {self._was: set(), self._now: set()}
        self._left = {self._was: len(before), self._now: len(after)}
        """Bytes that are left for values: what lies in the hive once cannot be more than the hive."""

    def changes(self) -> Iterator[HiveChange]:
        if 1 in self._other:
            yield from self._key("", self._was.root, self._now.root, 0)

    def _same(self, at: int, size: int) -> bool:
        return self._other.find(1, at // PAGE, (at + size - 1) // PAGE + 1) < 0

    def _key(self, path: str, was_at: int, now_at: int, depth: int) -> Iterator[HiveChange]:
        was, now = self._was.key(was_at), self._now.key(now_at)
        self._enter(self._now, now_at, depth)
        same = was_at == now_at and self._same(now.at, now.size)
        if not (same and self._same_cell(now.security_at)):
            access = self._was.security(was), self._now.security(now)
            if access[0] != access[1]:
                yield HiveChange(path, None, *access)
        if not (same and self._same_values(now)):
            yield from self._values(path, was, now)
        if same and now.subkeys and all(self._same(*place) for place in self._now.lists(now.subkeys_at)):
            for child in self._now.children(now):  # the list is the same, so each is where it was
                yield from self._key(self._below(path, self._now, child), child, child, depth + 1)
            return
        before, after = self._children(self._was, was), self._children(self._now, now)
        for each in sorted(before.keys() | after.keys()):
            name, old, new = each, before.get(each), after.get(each)
            if old is not None and new is not None:
                name = self._below(path, self._now, new)
                yield from self._key(name, old, new, depth + 1)
            elif new is not None:
                yield from self._whole(
                    self._below(path, self._now, new), self._now, new, depth + 1, added=True
                )
            elif old is not None:
                yield from self._whole(
                    self._below(path, self._was, old), self._was, old, depth + 1, added=False
                )

    def _whole(self, path: str, cells: Cells, at: int, depth: int, *, added: bool) -> Iterator[HiveChange]:
        key = cells.key(at)
        self._enter(cells, at, depth)
        access = cells.security(key)
        yield HiveChange(path, None, *((None, access) if added else (access, None)))
        for value in self._all(cells, key).values():
            yield HiveChange(path, value.name, *((None, value) if added else (value, None)))
        for child in self._children(cells, key).values():
            yield from self._whole(self._below(path, cells, child), cells, child, depth + 1, added=added)

    def _values(self, path: str, was: KeyNode, now: KeyNode) -> Iterator[HiveChange]:
        before, after = self._all(self._was, was), self._all(self._now, now)
        for each in sorted(before.keys() | after.keys()):
            old, new = before.get(each), after.get(each)
            if old is None or new is None or (old.type, old.data) != (new.type, new.data):
                known = new or old
                assert known is not None
                yield HiveChange(path, known.name, old, new)

    def _all(self, cells: Cells, key: KeyNode) -> dict[str, HiveValue]:
        found = {}
        for at in cells.value_cells(key):
            name, kind, data = cells.value(at)
            self._left[cells] -= VALUE_BYTES + len(data)
            if self._left[cells] < 0:
                raise ValueError("its values are larger than itself")
            found[folded(name)] = HiveValue(name=name, type=kind, data=data)
        return found

    def _children(self, cells: Cells, key: KeyNode) -> dict[str, int]:
        return {folded(cells.name(cells.key(at))): at for at in cells.children(key)}

    def _below(self, path: str, cells: Cells, at: int) -> str:
        name = cells.name(cells.key(at))
        return f"{path}\\{name}" if path else name

    def _same_cell(self, offset: int) -> bool:
        return self._same(*self._now.cell(offset))

    def _same_values(self, key: KeyNode) -> bool:
        """Nothing is called for each value that need not be: there are a million of them."""
        if not key.values:
            return True
        data, other, last = self._now.data, self._other, len(self._now.data) - VALUE_BYTES
        if not self._same_cell(key.values_at):
            return False
        for offset in self._now.value_cells(key):
            at = BINS + offset + 4
            if at > last or other[at // PAGE] or other[(at + VALUE_BYTES - 1) // PAGE]:
                return False
            length, data_at = LENGTH_AND_PLACE(data, at + 4)
            if not 0 < length < RESIDENT:
                continue
            if length > SEGMENT:
                if not all(self._same(*place) for place in self._now.value_places(offset)):
                    return False
            elif other.find(1, (BINS + data_at) // PAGE, (BINS + data_at + 4 + length) // PAGE + 1) >= 0:
                return False
        return True

    def _enter(self, cells: Cells, at: int, depth: int) -> None:
        if depth > DEEPEST or at in self._seen[cells]:
            raise ValueError("its keys have no end")
        self._seen[cells].add(at)
