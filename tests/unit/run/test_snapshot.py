"""What counts as there."""

from datetime import UTC, datetime

import pytest

from harness.probe.answers import CrashFile, Service, ServiceByRegistry
from harness.run.snapshot import belongs_to_a_session, crash_name


@pytest.mark.parametrize(("kind", "expected"), [(0x10, False), (0x60, False), (0xD0, True), (0xE0, True)])
def test_only_the_instances_of_per_user_services_belong_to_a_session(kind: int, expected: bool) -> None:
    facts: dict[str, None] = dict.fromkeys(ServiceByRegistry.model_fields)
    registry = ServiceByRegistry.model_validate({**facts, "service_type": kind})
    found = Service(name="CDPUserSvc_3a1f2", manager=None, registry=registry)
    assert belongs_to_a_session(found) is expected


def test_a_crash_file_that_is_written_over_is_a_new_one() -> None:
    first = CrashFile(
        kind="system dump", path="C:\\Windows\\MEMORY.DMP", size=1, modified=datetime(2026, 1, 1, tzinfo=UTC)
    )
    second = first.model_copy(update={"modified": datetime(2026, 1, 2, tzinfo=UTC)})
    assert crash_name(first) == crash_name(first.model_copy(update={"path": "c:\\windows\\memory.dmp"}))
    assert crash_name(first) != crash_name(second)
