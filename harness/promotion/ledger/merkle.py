"""The Merkle tree of RFC 9162, section 2.1: roots, inclusion proofs, consistency proofs. Pure; SHA-256.

A tree never reads its leaves again: every hash over 2^level leaves that begin at a multiple of 2^level is kept once it
is complete, so appending, proving and the root of any size read few hashes: about the logarithm of it.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

HASH_SIZE = 32
"""Bytes."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
Read = Callable[[int, int], bytes]
"""The hash of the complete subtree number `position` of `level`: leaves position·2^level … (position+1)·2^level - 1."""
Complete = tuple[int, int, bytes]
"""Level, position and hash of a complete subtree."""


class ProofError(Exception):
    """A proof does not prove what it should; the message is a sentence."""


def leaf_hash(body: bytes) -> bytes:
    """The hash of one entry. The leading zero keeps an inner node from passing as an entry."""
    return hashlib.sha256(b"\0" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def completed_by(size: int, leaf: bytes, read: Read) -> Iterator[Complete]:
    """What becomes complete when `leaf` is appended to a tree of `size` leaves: itself, and what it fills."""
    level, position, found = 0, size, leaf
    yield level, position, found
    while position % 2:
        found = node_hash(read(level, position - 1), found)
        level, position = level + 1, position // 2
        yield level, position, found


def root_of(size: int, read: Read) -> bytes:
    """The root over the first `size` leaves."""
    return _range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, read: Read) -> list[bytes]:
    """PATH(m, D_n) of section 2.1.3.1: proves that leaf `index` is in the tree of `size` leaves."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int, read: Read) -> list[bytes]:
    """PROOF(m, D_n) of section 2.1.4.1: proves that the first `first` leaves of `second` are the older tree."""
    if not 0 < first <= second:
        raise ValueError(f"a tree of {first} does not come before one of {second}")
    path: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(start, end, read))
    return path[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that the proof leads to (section 2.1.3.2). Raises `ProofError` if it has not the form of one."""
    if not 0 <= index < size:
        raise ProofError(f"Entry {index} cannot be in a tree of {size} entries.")
    place, last, root = index, size - 1, leaf
    for step in path:
        if not last:
            raise ProofError("The inclusion proof is longer than the tree is high.")
        if place % 2 or place == last:
            root = node_hash(step, root)
            while not place % 2 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, step)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("The inclusion proof is shorter than the tree is high.")
    return root


def verify_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> None:
    """Raises `ProofError` unless the tree of `second` leaves begins with that of `first` (section 2.1.4.2)."""
    if first > second:
        raise ProofError(f"A tree of {second} entries cannot continue one of {first}.")
    if first == second or first == 0:
        if path:
            raise ProofError("The consistency proof holds hashes where none are needed.")
        if first and first_root != second_root:
            raise ProofError(f"Two trees of {first} entries have different roots: the ledger was forked.")
        return
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        raise ProofError("The consistency proof is empty.")
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if not last:
            raise ProofError("The consistency proof is longer than the tree is high.")
        if place % 2 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place % 2 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("The consistency proof is shorter than the tree is high.")
    if old != first_root:
        raise ProofError(f"The first {first} entries are not those of the older checkpoint.")
    if new != second_root:
        raise ProofError(f"The proof does not lead to the root of the {second} entries.")


@dataclass
class GrowingTree:
    """The roots at the `wanted` sizes, from nothing but the entries, of which it keeps none."""

    wanted: Collection[int]
    size: int = 0
    roots: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})
    peaks: list[tuple[int, bytes]] = field(default_factory=list)
    """Level and hash of the largest complete subtrees, from left to right."""

    def add(self, body: bytes) -> list[Complete]:
        """The subtrees that this entry makes complete."""
        level, position, found = 0, self.size, leaf_hash(body)
        made = [(level, position, found)]
        while self.peaks and self.peaks[-1][0] == level:
            found = node_hash(self.peaks.pop()[1], found)
            level, position = level + 1, position // 2
            made.append((level, position, found))
        self.peaks.append((level, found))
        self.size += 1
        if self.size in self.wanted:
            self.roots[self.size] = self.root
        return made

    @property
    def root(self) -> bytes:
        """Over all entries so far."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1][1]
        for _, peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


def _range_hash(start: int, end: int, read: Read) -> bytes:
    """The hash over leaves `start` … `end` - 1 of a range that the tree's own splits make."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range_hash(start, middle, read), _range_hash(middle, end, read))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
