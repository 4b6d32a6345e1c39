"""What is packed in a file is looked into, and what is damaged breaks nothing."""

import gzip
import io
import zipfile

import pytest

from harness.residue.disclosed import as_bytes, held
from harness.residue.unpacked import unpacked

SECRET = "s3cret-of-this-run"
FORMS = as_bytes([SECRET])


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "nothing")
        archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_packed_log_and_a_bundle_are_looked_into(encoding: str) -> None:
    text = f"the key is {SECRET}, ".encode(encoding) * 3
    for content in (gzip.compress(text), gzip.compress(b"x") + gzip.compress(text), zipped("b.log", text)):
        assert SECRET.encode(encoding) not in content
        assert held(content, FORMS) == {SECRET}


def test_what_is_not_packed_is_one_part() -> None:
    assert list(unpacked(b"plain")) == [b"plain"]
    assert held(b"plain", FORMS) == set()


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b\x08",
        gzip.compress(b"cut off" * 100)[:30],
        b"\x1f\x8b\x08" + b"\xff" * 50,
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\xff" * 50,
        zipped("a", b"x" * 100)[:-10],
    ],
    # Packed content holds the time: names made of it would differ between processes.
    ids=["head", "cut off", "no stream", "mark", "no member", "no directory"],
)
def test_what_is_damaged_gives_what_can_be_read(content: bytes) -> None:
    assert next(iter(unpacked(content))) == content
    assert held(content, FORMS) == set()
