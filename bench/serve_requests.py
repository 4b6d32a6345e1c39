"""`bvt serve` with two workers, beside a bare starlette "hello" with two workers, by the same client."""

import asyncio
import hashlib
import json
import os
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvloop

from bench.measure import Result

CONNECTIONS, SECONDS, ROUNDS, HOSTS = 32, 4.0, 5, 20_000
_START_S = 60.0
SETTINGS = """
listen: 127.0.0.1:0
workers: 2
tokens:
  - {{name: bench, sha256: {digest}, scopes: [decide], per_s: 1000000}}
rollouts:
  - {{product: agent, release: agent-7.2.0, version: 7.2.0, baseline: 7.1.0, shares: {{production: 1 %}}}}
"""


@dataclass(frozen=True)
class Load:
    """One round: requests a second, the 99th percentile, and what the server's processes spent on a request."""

    per_s: float
    p99_s: float
    cpu_s: float


def measure() -> Iterable[Result]:
    asked = [
        f"GET /v1/decision?product=agent&endpoint=host-{number}&version=7.1.0 HTTP/1.1\r\nhost: a\r\n"
        f"authorization: Bearer bench\r\n\r\n".encode()
        for number in range(HOSTS)
    ]
    greeted = [b"GET /hello HTTP/1.1\r\nhost: a\r\nauthorization: Bearer bench\r\n\r\n"]
    with _serve() as (process, port), _hello() as (peer, peer_port):
        uvloop.run(_load(port, asked, len(asked) / 2000))  # every host is on record once
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_round(process, port, asked))
            theirs.append(_round(peer, peer_port, greeted))
    rate, peer_rate = (statistics.median(load.per_s for load in loads) for loads in (ours, theirs))
    p99, peer_p99 = (statistics.median(load.p99_s for load in loads) for loads in (ours, theirs))
    cpu, peer_cpu = (statistics.median(load.cpu_s for load in loads) for loads in (ours, theirs))
    name, note = "starlette hello", f"{rate:.0f} requests/s, hello {peer_rate:.0f}: {rate / peer_rate:.0%}"
    yield Result(
        "serve_requests", round(1 / rate, 7), name, round(1 / peer_rate, 7), round(rate / peer_rate, 2), note
    )
    yield Result("serve_p99", round(p99, 5), name, round(peer_p99, 5), round(peer_p99 / p99, 2))
    note = f"processor time of both workers for a request: {cpu * 1e6:.0f} and {peer_cpu * 1e6:.0f} µs"
    yield Result("serve_cpu", round(cpu, 7), name, round(peer_cpu, 7), round(peer_cpu / cpu, 2), note)


def _round(process: psutil.Process, port: int, requests: list[bytes]) -> Load:
    before = _spent(process)
    times = uvloop.run(_load(port, requests, SECONDS))
    return Load(
        len(times) / SECONDS, statistics.quantiles(times, n=100)[98], (_spent(process) - before) / len(times)
    )


async def _load(port: int, requests: list[bytes], seconds: float) -> list[float]:
    """As many clients as there are connections, each with one request at a time. Seconds of every request."""
    end, times = time.perf_counter() + seconds, list[float]()

    async def client(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = first
        while (began := time.perf_counter()) < end:
            writer.write(requests[number % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            at = head.lower().index(b"content-length: ") + 16
            await reader.readexactly(int(head[at : head.index(b"\r", at)]))
            times.append(time.perf_counter() - began)
            number += CONNECTIONS
        writer.close()

    await asyncio.gather(*(client(number) for number in range(CONNECTIONS)))
    return times


def _spent(process: psutil.Process) -> float:
    times = [child.cpu_times() for child in process.children(recursive=True)]
    return sum(each.user + each.system for each in times)


@contextmanager
def _serve() -> Iterator[tuple[psutil.Process, int]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "serve.yaml"
        settings.write_text(SETTINGS.format(digest=hashlib.sha256(b"bench").hexdigest()))
        argv = [sys.executable, "-m", "harness.cli", "serve", str(settings), "--store", folder]
        with _running(argv) as process:
            port = 0
            for line in _lines(process, 3):
                said = json.loads(line)
                if said["event"] == "listening":
                    port = int(said["url"].rpartition(":")[2])
            yield psutil.Process(process.pid), port


@contextmanager
def _hello() -> Iterator[tuple[psutil.Process, int]]:
    with tempfile.TemporaryDirectory():
        argv = [sys.executable, "-m", "uvicorn", "bench.hello:app", "--port", "8479", "--workers", "2"]
        argv += [
            "--loop",
            "uvloop",
            "--http",
            "httptools",
            "--no-access-log",
            "--ws",
            "none",
            "--no-proxy-headers",
        ]
        with _running(argv) as process:
            started = 0
            while started < 2:
                started += "Application startup complete" in next(_lines(process, 1))
            yield psutil.Process(process.pid), 8479


@contextmanager
def _running(argv: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    # Unbuffered: a line that has been read ahead would never be seen by select.
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, bufsize=0, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_START_S)


def _lines(process: "subprocess.Popen[bytes]", count: int) -> Iterator[str]:
    assert process.stderr is not None
    for _ in range(count):
        if not select.select([process.stderr], [], [], _START_S)[0]:
            raise RuntimeError("the server did not start")
        yield process.stderr.readline().decode()
