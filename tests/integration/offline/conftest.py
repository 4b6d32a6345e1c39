"""One dead Windows machine's disk for all tests: GPT, NTFS in a qcow2 base, and an overlay with what changed."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.offline import making

GPT = """label: gpt
start=2048, size=2048, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start=4096, size=8192, type=DE94BBA4-06D1-4D40-A16A-BFD50179D6AC
start=12288, size=32768, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7
"""
SOFTWARE = r"""add Microsoft
cd Microsoft
add Windows NT
cd Windows NT
add CurrentVersion
cd CurrentVersion
setval 4
CurrentBuild
string:22631
UBR
dword:0x1234
Lang
hex:7:65,00,6e,00,00,00,64,00,65,00,00,00,00,00
@
expandstring:%SystemRoot%"""


@dataclass(frozen=True)
class DeadMachine:
    base: Path
    overlay: Path
    dump: bytes


@pytest.fixture(scope="session")
def dead_machine(tmp_path_factory: pytest.TempPathFactory) -> DeadMachine:
    """`base` is the image, `overlay` the machine that crashed."""
    at = tmp_path_factory.mktemp("disk")
    software = making.hive(at / "software", SOFTWARE)
    recovery = making.ntfs(at / "recovery.raw", {"/Recovery/winre.txt": b"re"}, size=4 * making.MIB)
    system = making.ntfs(
        at / "system.raw",
        {
            "/Windows/System32/config/SOFTWARE": software,
            "/Windows/state.txt": b"clean",
            "/ProgramData/Agent/logs/a.log": b"first",
        },
        empty=[f"/Windows/many/file{number:05}.txt" for number in range(300)],
    )
    places = {4096 * 512: recovery, 12288 * 512: system}
    base = making.qcow2(
        at / "base.qcow2", making.partitioned(at / "base.raw", GPT, places, size=32 * making.MIB), "-c"
    )
    dump = b"PAGEDU64" + bytes(range(256)) * 4096
    dirty = software[:4] + (99).to_bytes(4, "little") + software[8:]  # one more change begun than ended
    making.add(
        system,
        {
            "/Windows/MEMORY.DMP": dump,
            "/Windows/state.txt": b"crashed",
            "/ProgramData/Agent/logs/b.log": b"second",
            "/Windows/System32/config/SYSTEM": dirty,
            "/Windows/System32/config/SYSTEM.LOG1": making.base_block(9, 9)[:512],
        },
    )
    changed = making.partitioned(at / "changed.raw", GPT, places, size=32 * making.MIB)
    return DeadMachine(base, making.overlay_of(at / "overlay.qcow2", base, changed), dump)
