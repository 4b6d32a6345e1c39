"""What counts as there."""

from datetime import UTC, datetime

import pytest

from harness.probe.answers.services import Service, ServiceByRegistry
from harness.probe.answers.system import CrashFile, PendingRename
from harness.residue.snapshot import belongs_to_a_session, crash_name, only_tidies


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


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("C:\\Windows\\Temp\\~nsuA.tmp\\Un_A.exe", None, True),
        ("\\??\\C:\\Users\\a b\\AppData\\Local\\Temp\\Au_.exe", "", True),
        ("C:\\users\\root\\Temp\\Au_.exe", None, True),
        ("C:\\Windows\\Temp\\x.tmp", "C:\\Windows\\System32\\drivers\\x.sys", False),
        ("C:\\Program Files\\Agent\\Temp\\x.exe", None, False),
        ("C:\\Windows\\Temp", None, False),
    ],
)
def test_a_copy_in_a_temporary_folder_that_the_next_boot_deletes_is_nobodys_residue(
    source: str, target: str | None, expected: bool
) -> None:
    assert only_tidies(PendingRename(source=source, target=target)) is expected
