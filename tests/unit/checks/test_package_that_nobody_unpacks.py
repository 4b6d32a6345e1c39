"""A package that cannot be unpacked is one reason: what looks into it is blocked by the failure that it caused."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.check import Blocked
from harness.checks import test_install_payload as checks
from harness.model.errors import ConfigurationError
from harness.model.report import Outcome

LOOKS = [checks.test_payload_signatures, checks.test_payload_complete]


def cell(**outcomes: Outcome) -> Any:
    named = {f"install.{name}": outcome for name, outcome in outcomes.items()}
    return SimpleNamespace(run=None, recorder=SimpleNamespace(outcomes=named))


@pytest.fixture(autouse=True)
def damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def payload_of(_: object) -> None:
        raise ConfigurationError("The cabinet agent.cab cannot be unpacked.")

    monkeypatch.setattr(checks, "payload_of", payload_of)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("failed", ["package_intact", "exit_code"])
def test_it_is_blocked_by_what_failed_for_it(look: Callable[[Any], None], failed: str) -> None:
    with pytest.raises(Blocked, match=rf"blocked by install\.{failed}: The cabinet agent\.cab") as held:
        look(cell(**{failed: Outcome.FAILED}))
    assert held.value.by == f"install.{failed}"


@pytest.mark.parametrize("look", LOOKS)
def test_where_nothing_failed_for_it_it_is_said_by_itself(look: Callable[[Any], None]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be unpacked"):
        look(cell(exit_code=Outcome.PASSED))
