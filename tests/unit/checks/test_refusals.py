"""Half a configuration is refused by whoever says that no JSON is."""

import json

import pytest

from harness.checks.test_control import CUT_OFF, refusals
from harness.model.profile.backend import ConfigurationPush

BASE = {"schedule": {"processes": {"query": "SELECT pid FROM processes", "interval": 1}}}


def test_half_a_configuration_is_added_where_the_profile_names_what_is_no_json() -> None:
    push = ConfigurationPush(base=BASE, invalid={"text": "this is not JSON"}, refusal_contains="rejected")
    added = refusals(push)
    assert list(added) == ["text", CUT_OFF]
    assert json.dumps(BASE).startswith(added[CUT_OFF])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(added[CUT_OFF])


@pytest.mark.parametrize("invalid", [{}, {"other": '{"schedule": 1}'}])
def test_it_is_not_where_nobody_says_that_the_agent_reads_json(invalid: dict[str, str]) -> None:
    assert refusals(ConfigurationPush(base=BASE, invalid=invalid, refusal_contains="rejected")) == invalid
