"""Puts Wine's services into session 0, where Windows has them since Vista; programs of users stay in session 1.

Services ask: Go's `svc.IsWindowsService` and .NET's `WindowsServiceHelpers` want a parent `services.exe` in session 0.
Wine has all processes in session 1 and no way to change it: wineserver gives a first process a token of session 1,
later ones inherit a copy, and `NtSetInformationToken(TokenSessionId)` is a stub (server/token.c, server/process.c,
dlls/ntdll/unix/security.c of Wine 8.0 and 10.0). Yet wineserver is made for a session 0: all its directories are there.

So one number is written where wineserver keeps it: into the token of the program that starts the services, before it
has started any (session.c, which waits for that). All else is inheritance, Wine's own. Nothing is written unless
exactly one record in wineserver's memory looks in every part as it must. Why so: docs/decisions/0010.

Imports little: in the emulated guest of vm_images/wine-guest each module costs a boot part of a second.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator

BOOTER_IMAGE = "\\??\\C:\\windows\\system32\\wineboot.exe"
"""What ntdll starts when a Wine begins (`run_wineboot`): session.c lies there."""
SESSION_OF_ALL = 1
"""Wine's `default_session_id`."""
_libc = ctypes.CDLL(None, use_errno=True)
_libc.process_vm_writev.restype = ctypes.c_ssize_t
_libc.process_vm_writev.argtypes = (
    *(ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong),
    *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong),
)
_AMD64 = 0x8664


class Memory:
    """What a process may write to and no file stands behind: addresses and contents."""

    def __init__(self, areas: Iterable[tuple[int, bytes]]) -> None:
        self.areas = tuple(areas)

    def at(self, address: int, layout: str) -> tuple[int, ...] | None:
        """The numbers of that `struct` layout at an address; None if they are not all there."""
        for start, content in self.areas:
            if start <= address and address + struct.calcsize(layout) <= start + len(content):
                return struct.unpack_from(layout, content, address - start)
        return None

    def find(self, wanted: bytes) -> Iterator[int]:
        """Every address of these bytes."""
        for start, content in self.areas:
            place = content.find(wanted)
            while place >= 0:
                yield start + place
                place = content.find(wanted, place + 1)


# Offsets in struct process (server/process.h) and struct token (server/token.c): the same in Wine 8.0 and 10.0, 64-bit.
_PROCESS = "=I4xQqH2xi"  # session_id, sigkill_timeout, sigkill_delay, machine, unix_pid
_PROCESS_AT, _IMAGE_LENGTH_AT, _IMAGE_AT, _TOKEN_AT = 152, 228, 232, 352
_PRIMARY_AT, _SESSION_AT = 144, 148  # one after the other


def session_of_booter(memory: Memory) -> int | None:
    """Where in wineserver's memory the session of `BOOTER_IMAGE`'s token is; None unless there is exactly one.

    One is a record of a process with that image, of that length, for the host's own machine, in session 1, with a
    live process id and a primary token of session 1.
    """
    image = BOOTER_IMAGE.encode("utf-16-le")
    found = set()
    for name in memory.find(image):
        for pointer in memory.find(struct.pack("=Q", name)):
            record = pointer - _IMAGE_AT
            process = memory.at(record + _PROCESS_AT, _PROCESS)
            length = memory.at(record + _IMAGE_LENGTH_AT, "=I")
            token = memory.at(record + _TOKEN_AT, "=Q")
            if process is None or length is None or token is None:
                continue
            session, _, _, machine, pid = process
            if (session, machine, length[0]) != (SESSION_OF_ALL, _AMD64, len(image)) or pid <= 0:
                continue
            if memory.at(token[0] + _PRIMARY_AT, "=II") == (1, SESSION_OF_ALL):
                found.add(token[0] + _SESSION_AT)
    return found.pop() if len(found) == 1 else None


def open_session_0(wineserver: int) -> None:
    """Give the program that boots Wine a token of session 0. Raises `OSError` if it cannot be done, saying why."""
    place = session_of_booter(Memory(_areas(wineserver)))
    if place is None:
        raise OSError("wineserver's record of its boot does not look as in Wine 8.0 and 10.0")
    _write(wineserver, place, struct.pack("=I", 0))


def _areas(process: int) -> Iterator[tuple[int, bytes]]:
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory, open(f"/proc/{process}/maps") as maps:  # noqa: PTH123
        for line in maps:
            addresses, rights, _, _, inode = line.split()[:5]
            if rights == "rw-p" and inode == "0":
                start, end = (int(address, 16) for address in addresses.split("-"))
                yield start, os.pread(memory.fileno(), end - start, start)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _write(process: int, address: int, data: bytes) -> None:
    """Write into another process: process_vm_writev(2), because a machine's init has /proc read-only."""
    ours = _Vector(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data))
    theirs = _Vector(address, len(data))
    if _libc.process_vm_writev(process, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) != len(data):
        error = ctypes.get_errno()
        raise OSError(error, f"process_vm_writev: {os.strerror(error)}")


if __name__ == "__main__":  # in a virtual machine, where no init of ours runs (vm_images/wine-guest)
    open_session_0(int(sys.argv[1]))
