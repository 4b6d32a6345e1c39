"""What a file holds, also where it is packed: a log that was rotated into gzip, a bundle for support in a ZIP. Pure."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress

GZIP, ZIP = b"\x1f\x8b\x08", b"PK\x03\x04"
MOST_BYTES = 32 << 20
"""Of what one file unpacks to; what comes after it is not looked at."""
MOST_MEMBERS = 500


def unpacked(content: bytes) -> Iterator[bytes]:
    """The content as it is, then what is packed in it. What is damaged or cut off gives what can be read of it."""
    yield content
    if content.startswith(GZIP):
        yield _inflated(content)
    elif content.startswith(ZIP):
        yield from _members(content)


def _inflated(content: bytes) -> bytes:
    found = b""
    while content.startswith(GZIP) and len(found) < MOST_BYTES:
        stream = zlib.decompressobj(wbits=31)
        try:
            found += stream.decompress(content, MOST_BYTES - len(found))
        except zlib.error:
            break
        content = stream.unused_data  # several may follow each other (RFC 1952, 2.2)
    return found


def _members(content: bytes) -> Iterator[bytes]:
    left = MOST_BYTES
    # Encrypted members, methods that Python does not know, a directory that is cut off.
    broken = (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError, OSError)
    with suppress(*broken), zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist()[:MOST_MEMBERS]:
            with archive.open(member) as file:
                found = file.read(left)
            left -= len(found)
            yield found
            if left <= 0:
                return
