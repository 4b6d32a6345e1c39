"""Which crashed programs the script `power` of wine-guest names: those of Wine's own with nobody else's code in them."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import bounded

POWER = Path(__file__).parents[3] / "vm_images" / "wine-guest" / "rootfs" / "usr" / "lib" / "bvt" / "power"
OWN = "c:/windows/system32/conhost.exe\nc:/windows/system32/kernel32.dll\nc:/windows/system32/svchost.exe\n"
SYSTEM = "C:\\windows\\system32"


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Path]:
    """A folder with the script at work in it; what it names stands in `crashed`."""
    script = POWER.read_text().replace("/usr/lib/bvt", str(tmp_path)).replace("/run/bvt", str(tmp_path))
    (tmp_path / "own-programs").write_text(OWN)
    for fifo in ("power", "session"):
        os.mkfifo(tmp_path / fifo)
    environment = os.environ | {"WINEPREFIX": str(tmp_path)}
    with bounded(subprocess.Popen(["sh", "-c", script], env=environment, start_new_session=True)) as running:
        try:
            yield tmp_path
        finally:
            os.killpg(running.pid, 9)


def told(guest: Path, *lines: str) -> list[str]:
    """What is named once these lines, and one that is named for sure, were heard."""
    (guest / "power").write_text("".join(f"crash {line}\n" for line in (*lines, f"{SYSTEM}\\svchost.exe")))
    end = time.monotonic() + 20
    while time.monotonic() < end:
        named = (guest / "crashed").read_text().splitlines() if (guest / "crashed").exists() else []
        if f"{SYSTEM}\\svchost.exe" in named:
            return named[:-1]
        time.sleep(0.02)
    raise AssertionError("the script named nothing")


def test_wines_own_console_is_named(guest: Path) -> None:
    console = f"{SYSTEM}\\conhost.exe"
    assert told(guest, f"{console}|{console}|C:\\Windows\\System32\\KERNEL32.dll") == [console]


@pytest.mark.parametrize(
    "line",
    [
        "C:\\Program Files\\BVT\\agent.exe|C:\\windows\\system32\\kernel32.dll",
        f"{SYSTEM}\\svchost.exe|{SYSTEM}\\kernel32.dll|C:\\Program Files\\BVT\\plugin.dll",
        f"{SYSTEM}\\mine.exe|{SYSTEM}\\kernel32.dll",
        f"\\\\?\\{SYSTEM}\\mine.exe",
        "?",
    ],
)
def test_one_with_somebody_elses_code_in_it_is_not(line: str, guest: Path) -> None:
    assert told(guest, line) == []
