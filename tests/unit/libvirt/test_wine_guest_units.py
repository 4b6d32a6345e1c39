"""The units of wine-guest: none is given up before whoever waits for the guest gives up, and none fails unheard."""

import re
from pathlib import Path

import pytest

from harness.machines.libvirt.image.recipe import recipe_directory

SYSTEMD = recipe_directory("wine-guest") / "rootfs" / "etc" / "systemd"
UNITS = sorted((SYSTEMD / "system").glob("*.service"))
LEAST_S = 300
"""An emulated guest on a busy host has needed more for its first program."""
AWAITED = ("bvt-wine.service", "bvt-winrm.service")


@pytest.mark.parametrize("path", [*UNITS, *SYSTEMD.glob("system.conf.d/*.conf")], ids=lambda path: path.name)
def test_no_unit_is_given_up_on_because_its_host_is_busy(path: Path) -> None:
    times = re.findall(r"^\w*Timeout\w*Sec=(\S+)$", path.read_text(), re.M)
    assert all(time == "infinity" or int(time) >= LEAST_S for time in times)


def test_what_has_no_time_of_its_own_has_the_default_that_is_set() -> None:
    settings = (SYSTEMD / "system.conf.d" / "bvt.conf").read_text()
    assert {"DefaultTimeoutStartSec", "DefaultTimeoutStopSec", "DefaultDeviceTimeoutSec"} <= set(
        re.findall(r"^(\w+)=", settings, re.M)
    )


@pytest.mark.parametrize("name", AWAITED)
def test_what_is_waited_for_says_when_it_failed(name: str) -> None:
    unit = (SYSTEMD / "system" / name).read_text()
    assert "\nOnFailure=bvt-failed@%n.service\n" in unit
    assert (SYSTEMD / "system" / "bvt-failed@.service").is_file()
