"""What is no disk that is read here is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.offline.foreign import CONVERTED, HEAD_BYTES, OTHERS, PACKED, foreign_format


@pytest.mark.parametrize(
    ("offset", "sign", "name"), [*CONVERTED, *PACKED, *OTHERS], ids=lambda given: str(given)[:20]
)
def test_every_sign_is_found(offset: int, sign: bytes, name: str) -> None:
    found = foreign_format((bytes(offset) + sign).ljust(HEAD_BYTES, b"\0"))
    assert found is not None
    assert found[0] == name
    assert offset + len(sign) <= HEAD_BYTES


@pytest.mark.parametrize(
    "head", [b"QFI\xfb\0\0\0\x03", b"QFI\xfb\0\0\0\x02", b"vhdxfile", b"", b"\xeb\x52\x90NTFS    "]
)
def test_a_disk_that_is_read_here_has_none(head: bytes) -> None:
    assert foreign_format(head) is None


@given(st.binary(max_size=600))
def test_any_bytes_have_an_answer(head: bytes) -> None:
    found = foreign_format(head)
    assert found is None or all(found)
