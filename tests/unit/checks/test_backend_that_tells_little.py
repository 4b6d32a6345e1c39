"""A check that needs what a backend cannot tell is not applicable, with the reason; one that can be judged is."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness.backend.interface import BackendFeature, Fact
from harness.cell.check import NotApplicable, check_of
from harness.checks import test_check_in as check_in
from harness.checks import test_control as control
from harness.lifecycle.stimulus import Stimulated
from harness.model.profile.backend import ConfigurationPush, ResponseAction, Telemetry


def room(unknown: frozenset[Fact], identity: str = "hostname") -> Any:
    backend = SimpleNamespace(ignorance=lambda fact: f"names no {fact.value}" if fact in unknown else "")
    push = ConfigurationPush(base={}, changed={}, effect_query="q", invalid={"a": "{"}, refusal_contains="x")
    profile = SimpleNamespace(
        check_in=SimpleNamespace(identity=identity),
        configuration=push,
        response_actions={"isolate": ResponseAction(configuration={}, status_contains="x")},
        telemetry={"user": Telemetry(query="q", action="snapshot", columns={"a": "{nonce}"})},
    )
    return SimpleNamespace(backend=backend, profile=profile, candidate=SimpleNamespace(version="2.0"))


TIMELINE: Any = SimpleNamespace(
    arrival=SimpleNamespace(earlier=None),
    endpoint=SimpleNamespace(version="1.0", hostname="other", uuid="u"),
    baseline=SimpleNamespace(version=SimpleNamespace(computer_name="HOST-1", machine_guid="G")),
)


NEVER: Any = None
"""What is not to be asked for."""


@pytest.mark.parametrize(
    ("fact", "ask"),
    [
        (Fact.VERSION, lambda cell: check_in.test_version(cell, TIMELINE)),
        (Fact.HOSTNAME, lambda cell: check_in.test_identity(cell, TIMELINE)),
        (Fact.EVENT_TIME, lambda cell: control.test_configuration_push(cell, TIMELINE, NEVER)),
        (Fact.STATUS_TIME, lambda cell: control.test_configuration_refused(cell, TIMELINE)),
        (Fact.STATUS_TIME, lambda cell: control.test_isolation(cell, TIMELINE)),
        (Fact.ACTION, lambda cell: Stimulated(SimpleNamespace(session=cell)).expect("user")),  # type: ignore[arg-type]
    ],
)
def test_what_the_backend_cannot_tell_is_not_judged(fact: Fact, ask: Callable[[Any], None]) -> None:
    with pytest.raises(NotApplicable, match=f"names no {fact.value}"):
        ask(room(frozenset({fact})))


def test_an_identity_by_uuid_needs_the_uuid() -> None:
    with pytest.raises(NotApplicable, match=r"endpoint\.fields\.uuid"):
        check_in.test_identity(room(frozenset({Fact.UUID}), "uuid"), TIMELINE)


@pytest.mark.parametrize("ask", [check_in.test_version, check_in.test_identity])
def test_what_it_can_tell_is_judged(ask: Callable[[Any, Any], None]) -> None:
    with pytest.raises(AssertionError, match="Expected: "):
        ask(room(frozenset()), TIMELINE)


def test_isolation_is_shown_by_a_heartbeat_too() -> None:
    described = check_of(control.test_isolation_enforced)
    assert described is not None
    assert BackendFeature.HEARTBEAT in described.features
