"""Keys that sign notes in these tests."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harness.promotion.ledger.note import LOG, NoteSigner, VerifierKey

ORIGIN = "example.com/agent-bvt"


def signer(name: str = ORIGIN, kind: int = LOG) -> NoteSigner:
    private = Ed25519PrivateKey.generate()
    return NoteSigner(VerifierKey(name, kind, private.public_key().public_bytes_raw()), private.sign)
