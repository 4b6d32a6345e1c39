"""Entries that are made past the service, as somebody makes them who has a key or writes the database."""

from typing import Any

from securesystemslib.signer import CryptoSigner

from harness.promotion.entries import Approval, What, signed
from tests.unit.promotion.world import AGENT, PEOPLE, World


def approval(
    world: World, asked: str, by: str = "ann", signer: CryptoSigner | None = None, **changes: Any
) -> bytes:
    fields: dict[str, Any] = {
        "by": by,
        "at": world.at,
        "request": asked,
        "what": What.PROMOTE,
        "candidate": AGENT.sha256,
        "tier": "beta",
    }
    return signed(Approval(**(fields | changes)), signer or PEOPLE[by])


def put_in(world: World, *bodies: bytes) -> None:
    """By hand, past every rule: what somebody does who may write the database."""
    with world.ledger.writing() as writer:
        writer.append(bodies)
