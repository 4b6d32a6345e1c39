"""Owner and access list of a file from its security descriptor. Pure.

Source: [MS-DTYP], "SECURITY_DESCRIPTOR" and "SID".
"""

import hashlib
import struct


def owner(descriptor: bytes) -> str:
    """The owner's SID; empty where it has none."""
    if len(descriptor) < 20:
        return ""
    return _sid(descriptor, struct.unpack_from("<I", descriptor, 4)[0])


def access(descriptor: bytes) -> str:
    """How many entries the access list has, and a digest: it tells one list from another, not what it allows."""
    if len(descriptor) < 20:
        return ""
    at = struct.unpack_from("<I", descriptor, 16)[0]
    entries = struct.unpack_from("<H", descriptor, at + 4)[0] if 20 <= at <= len(descriptor) - 8 else 0
    return f"{entries} access entries, {hashlib.sha256(descriptor).hexdigest()[:12]}"


def _sid(raw: bytes, at: int) -> str:
    if not 20 <= at <= len(raw) - 8:
        return ""
    revision, count = raw[at], raw[at + 1]
    if len(raw) < at + 8 + 4 * count:
        return ""
    parts = struct.unpack_from(f"<{count}I", raw, at + 8)
    return "-".join(map(str, ("S", revision, int.from_bytes(raw[at + 2 : at + 8], "big"), *parts)))
