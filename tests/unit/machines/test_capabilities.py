"""What docs/providers.md says that each provider can do is what its classes offer."""

import re
from pathlib import Path

import pytest

from harness.machines import capabilities, disused, room
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.provider import LibvirtProvider
from harness.machines.wine.machine import WineMachine
from harness.machines.wine.provider import WineProvider

PAGE = Path(__file__).parents[3] / "docs" / "providers.md"
ROW = re.compile(r"^\| `(\w+)`[^|]*\| (machine|provider) \| (yes|no) \| (yes|no) \|", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))
CLASSES = {"machine": (WineMachine, LibvirtMachine), "provider": (WineProvider, LibvirtProvider)}
PROTOCOLS = {
    name: value
    for module in (capabilities, disused, room)
    for name, value in vars(module).items()
    if getattr(value, "_is_runtime_protocol", False)
}


def test_every_capability_has_its_row() -> None:
    assert {name for name, *_ in ROWS} == set(PROTOCOLS)


@pytest.mark.parametrize(("name", "owner", "wine", "libvirt"), ROWS)
def test_a_row_says_what_the_classes_offer(name: str, owner: str, wine: str, libvirt: str) -> None:
    offered = tuple("yes" if issubclass(kind, PROTOCOLS[name]) else "no" for kind in CLASSES[owner])
    assert offered == (wine, libvirt)
