"""Authenticode signatures by osslsigncode, on the host: Wine's own verifier accepts any authority."""

import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from harness.candidate.pe import signature_blocks, with_first_signature_only
from harness.candidate.signed_data import signed_by_its_key
from harness.candidate.tool import run_tool
from harness.model.candidate import Signature

NEXT_SIGNATURE = re.compile(r"^Signature Index:.*$", re.MULTILINE)
ESCAPED = re.compile(r"\\x[0-9A-Fa-f]{2}|.", re.DOTALL)
APPENDED = "a signature that was appended, which is not verified"
UNSTAMPED = "Timestamp is not available"
ENDS = re.compile(r"^\s*notAfter\s*:\s*(\S.*\S) GMT\s*$", re.MULTILINE)
ENDS_FORM = "%b %d %H:%M:%S %Y"
ABSENT = ("no signature found", "has no signature")


def read_signature(path: Path, *, timeout_s: float = 120) -> Signature:
    """The file's Authenticode signature.

    Intact means that the digest in the signature is the file's, and that the signature over it was made with the
    key of the certificate it names. Whom to trust is not judged here: a release candidate may still carry a test
    certificate; subject and issuer say which.
    """
    appended = signature_blocks(path) - 1
    if appended < 1:
        return _read(path, timeout_s)
    with tempfile.TemporaryDirectory(
        prefix="bvt-signature-"
    ) as folder:  # osslsigncode takes only one for a signature
        copy = Path(folder, "first.exe")
        with_first_signature_only(path, copy)
        first = _read(copy, timeout_s)
    return first.model_copy(update={"further": (*first.further, *[APPENDED] * appended)})


def _read(path: Path, timeout_s: float) -> Signature:
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
    first, *nested = [
        part.partition("Signer's certificate:")[2] for part in NEXT_SIGNATURE.split(text) if "Signer" in part
    ] or [""]
    return Signature(
        present=True,
        intact=bool(calculated) and "MISMATCH" not in text,
        subject=_name("Subject", first),
        issuer=_name("Issuer", first),
        digest_algorithm=algorithm,
        lapsed=_lapsed(first),
        further=tuple(_name("Subject", each) for each in nested),
    )


def _lapsed(text: str) -> str:
    """When the first signer's certificate ended, where it has and nobody says that the signature is older."""
    ends = ENDS.search(text)
    if ends is None or UNSTAMPED not in text:
        return ""
    try:
        moment = datetime.strptime(ends[1], ENDS_FORM).replace(tzinfo=UTC)
    except ValueError:
        return ""
    return f"{moment:%Y-%m-%d}" if moment < datetime.now(UTC) else ""


def readable_name(name: str) -> str:
    r"""A name as OpenSSL prints it on one line, its bytes as characters: `/CN=M\xC3\xBCller` is `/CN=Müller`.

    The bytes are UTF-8, UTF-16 (BMPString) or Latin-1 (T61String), each attribute by itself.
    """
    return "".join(_readable(part) for part in re.split(r"(?=/[A-Za-z0-9.]+=)", name))


def _readable(part: str) -> str:
    if "\\x" not in part:
        return part
    key, equals, value = part.partition("=")
    raw = b"".join(
        bytes([int(each[2:], 16)]) if len(each) == 4 else each.encode() for each in ESCAPED.findall(value)
    )
    try:
        text = raw.decode("utf-16-be") if b"\0" in raw else raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return key + equals + text


def _name(which: str, text: str) -> str:
    return readable_name(_first(rf"^\s*{which}\s*:\s*(.+?)\s*$", text))


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.M)
    return found.group(1) if found else ""
