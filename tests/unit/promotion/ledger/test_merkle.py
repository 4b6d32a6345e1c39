"""The tree against the published figures, and against the RFC's own recursive definitions written down a second time."""

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.promotion.ledger.merkle import (
    EMPTY_ROOT,
    ProofError,
    completed_by,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_from_inclusion,
    root_of,
    verify_consistency,
)

# The inputs and roots that Certificate Transparency's implementations are tested with.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
Nodes = dict[tuple[int, int], bytes]


def grown(bodies: list[bytes]) -> Nodes:
    nodes: Nodes = {}
    for size, body in enumerate(bodies):
        for level, position, found in completed_by(size, leaf_hash(body), lambda *at: nodes[at]):
            nodes[level, position] = found
    return nodes


def mth(bodies: list[bytes]) -> bytes:
    """MTH of section 2.1.1, as it stands there."""
    if not bodies:
        return hashlib.sha256().digest()
    if len(bodies) == 1:
        return hashlib.sha256(b"\x00" + bodies[0]).digest()
    k = largest_power(len(bodies))
    return hashlib.sha256(b"\x01" + mth(bodies[:k]) + mth(bodies[k:])).digest()


def path(m: int, bodies: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(bodies) == 1:
        return []
    k = largest_power(len(bodies))
    if m < k:
        return [*path(m, bodies[:k]), mth(bodies[k:])]
    return [*path(m - k, bodies[k:]), mth(bodies[:k])]


def subproof(m: int, bodies: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1."""
    if m == len(bodies):
        return [] if whole else [mth(bodies)]
    k = largest_power(len(bodies))
    if m <= k:
        return [*subproof(m, bodies[:k], whole), mth(bodies[k:])]
    return [*subproof(m - k, bodies[k:], False), mth(bodies[:k])]


def largest_power(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def test_roots_are_the_published_ones() -> None:
    nodes = grown(INPUTS)
    assert root_of(0, lambda *at: nodes[at]) == EMPTY_ROOT
    assert [root_of(size, lambda *at: nodes[at]).hex() for size in range(1, 9)] == ROOTS


bodies = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


@given(bodies, st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_verify(
    given_bodies: list[bytes], data: st.DataObject
) -> None:
    nodes = grown(given_bodies)
    size = data.draw(st.integers(1, len(given_bodies)))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_path(index, size, lambda *at: nodes[at])
    assert proof == path(index, given_bodies[:size])
    assert root_from_inclusion(leaf_hash(given_bodies[index]), index, size, proof) == mth(given_bodies[:size])


@given(bodies, st.data())
def test_consistency_proofs_are_those_of_the_definition_and_verify(
    given_bodies: list[bytes], data: st.DataObject
) -> None:
    nodes = grown(given_bodies)
    second = data.draw(st.integers(1, len(given_bodies)))
    first = data.draw(st.integers(1, second))
    proof = consistency_path(first, second, lambda *at: nodes[at])
    assert proof == subproof(first, given_bodies[:second], True)
    verify_consistency(first, mth(given_bodies[:first]), second, mth(given_bodies[:second]), proof)


@given(st.integers(1, 40), st.data())
def test_no_changed_proof_verifies(size: int, data: st.DataObject) -> None:
    """A hash changed, dropped, added or swapped; another place; another entry."""
    given_bodies = [b"%d" % number for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    right = path(index, given_bodies)
    wrong, place, leaf = list(right), index, leaf_hash(given_bodies[index])
    ways = ["add", "leaf"] + (["change", "drop", "place"] if right else [])
    match data.draw(st.sampled_from(ways)):
        case "add":
            wrong.insert(data.draw(st.integers(0, len(wrong))), bytes(32))
        case "change":
            at = data.draw(st.integers(0, len(wrong) - 1))
            wrong[at] = bytes(32)
        case "drop":
            del wrong[data.draw(st.integers(0, len(wrong) - 1))]
        case "place":
            place = data.draw(st.integers(0, size - 1).filter(lambda other: other != index))
        case "leaf":
            leaf = leaf_hash(b"another")
    with suppress(ProofError):
        assert root_from_inclusion(leaf, place, size, wrong) != mth(given_bodies)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_no_other_history_is_consistent(first: int, more: int, data: st.DataObject) -> None:
    old = [b"%d" % number for number in range(first)]
    new = [*old, *(b"n%d" % number for number in range(more))]
    forged = list(new)
    forged[data.draw(st.integers(0, first - 1))] = b"forged"
    with pytest.raises(ProofError):
        verify_consistency(first, mth(old), len(new), mth(forged), subproof(first, forged, True))
    with pytest.raises(ProofError):
        verify_consistency(first, mth(old), len(new), mth(new), [*subproof(first, new, True), bytes(32)])
    with pytest.raises(ProofError):
        verify_consistency(first, mth(old), len(new), mth(new), subproof(first, new, True)[:-1])


@pytest.mark.parametrize(
    ("first", "second", "hashes"),
    [(3, 2, []), (2, 2, [bytes(32)]), (0, 2, [bytes(32)]), (3, 5, []), (2, 5, [])],
)
def test_a_proof_of_the_wrong_form_is_refused(first: int, second: int, hashes: list[bytes]) -> None:
    with pytest.raises(ProofError):
        verify_consistency(first, bytes(32), second, bytes(32), hashes)


def test_two_trees_of_one_size_are_a_fork() -> None:
    with pytest.raises(ProofError, match="forked"):
        verify_consistency(2, mth([b"a", b"b"]), 2, mth([b"a", b"c"]), [])


def test_a_place_outside_the_tree_has_no_proof() -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_path(3, 3, lambda *_: bytes(32))
    with pytest.raises(ValueError, match="does not come before"):
        consistency_path(4, 3, lambda *_: bytes(32))
    with pytest.raises(ProofError, match="cannot be in a tree"):
        root_from_inclusion(bytes(32), 3, 3, [])


def test_proofs_for_a_million_entries_have_at_most_twenty_hashes() -> None:
    size = 1_000_000
    places = [0, 1, 524_287, 524_288, 999_998, 999_999, *range(7, size, 9973)]
    assert max(len(inclusion_path(place, size, lambda *_: bytes(32))) for place in places) == 20
    # A consistency proof also says what the old tree's ragged right edge was: one hash more.
    assert max(len(consistency_path(place + 1, size, lambda *_: bytes(32))) for place in places) <= 21


def test_proving_in_a_million_entries_reads_few_hashes() -> None:
    reads = 0

    def read(_level: int, _position: int) -> bytes:
        nonlocal reads
        reads += 1
        return bytes(32)

    inclusion_path(777_777, 1_000_000, read)
    assert reads < 60
