"""What counts as there."""

import pytest

from harness.probe.answers import Service, ServiceByRegistry
from harness.run.snapshot import belongs_to_a_session


@pytest.mark.parametrize(("kind", "expected"), [(0x10, False), (0x60, False), (0xD0, True), (0xE0, True)])
def test_only_the_instances_of_per_user_services_belong_to_a_session(kind: int, expected: bool) -> None:
    facts: dict[str, None] = dict.fromkeys(ServiceByRegistry.model_fields)
    registry = ServiceByRegistry.model_validate({**facts, "service_type": kind})
    found = Service(name="CDPUserSvc_3a1f2", manager=None, registry=registry)
    assert belongs_to_a_session(found) is expected
