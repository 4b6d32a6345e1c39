"""Another host in a machine's network: it takes connections, keeps them, and notes when they came.

It stands outside of the machine, so what it notes is no word of the guest's. `bvt` asks it whether an isolated host
still reaches others.
"""

import asyncio
import contextlib
import os
import socket
import time
from functools import cache
from pathlib import Path

from harness.machines.wine import namespaces, root_view

NFT = "/usr/sbin/nft"


HEARD_BYTES = 1 << 20
"""So much of what is said to it is kept."""


async def start_neighbour(listener: socket.socket, contacts: Path) -> asyncio.Server:
    """Take connections until the server is closed; each is a line in `contacts`, in seconds since the epoch.

    What they carry is put into the file beside it (`words_beside`).
    """
    words, room = words_beside(contacts), HEARD_BYTES

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contacts.open("a") as file:
            file.write(f"{time.time():.3f}\n")
        nonlocal room
        with contextlib.suppress(OSError), contextlib.closing(writer):
            while said := await reader.read(4096):  # the other side ends it
                if room > 0:
                    room -= len(said)
                    with words.open("ab") as file:
                        file.write(said)

    return await asyncio.start_server(met, sock=listener)


def read_contacts(contacts: Path) -> tuple[float, ...]:
    """When the neighbour was reached. None are none."""
    try:
        return tuple(float(line) for line in contacts.read_text().splitlines())
    except FileNotFoundError:
        return ()


def words_beside(contacts: Path) -> Path:
    """Where what was said to the neighbour lies."""
    return contacts.with_name(f"{contacts.name}-words")


def read_words(contacts: Path) -> str:
    """What was said to the neighbour. Nothing is an empty text."""
    try:
        return words_beside(contacts).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


@cache
def filters_packets(image: str) -> bool:
    """Whether a program in a machine of this root image can filter its packets, proven by one that does.

    It takes root on the host and a kernel that has nftables.
    """

    def attempt() -> None:
        namespaces.enter(with_user=False)
        rules = (
            "add table inet bvt; add chain inet bvt out { type filter hook output priority 0; policy drop; }"
        )
        child = root_view.spawn(Path(image), Path("/"), [NFT, rules], {})
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            raise PermissionError("nft sets no rules here")

    return not namespaces.tried(attempt)
