"""From the bundle's bytes to what it says, believed only as far as its signatures reach. Pure."""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from harness.documents.translate import first_mistake
from harness.gate.refusals import Ground, Refusal
from harness.model.gate import Verdict
from harness.signing.bundle import WAIVER_TYPE
from harness.signing.claims import (
    CELL_FIELD,
    PAYLOAD_TYPE,
    PLAN_PREDICATE,
    SEAL_PREDICATE,
    STATEMENT_TYPE,
    SUMMARY_FIELD,
    SVR_PREDICATE,
    TEST_RESULT_PREDICATE,
    VSA_PREDICATE,
    CellClaim,
    PlanClaim,
    Seal,
    SummaryClaim,
)
from harness.signing.envelope import Envelope, MalformedError, read_envelope, read_json, signers_of
from harness.signing.keys import TrustedKey

CHANGED = "Take the bundle from where it was published again; a changed one is never repaired."
SHOWN = 20
"""Refusals of one stage before the rest is only counted: each line of a bundle may have one."""

MODEL = TypeVar("MODEL", bound=BaseModel)


@dataclass(frozen=True)
class Statement:
    """One line that the gate signed."""

    line: int
    sha256: str
    subject: tuple[tuple[str, str], ...]
    predicate_type: str
    predicate: dict[str, Any]


@dataclass
class Contents:
    """What the lines hold."""

    plan: PlanClaim | None = None
    cells: list[tuple[Statement, CellClaim]] = field(default_factory=list)
    waivers: list[tuple[int, Envelope]] = field(default_factory=list)
    seal: Seal | None = None
    vsas: list[tuple[Statement, SummaryClaim]] = field(default_factory=list)
    svrs: list[tuple[Statement, SummaryClaim]] = field(default_factory=list)
    digests: list[tuple[int, str, str]] = field(default_factory=list)
    """Line, what it is (as the seal names it), digest of its payload: everything before the seal."""
    statements: list[Statement] = field(default_factory=list)


class _Subject(BaseModel):
    name: str
    digest: dict[str, str]


_SUBJECTS = TypeAdapter(tuple[_Subject, ...])


def refusal(ground: Ground, text: str, *, line: int = 0, remedy: str = CHANGED, cell: str = "") -> Refusal:
    """Evidence that cannot be believed."""
    return Refusal(ground=ground, verdict=Verdict.INVALID, text=text, line=line, remedy=remedy, cell=cell)


def read_envelopes(bundle: bytes) -> tuple[list[Envelope], list[Refusal]]:
    """Each line as an envelope. A refusal for each that is none."""
    if not bundle.strip():
        return [], [refusal(Ground.FORM, "The bundle is empty.")]
    if not bundle.endswith(b"\n"):
        return [], [refusal(Ground.FORM, "The bundle is cut off: its last line does not end.")]
    envelopes, refusals = [], []
    for number, line in enumerate(bundle[:-1].split(b"\n"), 1):
        try:
            envelopes.append(read_envelope(line))
        except MalformedError as error:
            refusals.append(refusal(Ground.FORM, f"The line is damaged: {error}.", line=number))
    return envelopes, bounded(refusals)


def bounded(refusals: list[Refusal]) -> list[Refusal]:
    """The first ones, and one that says how many more there are."""
    if len(refusals) <= SHOWN:
        return refusals
    rest = refusals[SHOWN]
    more = f"{len(refusals) - SHOWN} more lines are refused for the like."
    return [*refusals[:SHOWN], rest.model_copy(update={"text": more, "line": 0, "cell": ""})]


def check_signatures(
    envelopes: Sequence[Envelope], keys: Sequence[TrustedKey], threshold: int
) -> tuple[frozenset[str], list[Refusal]]:
    """The fingerprints that signed every line that the gate signs, and what is wrong with any signature."""
    refusals: list[Refusal] = []
    common: frozenset[str] | None = None
    ids: tuple[int, frozenset[str]] | None = None
    for number, envelope in enumerate(envelopes, 1):
        if envelope.payload_type == WAIVER_TYPE:
            continue  # people sign waivers; the policy says who
        if envelope.payload_type != PAYLOAD_TYPE:
            text = f"The payload type is {envelope.payload_type[:80]!r}, not {PAYLOAD_TYPE!r}."
            refusals.append(refusal(Ground.PAYLOAD_TYPE, text, line=number))
            continue
        found = signers_of(envelope, keys)
        if not envelope.signatures:
            refusals.append(refusal(Ground.SIGNATURE, "The line is not signed.", line=number))
        for keyid in found.bad:
            text = f"The signature of key {short(keyid)} does not fit the payload: one of both was changed."
            refusals.append(refusal(Ground.SIGNATURE, text, line=number))
        if found.unknown and not found.good and not found.bad:
            text = f"The line is signed by key {short(found.unknown[0])}, which is none of the keys given."
            refusals.append(
                refusal(Ground.KEY_ID, text, line=number, remedy="Give the public key of who runs the gate.")
            )
        mine = frozenset(envelope.signatures)
        ids = ids or (number, mine)
        if mine != ids[1]:
            text = f"The line is signed by other key ids than line {ids[0]}."
            refusals.append(refusal(Ground.KEY_ID, text, line=number))
        common = found.good if common is None else common & found.good
    signed_by = common or frozenset()
    if not refusals and len(signed_by) < threshold:
        text = (
            f"{len(signed_by)} distinct key{'' if len(signed_by) == 1 else 's'} signed, {threshold} are needed;"
            " a key under two ids counts once."
        )
        remedy = "Let another key sign with bvt gate sign, or give its public half with --key."
        refusals.append(refusal(Ground.THRESHOLD, text, remedy=remedy))
    return signed_by, bounded(refusals)


