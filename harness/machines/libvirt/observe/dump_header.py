"""The header of a complete memory dump of 64-bit Windows: whether it is one, and the stop code in it.

Source: QEMU's include/qemu/win_dump_defs.h (WinDumpHeader64); Microsoft, "Bug check code reference".
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from harness.model.errors import InfrastructureError

ELF_MAGIC = b"\x7fELF"
SIGNATURE = b"PAGEDU64"
HEADER_BYTES = 0x2000
AMD64 = 0x8664
LIVE = 0x161
"""LIVE_SYSTEM_DUMP: what is written where nothing crashed."""
_MACHINE = struct.Struct("<III4x4Q")  # type of machine, processors, stop code, its four parameters
_MACHINE_AT = 0x30


@dataclass(frozen=True)
class WindowsDump:
    """What the header says."""

    processors: int
    stop_code: int
    parameters: tuple[int, ...]

    def __str__(self) -> str:
        if self.stop_code == LIVE:
            return f"of a running system with {self.processors} processors"
        said = ", ".join(f"0x{each:X}" for each in self.parameters)
        return f"stop code 0x{self.stop_code:08X} ({said}), {self.processors} processors"


def read_windows_dump(path: Path) -> WindowsDump:
    """The header of the file. Raises `InfrastructureError` if it is no such dump, `OSError`."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if header[: len(SIGNATURE)] != SIGNATURE or len(header) < HEADER_BYTES:
        raise InfrastructureError(f"{path.name} does not begin as a dump of 64-bit Windows does.")
    machine, processors, stop_code, *parameters = _MACHINE.unpack_from(header, _MACHINE_AT)
    if machine != AMD64:
        raise InfrastructureError(f"{path.name} is a dump of another processor's Windows (0x{machine:x}).")
    return WindowsDump(processors, stop_code, tuple(parameters))
