"""One round of questions over HTTP, spread evenly over its time, on a few connections that are kept open."""

import asyncio
import json
import time

from examples.fleet.fleet import Fleet

CONNECTIONS = 8
ANSWER_S = 60.0
"""How long an answer may take."""
BEGIN_S = 60.0
"""How long the server may take to be there."""
RETRY_S = 0.5


class PollingError(Exception):
    """The server's answer is none."""


async def poll(fleet: Fleet, host: str, port: int, token: str, round_s: float) -> None:
    """Let every host that is awake ask once, within `round_s` if the server can do that.

    Raises `PollingError` for an answer that is none, `OSError` if there is no server.
    """
    began, awake = time.monotonic(), fleet.awake

    async def connection(number: int) -> None:
        reader, writer = await _connect(host, port)
        try:
            for index in range(number, len(awake), CONNECTIONS):
                await _until(began + round_s * index / len(awake))
                head = f"GET {fleet.question(awake[index])} HTTP/1.1\r\nhost: {host}\r\n"
                writer.write(f"{head}authorization: Bearer {token}\r\n\r\n".encode())
                answer = await asyncio.wait_for(_answer(reader), ANSWER_S)
                fleet.told(awake[index], answer["version"])
        finally:
            writer.close()

    await asyncio.gather(*(connection(number) for number in range(CONNECTIONS)))
    await _until(began + round_s)


async def _connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    end = time.monotonic() + BEGIN_S
    while True:
        try:
            return await asyncio.open_connection(host, port)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(RETRY_S)


async def _until(moment: float) -> None:
    if (left := moment - time.monotonic()) > 0:
        await asyncio.sleep(left)


async def _answer(reader: asyncio.StreamReader) -> dict[str, str]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    if head.split()[1] != "200":
        raise PollingError(f"{head.splitlines()[0]} {body.decode(errors='replace')}")
    answer: dict[str, str] = json.loads(body)
    return answer
