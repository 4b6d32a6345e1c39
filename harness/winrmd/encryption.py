"""The multipart/encrypted body of an NTLM-sealed message (MS-WSMV 2.2.9.1)."""

import re
import struct
from typing import Protocol

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
MEDIA_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
OVERHEAD = 1024
"""More than sealing adds to a message, in bytes."""

_BOUNDARY = b"--Encrypted Boundary"
_LENGTH = re.compile(
    rb"OriginalContent:\s*type=([^;\r\n]+);\s*charset=([^;\r\n]+);\s*Length=(\d{1,10})", re.I
)
_PAYLOAD = b"Content-Type: application/octet-stream\r\n"


class Sealer(Protocol):
    """What message encryption needs of a security context."""

    def seal(self, message: bytes) -> tuple[bytes, bytes]:
        """Signature and sealed message."""
        ...

    def unseal(self, signature: bytes, sealed: bytes) -> bytes:
        """The message; raises `Unreadable` if it is not what the peer sealed."""
        ...


class Unreadable(ValueError):
    """A body that is not a sealed message, or not one of this connection."""


def is_encrypted(content_type: str) -> bool:
    """True for the content type of a sealed message."""
    return content_type.lower().startswith("multipart/encrypted")


def split(body: bytes) -> tuple[int, bytes, bytes]:
    """Announced length, signature and sealed message of an encrypted body; raises `Unreadable`."""
    if not body.startswith(_BOUNDARY):
        raise Unreadable("no boundary at the start")
    head, boundary, rest = body[len(_BOUNDARY) :].partition(_BOUNDARY + b"\r\n")
    announced = _LENGTH.search(head)
    if not boundary or announced is None:
        raise Unreadable("no OriginalContent with a length")
    rest = rest.lstrip(b"\t ")
    if not rest.startswith(_PAYLOAD):
        raise Unreadable("no application/octet-stream part")
    payload = rest[len(_PAYLOAD) :]
    end = payload.rfind(_BOUNDARY + b"--")
    if end < 4:
        raise Unreadable("no boundary at the end")
    payload = payload[:end]
    size: int = struct.unpack("<i", payload[:4])[0]
    if not 0 < size <= min(len(payload) - 4, 64):
        raise Unreadable("a signature of impossible length")
    return int(announced.group(3)), payload[4 : 4 + size], payload[4 + size :]


def decrypt(body: bytes, context: Sealer) -> bytes:
    """The message inside an encrypted body; raises `Unreadable`."""
    announced, signature, sealed = split(body)
    message = context.unseal(signature, sealed)
    if len(message) != announced:
        raise Unreadable("a length other than announced")
    return message


def encrypt(message: bytes, context: Sealer) -> bytes:
    """The encrypted body that carries the message."""
    signature, sealed = context.seal(message)
    return b"".join(
        (
            _BOUNDARY,
            f"\r\n\tContent-Type: {PROTOCOL}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;"
            f"Length={len(message)}\r\n".encode(),
            _BOUNDARY,
            b"\r\n\t",
            _PAYLOAD,
            struct.pack("<i", len(signature)),
            signature,
            sealed,
            _BOUNDARY,
            b"--\r\n",
        )
    )
