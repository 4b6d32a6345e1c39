"""Files of a guest that its guest agent still reads, while nothing answers over its network."""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

import libvirt

from harness.machines.libvirt.clone.personal import PREFIX
from harness.machines.libvirt.host.qmp import agent, run_in_guest
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError
from harness.model.report import Evidence
from harness.model.substrate import GuestSystem

CHUNK = 512 * 1024
"""Far below the 10 MiB at which a reply kills the channel for good."""
FILE_LIMIT, TOTAL_LIMIT = 4 * 1024 * 1024, 32 * 1024 * 1024
CMD = r"C:\Windows\System32\cmd.exe"
MISSING = "missing.txt"


def save_guest_files(
    domain: libvirt.virDomain, system: GuestSystem, paths: Sequence[str], into: Path, deadline: Deadline
) -> list[Evidence]:
    """Save the guest's files (`*` and `?` in a file's name match several), of each its last 4 MiB.

    `missing.txt` says what could not be had. Never raises for a guest that does not answer.
    """
    into.mkdir(parents=True, exist_ok=True)
    saved: list[Evidence] = []
    notes: list[str] = []
    left = TOTAL_LIMIT
    for path in _matches(domain, system, paths, deadline, notes):
        try:
            deadline.require(f"reading {path}")
            data = read_tail(domain, path, min(FILE_LIMIT, left), deadline)
        except (HarnessError, libvirt.libvirtError) as error:
            notes.append(f"{path}: {error}")
            continue
        left -= len(data)
        saved.append(_save(into, path, data))
    if notes:
        (into / MISSING).write_text("".join(f"{note}\n" for note in notes), encoding="utf-8")
    return saved


def read_tail(domain: libvirt.virDomain, path: str, limit: int, deadline: Deadline) -> bytes:
    """The last `limit` bytes of a file. Raises `libvirtError`, `DeadlineExceeded`.

    Source: "QEMU Guest Agent Protocol Reference".
    """
    handle = agent(domain, "guest-file-open", path=path, mode="rb")
    try:
        size = int(_seek(domain, handle, 0, "end")["position"])
        start = max(0, size - limit)
        _seek(domain, handle, start, "set")
        data = bytearray()
        while len(data) < size - start:
            deadline.require(f"reading {path}")
            count = min(CHUNK, size - start - len(data))
            answer = agent(domain, "guest-file-read", handle=handle, count=count)
            data += base64.b64decode(answer["buf-b64"])
            if answer["eof"] or not answer["count"]:
                break
        return bytes(data)
    finally:
        agent(domain, "guest-file-close", handle=handle)


def _seek(domain: libvirt.virDomain, handle: int, offset: int, whence: str) -> Any:
    return agent(domain, "guest-file-seek", handle=handle, offset=offset, whence=whence)


def _matches(
    domain: libvirt.virDomain,
    system: GuestSystem,
    paths: Sequence[str],
    deadline: Deadline,
    notes: list[str],
) -> list[str]:
    """The files that there are, as the guest's own system names them."""
    try:
        if system is GuestSystem.WINE:
            return _wine_matches(domain, paths, deadline)
        return [match for path in paths for match in _windows_matches(domain, path, deadline)]
    except (HarnessError, libvirt.libvirtError) as error:
        notes.append(f"the files could not be listed: {error}")
        return []


def _wine_matches(domain: libvirt.virDomain, paths: Iterable[str], deadline: Deadline) -> list[str]:
    """In one command, because starting a program is what takes long under emulation."""
    patterns = " ".join(shell_pattern(path) for path in paths if path[:2].upper() == "C:")
    script = f'for f in {patterns}; do [ -f "$f" ] && printf "%s\\n" "$f"; done; :'
    said = run_in_guest(domain, "/bin/sh", "-c", script, deadline=deadline)
    return list(dict.fromkeys(said.output.splitlines()))


def _windows_matches(domain: libvirt.virDomain, path: str, deadline: Deadline) -> list[str]:
    parent, name = str(PureWindowsPath(path).parent), PureWindowsPath(path).name
    if not set(name) & set("*?"):
        return [path]
    said = run_in_guest(domain, CMD, "/d", "/c", "dir", "/b", "/a-d", path, deadline=deadline)
    return [f"{parent}\\{line.strip()}" for line in said.output.splitlines() if line.strip()]


def shell_pattern(path: str) -> str:
    r"""A path of drive C: as a shell's pattern on wine-guest's own disk, where names have upper and lower case."""
    parts = [PREFIX, "drive_c", *PureWindowsPath(path).parts[1:]]
    return "/".join([parts[0], parts[1], *(_any_case(part) for part in parts[2:])])


def _any_case(name: str) -> str:
    return "".join(
        f"[{character.lower()}{character.upper()}]"
        if character.isascii() and character.isalpha()
        else character
        if character in "*?" or character.isalnum()
        else f"\\{character}"
        for character in name
    )


def _save(into: Path, path: str, data: bytes) -> Evidence:
    name = re.sub(r"[^A-Za-z0-9_.\-]", "_", PureWindowsPath(path).name)[:100]
    target, number = into / name, 1
    while target.exists():
        number += 1
        target = into / f"{number}-{name}"
    target.write_bytes(data)
    return Evidence(
        path=target.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        what=f"{path}, read by the guest agent",
    )
