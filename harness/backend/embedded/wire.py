"""How bodies of the osquery TLS remote API are written: compression, JSON, text. Pure; anything else is `Malformed`.

What real agents are known to send is read and noted, never refused: a refused log is sent again and again, and with
it everything behind it. So one byte that is not UTF-8 becomes U+FFFD, and an empty string stands for an empty list or
object (osquery 2.x wrote its JSON with Boost's property trees, which know no other empty thing; Go writes null).

Source: osquery documentation, "Remote settings" (TLS remote API) and "Logging" (result and status log forms).
"""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a body, before and after decompression."""

MENDED = "\N{REPLACEMENT CHARACTER}"

_SURROGATE = re.compile("[\ud800-\udfff]")


class Malformed(Exception):
    """A request that is not of the API; `str()` says what was wrong with it."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def inflate(body: bytes, encoding: str, limit: int = BODY_LIMIT) -> bytes:
    """The body with its `Content-Encoding` undone. Raises `Malformed` if it cannot be or is too large.

    A gzip file may have several members (RFC 1952, section 2.2), and zeros after the last. `deflate` is meant to be
    zlib's format (RFC 9110, section 8.4.1.2), but some clients send it bare.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Malformed(f"unknown content encoding {encoding!r}", status=415)
    try:
        try:
            return _inflate(
                body, name, zlib.MAX_WBITS | 32, limit
            )  # 32: gzip or zlib header, whichever is there
        except zlib.error:
            if name != "deflate":
                raise
            return _inflate(body, name, -zlib.MAX_WBITS, limit)
    except zlib.error as error:
        raise Malformed(f"body is not {name}: {error}") from error


def _inflate(body: bytes, name: str, window: int, limit: int) -> bytes:
    parts, size, rest = [], 0, body
    while True:
        inflater = zlib.decompressobj(wbits=window)
        parts.append(inflater.decompress(rest, limit + 1 - size))
        size += len(parts[-1])
        if size > limit:
            raise Malformed(f"body is larger than {limit} bytes", status=413)
        if not inflater.eof:
            raise Malformed(f"{name} body is cut off")
        rest = inflater.unused_data.lstrip(b"\0")
        if not rest:
            return b"".join(parts)


def parse_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object. Raises `Malformed`.

    Bytes that are not UTF-8 are kept as lone surrogates, which `storable` mends where they stand.
    """
    try:
        document = json.loads(_decoded(body), parse_constant=_no_constant)
    except RecursionError as error:
        raise Malformed("body is nested too deeply") from error
    except ValueError as error:
        raise Malformed(f"body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Malformed(f"body is not a JSON object but {type(document).__name__}")
    return document


def _decoded(body: bytes) -> str:
    encoding = json.detect_encoding(body)  # UTF-8, with or without its mark; UTF-16 and 32 by their zeros
    return body.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "strict")


def storable(text: str) -> str:
    """`text`, the same object, if it is Unicode; else with U+FFFD for each lone surrogate.

    JSON allows them as escapes, but UTF-8 and SQLite cannot hold them.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(MENDED, text)
    return text


def note_of(mended: list[str]) -> str:
    """What is said of a row whose fields `mended` were not Unicode text; empty if there are none."""
    return f"not Unicode text, mended with U+FFFD: {', '.join(mended)}" if mended else ""


def text_of(document: Mapping[str, Any], key: str) -> str:
    """A required string. Raises `Malformed`."""
    value = document.get(key)
    if not isinstance(value, str):
        raise Malformed(f"{key} is missing" if value is None else f"{key} is not a string")
    return storable(value)


def table_of(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An object; absent, null or an empty string is an empty one. Raises `Malformed`."""
    value = document.get(key)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{key} is not an object")
    return value


def rows_of(value: object, what: str) -> list[Any]:
    """A list; null or an empty string is an empty one. Raises `Malformed`."""
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise Malformed(f"{what} is not an array")
    return value


def columns_of(value: object, what: str) -> tuple[dict[str, str], str]:
    """A row's columns as text, and the note on what had to be mended. Raises `Malformed`."""
    if value == "":
        return {}, ""
    if not isinstance(value, dict):
        raise Malformed(f"columns of {what} are not an object")
    columns, mended = {}, []
    for name, cell in value.items():
        known, text = storable(name), as_text(cell)
        columns[known] = clean = storable(text)
        if known is not name or clean is not text:
            mended.append(known)
    return columns, note_of(mended)


def as_text(value: object) -> str:
    """A value as text: osquery sends strings, or numbers with `logger_numerics`; extensions send whatever they like."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def integer_of(value: object, what: str) -> int:
    """A number, which may come as text. Raises `Malformed`."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Malformed(f"{what} is not a number")
    try:
        number = int(value)
    except ValueError as error:
        raise Malformed(f"{what} is not a number") from error
    if abs(number) >= 2**63:
        raise Malformed(f"{what} is out of range")
    return number


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
