"""What the header of a Windows memory dump says, and what is no such dump."""

import contextlib
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.libvirt.observe.dump_header import HEADER_BYTES, read_windows_dump
from harness.model.errors import InfrastructureError


def header(stop_code: int = 0xD1, machine: int = 0x8664, parameters: tuple[int, ...] = (1, 2, 3, 4)) -> bytes:
    """As QEMU writes it (include/qemu/win_dump_defs.h)."""
    data = bytearray(b"PAGE" * (HEADER_BYTES // 4))  # Windows fills what it does not know with this word
    data[:8] = b"PAGEDU64"
    struct.pack_into("<IIIxxxx4Q", data, 0x30, machine, 2, stop_code, *parameters)
    return bytes(data)


def test_stop_code_and_parameters_are_read(tmp_path: Path) -> None:
    path = tmp_path / "memory.dmp"
    path.write_bytes(header(parameters=(0xFFFFF80112345678, 2, 0, 0xFFFFF80187654321)))
    assert str(read_windows_dump(path)) == (
        "stop code 0x000000D1 (0xFFFFF80112345678, 0x2, 0x0, 0xFFFFF80187654321), 2 processors"
    )


def test_the_dump_of_a_system_that_runs_has_no_stop_code(tmp_path: Path) -> None:
    path = tmp_path / "memory.dmp"
    path.write_bytes(header(stop_code=0x161))
    assert "running system" in str(read_windows_dump(path))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAGEDU64",
        b"PAGEDUMP" + bytes(HEADER_BYTES),
        b"\x7fELF" + bytes(HEADER_BYTES),
        header(machine=0x14C),
    ],
)
def test_another_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "memory.dmp"
    path.write_bytes(data)
    with pytest.raises(InfrastructureError, match=r"memory\.dmp"):
        read_windows_dump(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_dump_or_refused(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(header()[: HEADER_BYTES - len(data)] + data)
        file.flush()
        with contextlib.suppress(InfrastructureError):
            str(read_windows_dump(Path(file.name)))