def short(digest: str) -> str:
    """The beginning of a digest or key id, enough to recognise it."""
    return f"{digest[:12]}…" if len(digest) > 12 else digest


def read_contents(envelopes: Sequence[Envelope]) -> tuple[Contents, list[Refusal]]:
    """What the signed lines say. Statements that cannot be read, or stand where they cannot, are refused."""
    contents, refusals = Contents(), []
    for number, envelope in enumerate(envelopes, 1):
        try:
            if envelope.payload_type == WAIVER_TYPE:
                _waiver(contents, number, envelope)
            else:
                _take(contents, _statement(number, envelope.payload))
        except MalformedError as error:
            refusals.append(refusal(Ground.STATEMENT, f"{_capital(str(error))}.", line=number))
    if contents.plan is None:
        refusals.append(refusal(Ground.PLAN, "The bundle has no plan, so what was to be proven is unknown."))
    if contents.seal is None:
        refusals.append(refusal(Ground.SEAL, "The bundle has no seal, so a missing line cannot be noticed."))
    return contents, bounded(refusals)


def _statement(number: int, payload: bytes) -> Statement:
    document = read_json(payload)
    wanted = {"_type", "subject", "predicateType", "predicate"}
    if (
        not isinstance(document, dict)
        or set(document) != wanted
        or document["_type"] != STATEMENT_TYPE
        or not isinstance(document["predicateType"], str)
        or not isinstance(document["predicate"], dict)
    ):
        raise MalformedError("the payload is no in-toto statement v1")
    try:
        subjects = _SUBJECTS.validate_python(document["subject"])
    except ValidationError:
        raise MalformedError("the statement's subject cannot be read") from None
    return Statement(
        number,
        hashlib.sha256(payload).hexdigest(),
        _known_subject(tuple((each.name, each.digest.get("sha256", "")) for each in subjects)),
        document["predicateType"],
        document["predicate"],
    )


@functools.lru_cache(maxsize=16)
def _known_subject(subject: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The same subject of every line as one object."""
    return subject


def _take(contents: Contents, statement: Statement) -> None:
    predicate, kind = statement.predicate, statement.predicate_type
    contents.statements.append(statement)
    if kind in (VSA_PREDICATE, SVR_PREDICATE):
        if contents.seal is None:
            raise MalformedError("a summary stands before the seal")
        claim = _model(SummaryClaim, predicate.get(SUMMARY_FIELD))
        (contents.vsas if kind == VSA_PREDICATE else contents.svrs).append((statement, claim))
        return
    if contents.seal is not None:
        raise MalformedError("the line stands after the seal, which therefore does not hold it")
    if kind == SEAL_PREDICATE:
        contents.seal = _model(Seal, predicate)
    elif kind == PLAN_PREDICATE:
        if contents.plan is not None:
            raise MalformedError("this is a second plan")
        contents.plan = _model(PlanClaim, predicate)
        contents.digests.append((statement.line, "plan", statement.sha256))
    elif kind == TEST_RESULT_PREDICATE:
        # The claim as it was parsed is let go: of ten thousand cells it is most of the memory.
        cell = _model(CellClaim, predicate.pop(CELL_FIELD, None))
        contents.cells.append((statement, cell))
        contents.digests.append((statement.line, cell.cell, statement.sha256))
    else:
        raise MalformedError(f"a statement of type {kind[:80]!r} does not belong into a bundle")


def _waiver(contents: Contents, number: int, envelope: Envelope) -> None:
    if contents.seal is not None:
        raise MalformedError("a waiver stands after the seal, which therefore does not hold it")
    contents.waivers.append((number, envelope))
    contents.digests.append((number, "waiver", hashlib.sha256(envelope.payload).hexdigest()))


def _model(model: type[MODEL], data: object) -> MODEL:
    try:
        # JSON mode is not strict mode: enums and times are text in a document that was parsed already.
        return model.model_validate(data)
    except ValidationError as error:
        said = first_mistake(error, model).sentence
        raise MalformedError(f"the statement cannot be read: {said.rstrip('.')}") from None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
