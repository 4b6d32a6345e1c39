"""Proves that guests really execute under KVM, by running one.

A `/dev/kvm` that opens and creates virtual machines may still hang an ordinary guest (nested virtualisation
with missing pieces). So a 64 KiB boot ROM walks the road that every kernel takes, real mode to protected
mode to long mode, computes something there, and hands the result to QEMU's debug-exit device, whose exit
code is the proof (Intel SDM volume 3, 9.8.5 "Initializing IA-32e Mode"; QEMU `isa-debug-exit`).
"""

import functools
import os
import struct
import subprocess
import tempfile
from pathlib import Path

from harness.machines.libvirt.host.programs import program
from harness.model.base import Frozen
from harness.model.errors import ToolMissing

ROM_SIZE = 64 * 1024
ROM_BASE = 0xFFFF_0000  # the ROM ends at 4 GiB, where the reset vector is
PROOF = 0x2A
EXIT_CODE = PROOF * 2 + 1  # isa-debug-exit exits with (value << 1) | 1
DEADLINE_S = 2.0
SPINS = 100_000


class AccelerationProof(Frozen):
    """What came of running the test guest."""

    ran: bool
    reason: str


def long_mode_rom() -> bytes:
    """The boot ROM: code at its start, descriptor table at 0x800, reset vector 16 bytes before its end."""
    gdt_offset = 0x800
    protected_offset, long_offset = 0x40, 0xC0
    real = bytes.fromhex("fa")  # cli
    real += bytes.fromhex("662e0f0116") + struct.pack("<H", gdt_offset + 0x40)  # lgdt cs:[pointer]
    real += bytes.fromhex("0f20c0 0c01 0f22c0")  # cr0 |= PE
    real += bytes.fromhex("66ea") + struct.pack("<IH", ROM_BASE + protected_offset, 0x08)  # ljmp 32-bit code
    protected = bytes.fromhex("66b81000 8ed8")  # ds = flat data
    for address, entry in (
        (0x1000, 0x2003),  # level 4, first entry: table at 0x2000
        (0x2018, 0x3003),  # level 3, fourth GiB: directory at 0x3000
        (0x3FF8, 0xFFE0_0083),  # the last 2 MiB below 4 GiB, as one large page: this ROM
    ):
        protected += bytes.fromhex("c705") + struct.pack("<II", address, entry)  # mov dword [address], entry
    protected += bytes.fromhex("b820000000 0f22e0")  # cr4 = PAE
    protected += bytes.fromhex("b800100000 0f22d8")  # cr3 = 0x1000
    protected += bytes.fromhex("b9800000c0 0f32 0d00010000 0f30")  # EFER |= LME
    protected += bytes.fromhex("0f20c0 0d00000080 0f22c0")  # cr0 |= PG
    protected += bytes.fromhex("ea") + struct.pack("<IH", ROM_BASE + long_offset, 0x18)  # ljmp 64-bit code
    spin = bytes.fromhex("b9") + struct.pack("<I", SPINS) + bytes.fromhex("ffc9 75fc")  # dec ecx; jnz
    answer = bytes.fromhex("48b8") + struct.pack("<Q", PROOF << 32) + bytes.fromhex("48c1e820")  # rax >>= 32
    leave = bytes.fromhex("e6f4 f4 ebfd")  # out 0xf4, al; hlt; jmp to hlt
    gdt = struct.pack(
        "<4Q",
        0,
        0x00CF_9A00_0000_FFFF,  # 0x08: 32-bit code
        0x00CF_9200_0000_FFFF,  # 0x10: data
        0x00AF_9A00_0000_FFFF,  # 0x18: 64-bit code
    )
    rom = bytearray(ROM_SIZE)
    for offset, content in (
        (0, real),
        (protected_offset, protected),
        (long_offset, spin + answer + leave),
        (gdt_offset, gdt),
        (gdt_offset + 0x40, struct.pack("<HI", len(gdt) - 1, ROM_BASE + gdt_offset)),
        (
            ROM_SIZE - 16,
            b"\xe9" + struct.pack("<H", (-(ROM_SIZE - 16 + 3)) & 0xFFFF),
        ),  # jmp to the ROM's start
    ):
        rom[offset : offset + len(content)] = content
    return bytes(rom)


def executes(accelerator: str, deadline_s: float = DEADLINE_S) -> AccelerationProof:
    """Whether a guest reaches long mode under `accelerator` ("kvm", "tcg") in time, and why not."""
    with tempfile.TemporaryDirectory(prefix="bvt-rom-") as directory:
        rom = Path(directory, "proof.rom")
        rom.write_bytes(long_mode_rom())
        command = [program("qemu-system-x86_64"), "-accel", accelerator, "-machine", "pc", "-m", "16"]
        command += ["-cpu", "host" if accelerator == "kvm" else "qemu64", "-nodefaults", "-display", "none"]
        command += ["-bios", str(rom), "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-no-reboot"]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline_s, check=False
            )
        except subprocess.TimeoutExpired:
            return AccelerationProof(
                ran=False, reason=f"a test guest hung under {accelerator} for {deadline_s:g} s"
            )
    if done.returncode == EXIT_CODE:
        return AccelerationProof(ran=True, reason=f"a test guest ran in long mode under {accelerator}")
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return AccelerationProof(
        ran=False, reason=f"a test guest ended with {done.returncode}: {said[-1] if said else 'no message'}"
    )


@functools.cache
def prove_kvm(device: Path = Path("/dev/kvm")) -> AccelerationProof:
    """Whether guests of this machine run under KVM; tried once per process."""
    if not device.exists():
        return AccelerationProof(ran=False, reason=f"{device} does not exist")
    if not os.access(device, os.R_OK | os.W_OK):
        return AccelerationProof(ran=False, reason=f"{device} is not open to this user")
    try:
        return executes("kvm")
    except ToolMissing as missing:
        return AccelerationProof(ran=False, reason=str(missing))
