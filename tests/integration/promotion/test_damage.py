"""Somebody who may write the database changes the ledger: what finds it, and what cannot."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, delete, insert, text, update

from harness.model.errors import HarnessError
from harness.promotion.ledger.audit import Audit, Damage, Known, Trust, audit
from harness.promotion.ledger.checkpoints import (
    LedgerDamaged,
    NotWitnessed,
    add_cosignatures,
    sign_checkpoint,
    witness,
)
from harness.promotion.ledger.database import LedgerUnavailable
from harness.promotion.ledger.merkle import completed_by, leaf_hash
from harness.promotion.ledger.note import WITNESS, Checkpoint, SignedNote
from harness.promotion.ledger.proof import InclusionProof
from harness.promotion.ledger.schema import attachments, checkpoints, entries, nodes
from harness.promotion.ledger.store import Ledger, LedgerChanged
from tests.unit.promotion.ledger.signers import signer

SIGNER = signer()
TRUST = Trust(SIGNER.key)
BODIES = [b"entry %d" % number for number in range(11)]
SIGNED_AT = 7


@pytest.fixture
def filled(ledger: Ledger) -> tuple[Ledger, Known]:
    """Eleven entries, signed at seven and at eleven; the checkpoint of the eleven is kept elsewhere, too."""
    with ledger.writing() as writer:
        writer.append(BODIES[:SIGNED_AT])
    sign_checkpoint(ledger, SIGNER)
    with ledger.writing() as writer:
        writer.append(BODIES[SIGNED_AT:])
    return ledger, Known(sign_checkpoint(ledger, SIGNER), "the checkpoint kept elsewhere")


def judged(ledger: Ledger, *outside: Known, trust: Trust = TRUST) -> Audit:
    with ledger.reading() as snapshot:
        return audit(snapshot, trust, outside)


def damages(ledger: Ledger, *outside: Known) -> set[Damage]:
    return {finding.damage for finding in judged(ledger, *outside).findings}


def tamper(ledger: Ledger, change: Callable[[Connection], object]) -> None:
    """As the owner of the database: no trigger keeps him from anything."""
    with ledger._database.writing() as connection:
        if connection.dialect.name == "sqlite":
            triggers = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).scalars()
            for name in list(triggers):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        change(connection)


def rewritten(bodies: Sequence[bytes], *, notes: bool = True) -> Callable[[Connection], object]:
    """Other entries, with every hash made to fit; without `notes` the checkpoints that do not fit are gone."""

    def change(connection: Connection) -> None:
        for table in (entries, nodes) if notes else (entries, nodes, checkpoints):
            connection.execute(delete(table))
        kept: dict[tuple[int, int], bytes] = {}
        for number, body in enumerate(bodies):
            connection.execute(insert(entries).values(number=number, body=body))
            for level, position, found in completed_by(number, leaf_hash(body), lambda *at: kept[at]):
                kept[level, position] = found
                connection.execute(insert(nodes).values(level=level, position=position, hash=found))

    return change


def test_an_honest_ledger_has_no_findings(filled: tuple[Ledger, Known]) -> None:
    ledger, elsewhere = filled
    found = judged(ledger, elsewhere)
    assert (found.findings, found.size, found.last_signed, found.checkpoints) == ((), 11, 11, 3)


def test_an_edited_entry_is_named(filled: tuple[Ledger, Known]) -> None:
    ledger, _ = filled
    tamper(ledger, lambda it: it.execute(update(entries).where(entries.c.number == 3).values(body=b"forged")))
    found = judged(ledger).findings
    assert (found[0].damage, found[0].entry) == (Damage.EDITED, 3)
    assert found[0].text == "Entry 3 is not what was appended there."


def test_a_deleted_entry_is_named(filled: tuple[Ledger, Known]) -> None:
    ledger, _ = filled
    tamper(ledger, lambda it: it.execute(delete(entries).where(entries.c.number.in_([4, 5]))))
    found = judged(ledger).findings
    assert (found[0].damage, found[0].entry, found[0].text) == (
        Damage.MISSING,
        4,
        "Entries 4 to 5 are missing.",
    )


def test_two_entries_that_changed_places_are_named(filled: tuple[Ledger, Known]) -> None:
    ledger, _ = filled

    def swap(connection: Connection) -> None:
        for number, body in ((2, BODIES[8]), (8, BODIES[2])):
            connection.execute(update(entries).where(entries.c.number == number).values(body=body))

    tamper(ledger, swap)
    assert [each.entry for each in judged(ledger).findings if each.damage is Damage.EDITED] == [2, 8]


def test_a_truncated_ledger_is_found(filled: tuple[Ledger, Known]) -> None:
    ledger, _ = filled
    tamper(ledger, lambda it: it.execute(delete(entries).where(entries.c.number >= 9)))
    found = judged(ledger).findings
    assert {each.damage for each in found} == {Damage.TRUNCATED}
    assert any(
        "speaks of 11 entries; of those the ledger holds the first 9 at most" in each.text for each in found
    )


def test_a_changed_hash_is_named(filled: tuple[Ledger, Known]) -> None:
    ledger, _ = filled
    tamper(
        ledger,
        lambda it: it.execute(
            update(nodes).where(nodes.c.level == 1, nodes.c.position == 2).values(hash=bytes(32))
        ),
    )
    found = judged(ledger).findings
    assert [(each.damage, each.entry) for each in found] == [(Damage.HASH, 4)]
    assert found[0].text == "The hash over entries 4 to 5 is not the one that belongs there."


REWRITTEN = {
    "edited": [*BODIES[:3], b"forged", *BODIES[4:]],
    "deleted": [*BODIES[:3], *BODIES[4:]],
    "reordered": [*BODIES[:2], BODIES[3], BODIES[2], *BODIES[4:]],
    "inserted": [*BODIES[:5], b"forged", *BODIES[5:]],
    "truncated": BODIES[:9],
    "emptied": [],
    "forked": [*BODIES[:9], b"other", b"history"],
}


@pytest.mark.parametrize("bodies", REWRITTEN.values(), ids=REWRITTEN)
def test_with_every_hash_made_to_fit_the_signed_checkpoints_find_it(
    filled: tuple[Ledger, Known], bodies: list[bytes]
) -> None:
    ledger, _ = filled
    tamper(ledger, rewritten(bodies))
    assert damages(ledger) & {Damage.CHANGED, Damage.TRUNCATED}
    with pytest.raises(LedgerDamaged, match="bvt ledger verify"):
        sign_checkpoint(ledger, SIGNER)


@pytest.mark.parametrize("bodies", REWRITTEN.values(), ids=REWRITTEN)
def test_with_the_checkpoints_gone_too_the_one_kept_elsewhere_finds_it(
    filled: tuple[Ledger, Known], bodies: list[bytes]
) -> None:
    ledger, elsewhere = filled
    tamper(ledger, rewritten(bodies, notes=False))
    assert damages(ledger, elsewhere) & {Damage.CHANGED, Damage.TRUNCATED}
    # And what the ledger alone cannot tell, it does not claim: no entry is covered by a signature.
    alone = judged(ledger)
    assert (alone.findings, alone.last_signed) == ((), 0)


def test_also_if_he_holds_the_ledgers_own_key(filled: tuple[Ledger, Known]) -> None:
    """Signed anew with the true key: two checkpoints of one size are a fork, and witnesses do not sign it."""
    ledger, elsewhere = filled
    seen = elsewhere.note
    tamper(ledger, rewritten(REWRITTEN["forked"], notes=False))
    sign_checkpoint(ledger, SIGNER)
    assert damages(ledger, elsewhere) == {Damage.CHANGED, Damage.FORKED}
    with ledger.writing() as writer:
        writer.append([b"more"])
    new = sign_checkpoint(ledger, SIGNER)
    with ledger.reading() as snapshot:
        proof = snapshot.consistency(11, new)
    with pytest.raises(NotWitnessed, match="are not those of the older checkpoint"):
        witness(proof, SIGNER.key, seen, signer("witness.example", WITNESS), 1)


@pytest.mark.parametrize("known", [TRUST, Trust(signer().key)], ids=["changed text", "another key"])
def test_a_forged_checkpoint_is_found(filled: tuple[Ledger, Known], known: Trust) -> None:
    ledger, elsewhere = filled
    forged = str(elsewhere.note)
    if known is TRUST:
        tamper(ledger, rewritten(REWRITTEN["edited"]))
        with ledger.reading() as snapshot:
            text_ = Checkpoint(SIGNER.key.name, 11, snapshot.root(11)).text
        forged = str(SignedNote(text_, elsewhere.note.signatures))
        tamper(
            ledger,
            lambda it: it.execute(update(checkpoints).where(checkpoints.c.size == 11).values(note=forged)),
        )
    assert Damage.SIGNATURE in {each.damage for each in judged(ledger, trust=known).findings}


def test_a_damaged_checkpoint_is_found(filled: tuple[Ledger, Known]) -> None:
    ledger, elsewhere = filled
    tamper(
        ledger,
        lambda it: it.execute(update(checkpoints).where(checkpoints.c.size == 7).values(note="nonsense")),
    )
    assert damages(ledger) == {Damage.CHECKPOINT}
    other = str(elsewhere.note)
    tamper(
        ledger, lambda it: it.execute(update(checkpoints).where(checkpoints.c.size == 7).values(note=other))
    )
    assert damages(ledger) == {Damage.CHECKPOINT}


def test_what_an_honest_program_never_does_is_refused_by_the_database(filled: tuple[Ledger, Known]) -> None:
    ledger, _ = filled
    with ledger.writing() as writer:
        writer.attach(b"a bundle")
    for table in (entries, nodes, attachments):
        column = next(iter(table.c))
        for change in (delete(table), update(table).values({column: column})):
            with (
                pytest.raises(LedgerUnavailable, match="append-only"),
                ledger._database.writing() as connection,
            ):
                connection.execute(change)


def test_an_attachment_that_was_changed_is_not_handed_out(filled: tuple[Ledger, Known]) -> None:
    ledger, _ = filled
    with ledger.writing() as writer:
        sha256 = writer.attach(b"a bundle")
        assert writer.attach(b"a bundle") == sha256
    with ledger.reading() as snapshot:
        assert snapshot.attachment(sha256) == b"a bundle"
    tamper(ledger, lambda it: it.execute(update(attachments).values(body=b"another")))
    with ledger.reading() as snapshot:
        assert snapshot.attachment(sha256) is None


def test_witnesses_sign_what_continues_and_their_number_counts(filled: tuple[Ledger, Known]) -> None:
    ledger, elsewhere = filled
    first, second = signer("one.example", WITNESS), signer("two.example", WITNESS)
    trust = Trust(SIGNER.key, (first.key, second.key), quorum=2)
    old = next(SignedNote.parse(note) for size, note in _notes(ledger) if size == SIGNED_AT)
    with ledger.reading() as snapshot:
        whole, step = snapshot.consistency(0, elsewhere.note), snapshot.consistency(SIGNED_AT, elsewhere.note)
    assert any("0 of the 2 witnesses" in each.text for each in judged(ledger, trust=trust).findings)
    add_cosignatures(ledger, witness(whole, SIGNER.key, None, first, 5), SIGNER.key)
    add_cosignatures(ledger, witness(step, SIGNER.key, old, second, 6), SIGNER.key)
    kept = dict(_notes(ledger))[11]
    assert SignedNote.parse(kept).signers([first.key, second.key]) == {first.key, second.key}
    findings = judged(ledger, Known(SignedNote.parse(kept), "it"), trust=trust).findings
    assert [each.text for each in findings] == [
        "The ledger's checkpoint of 7 entries has 0 of the 2 witnesses that it needs."
    ]


def _notes(ledger: Ledger) -> list[tuple[int, str]]:
    with ledger.reading() as snapshot:
        return snapshot.notes()


def test_a_witness_under_two_names_counts_once(filled: tuple[Ledger, Known]) -> None:
    ledger, elsewhere = filled
    one = signer("one.example", WITNESS)
    again = type(one)(type(one.key)("two.example", WITNESS, one.key.public), one.sign)
    note = elsewhere.note
    for each in (one, again):
        note = note.with_signature(each.signature(note.text, 1))
    trust = Trust(SIGNER.key, (one.key, again.key), quorum=2)
    found = judged(ledger, Known(note, "it"), trust=trust).findings
    assert "It has 1 of the 2 witnesses that it needs." in [each.text for each in found]


def test_an_entry_is_proven_offline(filled: tuple[Ledger, Known]) -> None:
    ledger, elsewhere = filled
    with ledger.reading() as snapshot:
        proof = str(snapshot.inclusion(3, elsewhere.note))
    read = InclusionProof.parse(proof)
    assert read.verify(leaf_hash(BODIES[3])) == elsewhere.note.checkpoint
    assert SIGNER.key in read.note.signers([SIGNER.key])


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_other_history_passes(folder: Path, data: st.DataObject) -> None:
    """Whatever the entries become, with every hash made to fit: the checkpoint kept elsewhere finds it."""
    original = folder / "original.db"
    if not original.exists():
        ledger = Ledger(str(original))
        ledger.create()
        with ledger.writing() as writer:
            writer.append(BODIES)
        sign_checkpoint(ledger, SIGNER)
    copy = folder / "copy.db"
    shutil.copyfile(original, copy)
    ledger = Ledger(str(copy))
    elsewhere = Known(SignedNote.parse(_notes(ledger)[0][1]), "it")
    others = data.draw(st.lists(st.sampled_from([*BODIES, b"", b"forged"]), max_size=14))
    tamper(ledger, rewritten(others, notes=data.draw(st.booleans())))
    assert bool(damages(ledger, elsewhere)) == (others[:11] != BODIES)


STRANGE = ["'all is well'", "x'ff00'", "cast(x'fffe' as text)", "7.5", "''", "-1", "9999"]


@pytest.mark.parametrize(
    "column", [column for table in (entries, nodes, checkpoints) for column in table.c], ids=str
)
@pytest.mark.parametrize("value", STRANGE)
def test_a_value_of_another_kind_is_damage_and_never_an_internal_error(
    folder: Path, column: Column[object], value: str
) -> None:
    """SQLite keeps text where a number or bytes belong."""
    ledger = Ledger(str(folder / "ledger.db"))
    ledger.create()
    with ledger.writing() as writer:
        writer.append(BODIES)
    elsewhere = Known(sign_checkpoint(ledger, SIGNER), "it")
    table, first = column.table.name, next(iter(column.table.c)).name
    last = f"{first} = (SELECT max({first}) FROM {table})"
    change = text(f"UPDATE {table} SET {column.name} = {value} WHERE {last}")
    tamper(ledger, lambda it: it.execute(change))
    found = judged(ledger, elsewhere).findings
    assert found
    assert all(each.text.endswith(".") for each in found)
    with suppress(HarnessError), ledger.reading() as snapshot:
        assert all(isinstance(body, bytes) for _, body in snapshot.bodies())


def test_what_reads_on_is_told_that_somebody_has_changed_the_ledger(folder: Path) -> None:
    ledger = Ledger(str(folder / "ledger.db"))
    ledger.create()
    with ledger.writing() as writer:
        writer.append(BODIES)
    tamper(
        ledger, lambda it: it.execute(text("UPDATE ledger_entry SET number = 'all is well' WHERE number = 0"))
    )
    with (
        ledger.reading() as snapshot,
        pytest.raises(LedgerChanged, match="'all is well' stands in the ledger where only"),
    ):
        _ = snapshot.size
