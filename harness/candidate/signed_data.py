"""Whether an Authenticode signature was really made with its signer's key.

osslsigncode stops at a chain that it does not trust, before it looks at the signature itself, so a forged digest under
a test certificate would look intact. OpenSSL checks the signature without the chain, given the bytes that were signed.
Sources: Microsoft's "Windows Authenticode Portable Executable Signature Format"; RFC 2315, section 9 (what of the
content is digested: its value, without tag and length).
"""

import tempfile
from pathlib import Path

from harness.candidate.tool import run_tool

CONTEXT_0 = 0xA0
INTEGER = 0x02
SEQUENCE = 0x30
SET = 0x31
_PE_HEADER = b"\x00\x02\x02\x00"


def signed_by_its_key(path: Path, *, timeout_s: float = 120) -> bool:
    """True if the signature inside the file verifies with the certificate that it names."""
    with tempfile.TemporaryDirectory(prefix="bvt-signature-") as directory:
        der = Path(directory, "signature.der")
        purpose = "checking the signature"
        run_tool(
            "osslsigncode",
            "extract-signature",
            "-in",
            path,
            "-out",
            der,
            needed_for=purpose,
            timeout_s=timeout_s,
        )
        return verifies(bare_signature(der.read_bytes()) if der.exists() else b"", timeout_s=timeout_s)


def verifies(signature: bytes, *, timeout_s: float = 120) -> bool:
    """True if a PKCS #7 SignedData verifies with the certificate that it names. Whom to trust is not judged."""
    signed = signed_content(signature)
    if signed is None:
        return False
    with tempfile.TemporaryDirectory(prefix="bvt-signature-") as directory:
        der, content = Path(directory, "signature.der"), Path(directory, "content")
        der.write_bytes(signature)
        content.write_bytes(signed)
        arguments = ("-verify", "-inform", "DER", "-in", der, "-content", content, "-noverify", "-binary")
        purpose = "checking the signature"
        said = run_tool(
            "openssl", "smime", *arguments, "-out", "/dev/null", needed_for=purpose, timeout_s=timeout_s
        )
        return said.code == 0


def serial_of_signer(der: bytes) -> int | None:
    """The serial number of the certificate that the first signer of a SignedData names; None if this is none.

    RFC 2315, section 9.2: IssuerAndSerialNumber, in the first SignerInfo of the last set.
    """
    try:
        rest = _child(der, SEQUENCE, CONTEXT_0, SEQUENCE)
        signers = b""
        while rest:
            tag, value, rest = _element(rest)
            signers = value if tag == SET else signers
        return int.from_bytes(_child(signers, SEQUENCE, SEQUENCE, INTEGER), signed=True)
    except (IndexError, ValueError):
        return None


def bare_signature(extracted: bytes) -> bytes:
    """What osslsigncode took out of a file, without the header that its version 2.5 (Debian 12) leaves before it.

    Source: "PE Format", attribute certificate table: length, revision 2.0, type PKCS_SIGNED_DATA.
    """
    return extracted[len(_PE_HEADER) + 4 :] if extracted[4 : 4 + len(_PE_HEADER)] == _PE_HEADER else extracted


def signed_content(der: bytes) -> bytes | None:
    """The bytes under the signature of a PKCS #7 SignedData; None if this is none."""
    try:
        signed_data = _child(der, SEQUENCE, CONTEXT_0, SEQUENCE)
        return _element(_child(signed_data, SEQUENCE, CONTEXT_0))[
            1
        ]  # a sequence, or an octet string of plain data
    except (IndexError, ValueError):
        return None


def _child(der: bytes, *tags: int) -> bytes:
    """Go down: at each level the value of the first element with this tag."""
    for tag in tags:
        while True:
            found, value, der_after = _element(der)
            if found == tag:
                der = value
                break
            der = der_after
    return der


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """Tag, value, and what follows. Raises `ValueError` or `IndexError` where it is no definite-length DER."""
    tag, length, start = der[0], der[1], 2
    if length == 0x80:
        raise ValueError("indefinite length is not DER")
    if length > 0x80:
        start += length - 0x80
        length = int.from_bytes(der[2:start], "big")
    if start + length > len(der):
        raise ValueError("the element is cut short")
    return tag, der[start : start + length], der[start + length :]
