"""What the doctor says of what is left over."""

from harness.cli.doctor import left_over_findings
from harness.machines.cleaning import Cleaned, Outcome


def left(kind: str, size: int = 0) -> Cleaned:
    return Cleaned(kind=kind, name="n", reason="r", outcome=Outcome.FOUND, size=size)


def test_nothing_left_over_is_well() -> None:
    assert [(each.ok, each.detail, each.remedy) for each in left_over_findings([], "/home")] == [
        (True, "none in /home", "")
    ] * 2


def test_machines_and_the_rest_are_counted_apart_with_their_size_and_the_way_to_remove_them() -> None:
    found = [left("machine"), left("template", 300 << 20), left("record", 5)]
    machines, rest = left_over_findings(found, "/home")
    assert (machines.ok, machines.detail) == (False, "1 in /home")
    assert (rest.ok, rest.detail, rest.required) == (False, "2 in /home, 300 MiB", False)
    assert "bvt clean" in rest.remedy
