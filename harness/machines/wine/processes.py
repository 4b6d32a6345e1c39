"""Which processes belong to a prefix: all that were started with its WINEPREFIX in their environment."""

import os
import signal
import time
from pathlib import Path

PROC = Path("/proc")


def holders(prefix: Path) -> dict[int, str]:
    """Process id to command line of whatever has this WINEPREFIX, in any process namespace below ours."""
    wanted = b"WINEPREFIX=" + os.fsencode(prefix)
    found = {}
    for entry in os.scandir(PROC):
        if not entry.name.isdigit():
            continue
        try:
            variables = Path(entry.path, "environ").read_bytes().split(b"\0")
            if wanted in variables:
                line = Path(entry.path, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(entry.name)] = line.strip()
        except OSError:
            continue  # it ended, or it belongs to another user
    return found


def end_all(prefix: Path, *, within_s: float) -> list[str]:
    """Kill every process of the prefix and wait until none is left; the command lines of those killed.

    Raises `TimeoutError` naming the survivors.
    """
    deadline = time.monotonic() + within_s
    killed: dict[int, str] = {}
    pause = 0.002
    while found := holders(prefix):
        for pid, line in found.items():
            killed.setdefault(pid, line)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise TimeoutError(f"these processes survive SIGKILL: {found}")
        time.sleep(pause)
        pause = min(0.05, pause * 2)
    return list(killed.values())


def server_directory(prefix: Path) -> Path:
    """Where upstream's wineserver puts the socket of a prefix (server/request.c)."""
    facts = prefix.stat()
    return Path(f"/tmp/.wine-{os.getuid()}", _server_name(facts))  # noqa: S108


def server_socket(prefix: Path, temporary: Path) -> Path:
    """The socket itself: Debian's wineserver makes a directory in `temporary` and names it in `<prefix>/wineserver`."""
    try:
        named = (prefix / "wineserver").read_text().strip()
    except OSError:
        return server_directory(prefix) / "socket"
    return temporary / named / _server_name(prefix.stat()) / "socket"


def _server_name(facts: os.stat_result) -> str:
    return f"server-{facts.st_dev:x}-{facts.st_ino:x}"
