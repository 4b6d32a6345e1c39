"""The query of a decision."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.rollout.decision import Endpoint
from harness.server.limits import Bucket
from harness.server.questions import WrongQuestion, read_question

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(
    st.builds(
        Endpoint,
        text,
        version=text,
        ring=text,
        opted_in=st.booleans(),
        safe_mode=st.booleans(),
        utc_offset_min=st.integers(-900, 900),
    ),
    text,
)
def test_what_a_client_writes_is_what_the_server_reads(endpoint: Endpoint, product: str) -> None:
    asked = {
        "product": product,
        "endpoint": endpoint.id,
        "version": endpoint.version,
        "ring": endpoint.ring,
        "opted_in": int(endpoint.opted_in),
        "safe_mode": int(endpoint.safe_mode),
        "utc_offset_min": endpoint.utc_offset_min,
    }
    assert read_question(urlencode(asked).encode()) == (product, endpoint)


@given(st.binary(max_size=80))
def test_whatever_comes_is_read_or_refused(query: bytes) -> None:
    try:
        read_question(query)
    except WrongQuestion as error:
        assert str(error).endswith(".")  # noqa: PT017 - it may also be read


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (b"", "unknown parameter"),
        (b"product=a", "endpoint is missing"),
        (b"product=a&endpoint=", "endpoint is missing"),
        (b"product=a&endpoint=" + b"x" * 201, "longer than 200"),
        (b"product=a&endpoint=b&endpoint=c", "given twice"),
        (b"product=a&endpoint=b&rign=beta", "unknown parameter 'rign'"),
        (b"product=a&endpoint=b&opted_in=yes", "opted_in is 'yes'"),
        (b"product=a&endpoint=b&utc_offset_min=901", "-900 to 900"),
        (b"product=a&endpoint=b&utc_offset_min=1.5", "-900 to 900"),
        (b"product=a&endpoint=b&utc_offset_min=--5", "-900 to 900"),
        (b"product=a&endpoint=%ff", "not well formed"),
        (b"product=a&endpoint=\xff", "not well formed"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(query: bytes, words: str) -> None:
    with pytest.raises(WrongQuestion, match=words):
        read_question(query)


def test_a_bucket_lets_through_what_the_rate_allows_and_says_how_long_to_wait() -> None:
    now = [0.0]
    bucket = Bucket(2.0, lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 0.5]
    now[0] = 0.5
    assert [bucket.take() for _ in range(2)] == [0.0, 0.5]
    now[0] = 100.0
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 0.5]
