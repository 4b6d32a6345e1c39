"""QEMU's migration stream: where pages of RAM may be put in (QEMU: docs/devel/migration.rst, migration/ram.c).

A clone's RAM is its template's. What must differ before its guest runs for the first time is sent as pages in the
stream of device state, as if the template had sent them: no debugger, no rights over QEMU's process, and it reaches
what the guest may not write, such as the firmware's own tables.
"""

import re
import struct
from collections.abc import Mapping

from harness.machines.libvirt.clone.domain_xml import MEMORY_ID
from harness.model.base import Frozen
from harness.model.errors import InfrastructureError

PAGE = 4096
"""Bytes: TARGET_PAGE_SIZE on x86."""
_RAM_START = re.compile(rb"\x01(?P<id>.{4})\x03ram\x00{4}\x00\x00\x00\x04", re.DOTALL)
"""QEMU_VM_SECTION_START, its number, its name, instance 0, version 4."""
_SECTION_PART, _FOOTER = 0x02, 0x7E
_MEM_SIZE, _PAGE_FOLLOWS, _END, _SAME_BLOCK = 0x04, 0x08, 0x10, 0x20
_FLAGS = PAGE - 1


class RamSection(Frozen):
    """What the stream says of RAM at its beginning."""

    number: int
    blocks: dict[str, int]
    """Size in bytes by name."""
    end: int
    """Where it ends: pages may be put in here."""


def read_ram_section(stream: bytes) -> RamSection:
    """The stream's beginning of RAM, of a QEMU that left shared RAM out.

    Raises `InfrastructureError` for a stream of another form.
    """
    found = _RAM_START.search(stream)
    if found is None:
        raise InfrastructureError(
            "QEMU's device state has no section for RAM of the form that is known here."
        )
    try:
        return _read(stream, found)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise InfrastructureError("QEMU's device state ends within its section for RAM.") from error


def _read(stream: bytes, found: "re.Match[bytes]") -> RamSection:
    number, at = int.from_bytes(found["id"], "big"), found.end()
    (size,) = struct.unpack_from(">Q", stream, at)
    if size & _FLAGS != _MEM_SIZE:
        raise InfrastructureError(
            "QEMU's device state does not begin its RAM with the blocks that there are."
        )
    left, at, blocks = size & ~_FLAGS, at + 8, {}
    while left > 0:
        length = stream[at]
        name = stream[at + 1 : at + 1 + length].decode("ascii")
        at += 1 + length
        (blocks[name], _address) = struct.unpack_from(">QQ", stream, at)
        left -= blocks[name]
        at += 16
    end, footer, again = struct.unpack_from(">QBI", stream, at)
    if (left, end, footer, again) != (0, _END, _FOOTER, number):
        raise InfrastructureError("QEMU's device state describes its RAM in a way that is not known here.")
    return RamSection(number=number, blocks=blocks, end=at + 13)


def with_pages(stream: bytes, pages: Mapping[int, bytes], memory: str = MEMORY_ID) -> bytes:
    """The stream with these pages put in, by their offset in the RAM that `memory` names.

    Raises `InfrastructureError`.
    """
    section = read_ram_section(stream)
    # QEMU gives the whole path of an object, or its last word alone, depending on the kind of machine.
    block = next((name for name in section.blocks if name.rpartition("/")[2] == memory), None)
    if block is None:
        known = ", ".join(sorted(section.blocks))
        raise InfrastructureError(f"QEMU's device state knows no RAM called {memory} (there: {known}).")
    parts = [struct.pack(">BI", _SECTION_PART, section.number)]
    for index, (offset, content) in enumerate(sorted(pages.items())):
        if offset % PAGE or len(content) != PAGE or not 0 <= offset < section.blocks[block]:
            raise ValueError(f"no page of {block}: {len(content)} bytes at {offset}")
        name = b"" if index else bytes([len(block)]) + block.encode("ascii")
        parts += [struct.pack(">Q", offset | _PAGE_FOLLOWS | (_SAME_BLOCK if index else 0)), name, content]
    parts.append(struct.pack(">QBI", _END, _FOOTER, section.number))
    return stream[: section.end] + b"".join(parts) + stream[section.end :]
