"""When two names are one machine's, and what a Windows version looks like."""

import pytest

from harness.checks.test_check_in import SYSTEM_VERSION, same_host


@pytest.mark.parametrize(
    ("stated", "name", "expected"),
    [
        ("HOST-1", "host-1", True),
        ("host-1.corp.example", "HOST-1", True),
        ("ALONGERNAMETHAN", "alongernamethanfifteen", True),
        ("localhost", "host-1", False),
        ("host-10", "host-1", False),
        ("", "host-1", False),
        ("host-1.other", "host-1.corp", True),
    ],
)
def test_a_name_may_have_a_domain_or_be_cut_to_fifteen_characters(
    stated: str, name: str, expected: bool
) -> None:
    assert same_host(stated, name) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.26100", ("10", "0", "26100")),
        ("10.0.26100.1742", ("10", "0", "26100")),
        ("6.2.9200", ("6", "2", "9200")),
        ("Windows 11", None),
        ("11", None),
        ("10.0.19045x", None),
    ],
)
def test_only_three_numbers_are_a_version_that_can_be_compared(
    text: str, expected: tuple[str, ...] | None
) -> None:
    found = SYSTEM_VERSION.match(text)
    assert (found and found.groups()) == expected
