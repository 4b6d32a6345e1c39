"""Another host in a machine's network notes who reaches it, and keeps what it took until the other side ends it."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from harness.machines.wine.neighbour import read_contacts, read_words, start_neighbour

ENDS_S = 20


def test_who_was_never_reached_has_noted_nobody(tmp_path: Path) -> None:
    assert read_contacts(tmp_path / "contacts") == ()


def test_each_connection_is_noted_and_kept(tmp_path: Path) -> None:
    contacts, began = tmp_path / "contacts", time.time()

    async def meet_twice() -> bool:
        listener = socket.create_server(("127.0.0.1", 0))
        async with await start_neighbour(listener, contacts):
            for _ in range(2):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(b"anybody there?")
                with pytest.raises(TimeoutError):  # it says nothing, and does not hang up
                    await asyncio.wait_for(reader.read(1), 0.1)
                writer.write_eof()
                ended = await asyncio.wait_for(reader.read(1), ENDS_S) == b""
                writer.close()
        return ended

    assert asyncio.run(meet_twice())
    noted = read_contacts(contacts)
    assert len(noted) == 2
    assert read_words(contacts) == 2 * "anybody there?"
    assert read_words(tmp_path / "nobody") == ""
    assert began - 0.001 <= noted[0] <= noted[1] <= time.time()
