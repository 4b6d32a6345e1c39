"""What the ledger's entries say: one signed envelope each, by whoever did it."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError
from securesystemslib.signer import Signer

from harness.documents.translate import first_mistake
from harness.model.base import Frozen, NotEmpty
from harness.model.inventory import Inventory
from harness.promotion.ledger.merkle import leaf_hash
from harness.rollout.health import Health
from harness.signing.envelope import Envelope, MalformedError, read_envelope

PAYLOAD_TYPE = "application/vnd.agent-bvt.promotion+json"
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Words = Annotated[str, Field(max_length=4000)]


class Kind(StrEnum):
    """What a candidate is. All kinds go through the same tiers."""

    AGENT = "agent"
    CONFIGURATION = "configuration"
    CONTENT = "content"


class CandidateRef(Frozen):
    """A candidate, by its digest; the rest is for people."""

    sha256: Sha256
    kind: Kind = Kind.AGENT
    name: Words = ""
    version: Words = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.version, f"({self.sha256[:12]})") if part)


class GateRecord(Frozen):
    """The signed gate that a request stands on; the bundle itself is kept beside the ledger."""

    bundle_sha256: Sha256
    suite: str
    time_verified: AwareDatetime
    substrates: tuple[str, ...] = ()
    beside: dict[str, Sha256] = Field(
        default_factory=dict,
        description="what the candidate installs from besides itself, as it was compared",
    )
    returns_to: tuple[Sha256, ...] = Field(
        default=(), description="releases to and from which its upgrade and downgrade scenarios passed"
    )
    inventory: Inventory | None = Field(
        default=None,
        description="what the candidate brings along, as its plan seals it; null: nobody has read it",
    )


class What(StrEnum):
    """What a request asks for."""

    PROMOTE = "promote"
    RAISE = "raise"
    RESUME = "resume"
    TIERS = "tiers"


class Via(Frozen):
    """By whose key a person acts who has used no key: a server's, which says how it has recognised the person."""

    key: NotEmpty = Field(description="the server's name in tiers.yaml")
    how: Words = ""
    link: Annotated[str, Field(pattern="^[0-9a-f]{0,64}$")] = Field(
        default="", description="id of a signed link, which works once"
    )


class _Signed(Frozen):
    by: NotEmpty
    via: Via | None = None
    at: AwareDatetime


class Founding(_Signed):
    """Entry 0: the first tiers, and the policy that judges the gates."""

    action: Literal["founding"] = "founding"
    tiers: str = Field(description="the text of tiers.yaml")
    policy: str = Field(description="the text of gate-policy.yaml")


class Request(_Signed):
    """Somebody asks."""

    action: Literal["request"] = "request"
    what: What
    candidate: CandidateRef | None = None
    tier: str = ""
    percent: float = 0
    gate: GateRecord | None = None
    tiers: str = Field(default="", description="the proposed text of tiers.yaml")
    policy: str = Field(default="", description="the proposed text of gate-policy.yaml")
    reason: Words = ""


class Bound(_Signed):
    """An answer to a request, bound to what it asked for: it answers nothing else."""

    request: Sha256 = Field(description="leaf hash of the request's entry")
    what: What
    candidate: Sha256 | None = None
    tier: str = ""
    percent: float = 0
    reason: Words = ""

    def fits(self, request: Request) -> bool:
        """Whether it names what the request asks for."""
        candidate = request.candidate.sha256 if request.candidate else None
        return (self.what, self.candidate, self.tier, self.percent) == (
            request.what,
            candidate,
            request.tier,
            request.percent,
        )


class Approval(Bound):
    """Somebody agrees to a request."""

    action: Literal["approval"] = "approval"


class Rejection(Bound):
    """Somebody turns a request down, or withdraws their own."""

    action: Literal["rejection"] = "rejection"


class Done(Bound):
    """All that was asked for holds, so it happens: the moment of the decision."""

    action: Literal["done"] = "done"


class Halt(_Signed):
    """Nobody else gets it."""

    action: Literal["halt"] = "halt"
    candidate: Sha256
    tier: str
    reason: Words = ""


class Rollback(_Signed):
    """Hosts that have it go back. It is halted, too."""

    action: Literal["rollback"] = "rollback"
    candidate: Sha256
    tier: str
    to: Sha256
    reason: Words = ""


class HealthReport(_Signed):
    """How the hosts of a tier fare that run a candidate. `host_hours` counts from the promotion on."""

    action: Literal["health"] = "health"
    candidate: Sha256
    tier: str
    hosts: int = Field(ge=0)
    host_hours: float = Field(ge=0)
    crashed: int = Field(default=0, ge=0)
    silent: int = Field(default=0, ge=0)
    uninstalled: int = Field(default=0, ge=0)
    answer: Health | None = Field(default=None, description="of the halt rule, where it was asked")


class Change(_Signed):
    """A configuration change that reaches few hosts, so that it need not be a release."""

    action: Literal["change"] = "change"
    candidate: CandidateRef
    hosts: int = Field(ge=1)
    reason: Words = ""


Entry = Annotated[
    Founding | Request | Approval | Rejection | Done | Halt | Rollback | HealthReport | Change,
    Field(discriminator="action"),
]
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


class EntryError(Exception):
    """A body is no entry; the message is a sentence."""


def signed(entry: Entry, signer: Signer) -> bytes:
    """The entry's body. Raises what the signer raises."""
    document = entry.model_dump(mode="json")
    payload = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Envelope(payload, PAYLOAD_TYPE, {}).signed(signer).line


def read_entry(body: bytes) -> tuple[Entry, Envelope]:
    """The entry, and its envelope whose signature is still to be verified. Raises `EntryError`."""
    try:
        envelope = read_envelope(body)
        if envelope.payload_type != PAYLOAD_TYPE:
            raise EntryError(f"It is of type {envelope.payload_type!r}, no entry of this ledger.")
        return _ENTRY.validate_json(envelope.payload), envelope
    except MalformedError as error:
        words = str(error)
        raise EntryError(f"{words[:1].upper()}{words[1:]}.") from None
    except ValidationError as error:
        said = first_mistake(error, None).sentence
        raise EntryError(f"It is no entry of a known kind: {said}") from None


def entry_id(body: bytes) -> str:
    """What other entries call it by: its leaf hash."""
    return leaf_hash(body).hex()


def shown(moment: datetime) -> str:
    """A time for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
