"""Which events are to tell of a text to its end."""

import pytest

from harness.lifecycle.burst import tells_all
from harness.model.profile.backend import Telemetry


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"cmdline": "~{nonce}"}, True),
        ({"line": "{cmdline}"}, True),
        ({"data": "{data}"}, True),
        ({"pid": "{pid}", "path": "{path}"}, False),
    ],
)
def test_a_text_is_looked_at_to_its_end_only_where_the_profile_names_it(
    columns: dict[str, str], told: bool
) -> None:
    assert tells_all(Telemetry(query="q", columns=columns)) is told


def test_what_is_cut_by_design_is_not_looked_at_to_its_end() -> None:
    assert not tells_all(Telemetry(query="q", columns={"cmdline": "~{nonce}"}, longest=1024))
    assert tells_all(Telemetry(query="q", columns={"cmdline": "~{nonce}"}, longest=8191))


def test_an_event_that_is_not_declared_tells_nothing() -> None:
    assert not tells_all(None)
