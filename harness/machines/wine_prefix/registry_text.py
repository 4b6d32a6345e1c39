r"""Edits Wine's registry files as bytes, before wineserver reads them.

A clone gets its Windows version and identity this way: a few milliseconds on the host instead of one `wine
reg` process per value. The format is what wineserver's `save_branch` writes: sections `[Escaped\\Key] time`,
values `"name"=data`, long data continued by a backslash at the end of the line, everything outside ASCII
escaped as `\xNNNN`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

HEADER = b"WINE REGISTRY Version 2"


@dataclass(frozen=True)
class SetValue:
    """Write one value: text becomes REG_SZ, a number REG_DWORD. The key is made if it is not there."""

    key: str
    name: str
    data: str | int


@dataclass(frozen=True)
class DeleteValue:
    """Remove one value; nothing happens if it is not there."""

    key: str
    name: str


RegistryEdit = SetValue | DeleteValue


def edit(text: bytes, edits: Iterable[RegistryEdit]) -> bytes:
    """The registry file with the edits made in order; all other bytes stay as they are.

    Raises `ValueError` if `text` is not a Wine registry file or a name holds a NUL.
    """
    if not text.startswith(HEADER):
        raise ValueError("this is not a Wine registry file")
    by_key: dict[str, list[RegistryEdit]] = {}
    for change in edits:
        by_key.setdefault(change.key.lower(), []).append(change)
    # The file is large and few of its keys change: each is looked for once, and the file is copied once.
    changed: list[tuple[int, int, bytes]] = []
    added = b""
    for changes in by_key.values():
        section = _section(text, changes[0].key)
        start, end = section or (0, 0)
        body = text[start:end]
        for change in changes:
            body = _edit_section(body, change)
        if section is not None:
            changed.append((start, end, body))
        elif body:
            added += b"\n[" + _escape(changes[0].key, b"[]") + b"] 0\n" + body
    pieces, at = [], 0
    for start, end, body in sorted(changed):
        pieces += [text[at:start], body]
        at = end
    pieces.append(text[at:])
    whole = b"".join(pieces)
    return whole.rstrip(b"\n") + b"\n" + added if added else whole


def read_value(text: bytes, key: str, name: str) -> str | int | None:
    """A REG_SZ or REG_DWORD value; None if there is none or it has another type."""
    section = _section(text, key)
    found = _value(text, section, name) if section else None
    if found is None:
        return None
    data = text[found[0] : found[1]].rstrip(b"\n")[len(_quoted_name(name)) + 1 :]
    if data.startswith(b"dword:"):
        return int(data[6:], 16)
    if data.startswith(b'"') and data.endswith(b'"'):
        return unescape(data[1:-1])
    return None


def _edit_section(body: bytes, change: RegistryEdit) -> bytes:
    """The lines of one key with one edit made."""
    found = _value(body, (0, len(body)), change.name)
    if isinstance(change, DeleteValue):
        return body if found is None else body[: found[0]] + body[found[1] :]
    start, end = found or (len(body), len(body))
    before = body[:start]
    if before and not before.endswith(b"\n"):  # the file's last line
        before += b"\n"
    return before + _line(change) + body[end:]


def _section(text: bytes, key: str) -> tuple[int, int] | None:
    """First and past-the-last byte of the lines under a key's heading; case is ignored, as in Windows."""
    heading = b"\n[" + _escape(key, b"[]") + b"]"
    at = text.find(heading)
    if at < 0:
        at = text.lower().find(heading.lower())
    if at < 0:
        return None
    newline = text.find(b"\n", at + 1)
    if newline < 0:
        return None
    start = newline + 1
    if text.startswith(b"[", start):
        return start, start
    following = text.find(b"\n[", start - 1)
    end = len(text) if following < 0 else following + 1
    while text[start:end].endswith(b"\n\n"):
        end -= 1
    return start, max(start, end if text[start:end].strip() else start)


def _value(text: bytes, section: tuple[int, int], name: str) -> tuple[int, int] | None:
    """First and past-the-last byte of a value's lines, continuation lines included."""
    wanted = _quoted_name(name).lower() + b"="
    at = section[0]
    while at < section[1]:
        end = at
        while True:
            newline = text.find(b"\n", end, section[1])
            end = section[1] if newline < 0 else newline + 1
            if newline < 0 or not text[at:newline].endswith(b"\\"):
                break
        if text[at : at + len(wanted)].lower() == wanted:
            return at, end
        at = end
    return None


def _quoted_name(name: str) -> bytes:
    return b'"' + _escape(name, b'"') + b'"' if name else b"@"


def _line(change: SetValue) -> bytes:
    if isinstance(change.data, int):
        return _quoted_name(change.name) + b"=dword:%08x\n" % change.data
    return _quoted_name(change.name) + b'="' + _escape(change.data, b'"') + b'"\n'


def _escape(text: str, special: bytes) -> bytes:
    if "\0" in text:
        raise ValueError("a registry name or value cannot hold a NUL character")
    out = bytearray()
    encoded = text.encode("utf-16-le", "surrogatepass")
    for unit in (int.from_bytes(encoded[i : i + 2], "little") for i in range(0, len(encoded), 2)):
        if unit > 126 or unit < 32:
            out += b"\\x%04x" % unit
        elif unit == 0x5C or unit in special:
            out += bytes((0x5C, unit))
        else:
            out.append(unit)
    return bytes(out)


_LETTERS = {ord("a"): 7, ord("b"): 8, ord("e"): 27, ord("f"): 12, ord("n"): 10, ord("r"): 13, ord("t"): 9}


def unescape(data: bytes) -> str:
    """The text that a registry file writes so."""
    units: list[int] = []
    at = 0
    while at < len(data):
        byte = data[at]
        at += 1
        if byte != 0x5C or at >= len(data):
            units.append(byte)
            continue
        escaped = data[at]
        at += 1
        if escaped == ord("x"):
            digits = 0
            while digits < 4 and at + digits < len(data) and data[at + digits] in b"0123456789abcdefABCDEF":
                digits += 1
            units.append(int(data[at : at + digits], 16) if digits else escaped)
            at += digits
        else:
            units.append(_LETTERS.get(escaped, escaped))
    return b"".join(unit.to_bytes(2, "little") for unit in units).decode("utf-16-le", "surrogatepass")
