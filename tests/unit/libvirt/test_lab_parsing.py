"""What QEMU and libvirt hand back, and what the guest is told."""

import struct
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.libvirt.clone.clone import forwarded_port
from harness.machines.libvirt.clone.personal import (
    Person,
    registry_lines,
    wine_environment,
    winrm_configuration,
)
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.machines.libvirt.observe.evidence import ppm_to_png
from harness.machines.libvirt.options import CloneMethod, pool_options
from harness.machines.wine_prefix.identity import Identity
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.matrix import Pool
from harness.model.substrate import GuestSystem, Substrate
from harness.model.windows import WindowsVersion
from harness.winrmd.config import config_from

USERNET = """Hub -1 (bvtnet):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[HOST_FORWARD]  12       127.0.0.1 33061       10.0.2.15  5986     0     0
"""
WINDOWS = WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=26100)


def test_the_forwarded_port_is_read_from_qemus_listing() -> None:
    assert forwarded_port(USERNET) == 33061


@given(st.text())
def test_a_listing_without_a_port_is_an_infrastructure_error(text: str) -> None:
    if "HOST_FORWARD" not in text:
        with pytest.raises(InfrastructureError):
            forwarded_port(text)


def test_a_screen_becomes_a_png() -> None:
    png = ppm_to_png(b"P6\n# made by QEMU\n2 1\n255\n" + bytes([1, 2, 3, 4, 5, 6]))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (2, 1)
    length = struct.unpack(">I", png[33:37])[0]
    assert zlib.decompress(png[41 : 41 + length]) == b"\0" + bytes([1, 2, 3, 4, 5, 6])


@given(st.binary())
def test_no_picture_data_breaks_the_converter(data: bytes) -> None:
    for picture in (data, b"P6\n" + data, b"P6\n2 2\n255\n" + data):
        try:
            assert ppm_to_png(picture).startswith(b"\x89PNG")
        except ValueError:
            continue


def test_the_guest_is_told_the_cells_version_and_name() -> None:
    lines = registry_lines(WINDOWS, Identity("BVT-1", "guid"), "D:\\")
    key = "Software\\Microsoft\\Windows NT\\CurrentVersion"
    assert f"M\tS\t{key}\tCurrentBuild\t26100" in lines
    assert f"M\tD\t{key}\tCurrentMajorVersionNumber\t10" in lines
    assert any(line.startswith("M\tX\t") for line in lines)
    assert any("ActiveComputerName\tComputerName\tBVT-1" in line for line in lines)
    assert "U\tX\tSoftware\\Wine\tVersion\t" in lines
    assert all(line.count("\t") == 4 for line in lines)


def test_a_value_that_would_break_the_line_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="tab or line break"):
        registry_lines(WINDOWS, Identity("A\tB", "guid"), "D:\\")


def test_the_winrm_servers_configuration_is_one_that_it_accepts() -> None:
    manifest = ImageManifest(
        name="wine-guest",
        guest_system=GuestSystem.WINE,
        recipe_digest="a" * 64,
        built=datetime(2026, 1, 1, tzinfo=UTC),
        files={},
        hardware=Hardware(),
        winrm=WinRMEndpoint(port=5986, username="bvt", tls=True),
    )
    person = Person.new("bvt-0123456789")
    configuration = config_from(winrm_configuration(manifest, person))
    assert configuration.users == {"bvt": person.password.get_secret_value()}
    assert person.password.get_secret_value() not in repr(person)
    assert wine_environment()["WINEDLLOVERRIDES"] == "mscoree,mshtml=;winemenubuilder.exe=d"


def test_every_person_is_another() -> None:
    one, two = Person.new("bvt-1"), Person.new("bvt-2")
    assert one.password != two.password
    assert one.key != two.key
    assert one.identity.machine_guid != two.identity.machine_guid


def pool(**options: object) -> Pool:
    return Pool(provider="libvirt", substrates=(Substrate.TCG,), options=options)


def test_options_say_which_clone_methods_are_tried() -> None:
    assert pool_options(pool()).methods == (CloneMethod.RAM, CloneMethod.STATE, CloneMethod.BOOT)
    assert pool_options(pool(clone="boot")).methods == (CloneMethod.BOOT,)


@pytest.mark.parametrize("options", [{"clone": "magic"}, {"unknown": 1}, {"template_deadline_s": 0}])
def test_wrong_options_are_named(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=f"options.{next(iter(options))}"):
        pool_options(pool(**options))
