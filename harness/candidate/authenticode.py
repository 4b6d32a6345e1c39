"""Authenticode signatures by osslsigncode, on the host: Wine's own verifier accepts any authority."""

import re
from pathlib import Path

from harness.candidate.signed_data import signed_by_its_key
from harness.candidate.tool import run_tool
from harness.model.candidate import Signature

ABSENT = ("no signature found", "has no signature")


def read_signature(path: Path, *, timeout_s: float = 120) -> Signature:
    """The file's Authenticode signature.

    Intact means that the digest in the signature is the file's, and that the signature over it was made with the
    key of the certificate it names. Whom to trust is not judged here: a release candidate may still carry a test
    certificate; subject and issuer say which.
    """
    said = run_tool(
        "osslsigncode", "verify", "-in", path, needed_for="checking the signature", timeout_s=timeout_s
    )
    signature = parse_verification(f"{said.out}\n{said.err}")
    if signature.intact and not signed_by_its_key(path, timeout_s=timeout_s):
        return signature.model_copy(update={"intact": False})
    return signature


def parse_verification(text: str) -> Signature:
    """What `osslsigncode verify` printed, as data. Its exit code mixes trust and integrity: useless here."""
    algorithm = _first(r"^\s*Message digest algorithm\s*:\s*(\S+)", text)
    if not algorithm or any(words in text.lower() for words in ABSENT):
        return Signature(present=False)
    calculated = re.findall(
        r"^\s*Calculated (?:message digest|DigitalSignature|MsiDigitalSignatureEx)\s*:.*$", text, re.M
    )
    signer = text.partition("Signer's certificate:")[2]
    return Signature(
        present=True,
        intact=bool(calculated) and "MISMATCH" not in text,
        subject=_first(r"^\s*Subject\s*:\s*(.+?)\s*$", signer),
        issuer=_first(r"^\s*Issuer\s*:\s*(.+?)\s*$", signer),
        digest_algorithm=algorithm,
    )


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.M)
    return found.group(1) if found else ""
