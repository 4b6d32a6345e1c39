"""Pages put into QEMU's migration stream, and the hardware UUID that they carry."""

import struct
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.libvirt.clone.hardware_uuid import FORMS, pages_with, places_of
from harness.machines.libvirt.clone.stream import PAGE, read_ram_section, with_pages
from harness.model.errors import InfrastructureError

TEMPLATES, CLONES = UUID("6c7b2c1e-0d0f-5c1b-9a3e-6d0f4b1f7a52"), UUID("11223344-5566-7788-99aa-bbccddeeff00")
BLOCKS = {"/objects/bvtram": 16 * PAGE, "vga.vram": 4 * PAGE, "pc.bios": 2 * PAGE}
REST = b"\x04\x00\x00\x00\x2a\x03cpu and all other devices"


def stream(blocks: dict[str, int] = BLOCKS, number: int = 2, rest: bytes = REST) -> bytes:
    """As QEMU 7.2 writes it with x-ignore-shared, up to the end of what it says of RAM first."""
    head = b"QEVM\x00\x00\x00\x03\x07\x00\x00\x00\x0fpc-i440fx-7.2.0"
    section = struct.pack(">BI", 1, number) + b"\x03ram" + struct.pack(">II", 0, 4)
    listed = b"".join(
        bytes([len(name)]) + name.encode() + struct.pack(">QQ", size, 0) for name, size in blocks.items()
    )
    total = struct.pack(">Q", sum(blocks.values()) | 0x04)
    return head + section + total + listed + struct.pack(">QBI", 0x10, 0x7E, number) + rest


def pages_in(changed: bytes) -> dict[tuple[str, int], bytes]:
    """What QEMU would load from the section that was put in (migration/ram.c, ram_load_precopy)."""
    section = read_ram_section(changed)
    at, block, found = section.end, "", {}
    kind, number = struct.unpack_from(">BI", changed, at)
    assert (kind, number) == (2, section.number)
    at += 5
    while (word := struct.unpack_from(">Q", changed, at)[0]) != 0x10:
        at += 8
        assert word & 0x08
        if not word & 0x20:
            length = changed[at]
            block, at = changed[at + 1 : at + 1 + length].decode(), at + 1 + length
        found[block, word & ~(PAGE - 1)] = changed[at : at + PAGE]
        at += PAGE
    assert struct.unpack_from(">BI", changed, at + 8) == (0x7E, section.number)
    assert changed[at + 13 :] == REST
    return found


@given(st.dictionaries(st.integers(0, 15), st.integers(0, 255), min_size=1))
def test_what_is_put_in_is_what_is_read_and_all_else_stays(contents: dict[int, int]) -> None:
    pages = {PAGE * index: bytes([byte]) * PAGE for index, byte in contents.items()}
    changed = with_pages(stream(), pages)
    assert pages_in(changed) == {("/objects/bvtram", offset): content for offset, content in pages.items()}
    assert changed.startswith(stream(rest=b""))


@given(st.binary(max_size=300))
def test_anything_else_is_refused_in_words(rubbish: bytes) -> None:
    with pytest.raises(InfrastructureError, match="device state"):
        read_ram_section(rubbish)


@pytest.mark.parametrize("cut", [60, 90, 110])
def test_a_stream_that_ends_too_early_is_refused(cut: int) -> None:
    with pytest.raises(InfrastructureError, match="device state"):
        read_ram_section(stream()[:cut])


def test_ram_of_another_name_is_refused_with_what_there_is() -> None:
    with pytest.raises(InfrastructureError, match=r"no RAM called bvtram \(there: pc.ram\)"):
        with_pages(stream({"pc.ram": PAGE}), {0: bytes(PAGE)})


def test_every_copy_of_the_templates_uuid_becomes_the_clones(tmp_path: Path) -> None:
    ram = bytearray(16 * PAGE)
    places = {
        100: "smbios",
        PAGE - 7: "text",
        5 * PAGE: "WIDE TEXT",
        9 * PAGE + 1: "TEXT",
        9 * PAGE + 64: "network",
    }
    for at, form in places.items():
        written = FORMS[form](TEMPLATES)
        ram[at : at + len(written)] = written
    (tmp_path / "ram").write_bytes(ram)
    assert places_of(TEMPLATES, tmp_path / "ram") == places
    pages = pages_with(CLONES, places, tmp_path / "ram")
    assert sorted(pages) == [0, PAGE, 5 * PAGE, 9 * PAGE]  # one of them lies across two pages
    for offset, content in pages.items():
        ram[offset : offset + PAGE] = content
    (tmp_path / "clone").write_bytes(ram)
    assert places_of(CLONES, tmp_path / "clone") == places
    with pytest.raises(InfrastructureError, match="nowhere in its RAM"):
        places_of(TEMPLATES, tmp_path / "clone")


def test_a_uuid_that_stands_everywhere_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "ram").write_bytes(FORMS["text"](TEMPLATES) * 300)
    with pytest.raises(InfrastructureError, match="300 places"):
        places_of(TEMPLATES, tmp_path / "ram")
