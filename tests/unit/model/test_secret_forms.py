"""A secret is found again however it was written down."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.secret_forms import SHORTEST, encoded

SECRET = "t0ken-_/+ of 24 letters="


@given(before=st.binary(max_size=40), after=st.binary(max_size=40), wide=st.booleans())
def test_within_any_base64_it_is_found(before: bytes, after: bytes, *, wide: bool) -> None:
    content = before + SECRET.encode("utf-16-le" if wide else "utf-8") + after
    for text in (base64.b64encode(content), base64.urlsafe_b64encode(content)):
        assert any(form in text.decode() for form in encoded(SECRET))


@pytest.mark.parametrize(
    "written", [SECRET, quote(SECRET, safe=""), SECRET.encode().hex(), SECRET.encode().hex().upper()]
)
def test_as_it_is_quoted_and_as_digits_it_is_found(written: str) -> None:
    assert any(form in f"before {written} after" for form in encoded(SECRET))


def test_what_only_resembles_it_is_not_found() -> None:
    near = f"{SECRET[:-1]} {SECRET[1:]} {base64.b64encode(SECRET[:8].encode()).decode()}"
    assert not [form for form in encoded(SECRET) if form in near]


def test_a_text_that_is_found_by_chance_is_no_secret() -> None:
    assert encoded("x" * (SHORTEST - 1)) == ()
