"""A log of 16 MB beside another agent's polls: the longest wait of a poll, against reading the log in the loop."""

import json
import sqlite3
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.measure import Result, result
from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import Authority, make_authority
from harness.backend.embedded.server import TlsServer
from harness.backend.embedded.wire import BODY_LIMIT
from harness.backend.interface import Enrolment

RUNS = 3
POLL_S = 0.005


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as scratch:
        authority = make_authority(Path(scratch) / "authority")
        waits: dict[str, list[float]] = {"ours": [], "loop": []}
        whole: dict[str, list[float]] = {"ours": [], "loop": []}
        for run in range(RUNS):
            for side, serving in (("ours", _ours), ("loop", _in_the_loop)):
                with serving(authority, Path(scratch) / f"{side}-{run}.sqlite") as (url, log_key, poll_key):
                    worst, taken = _beside(url, authority.ca_pem, log_key, poll_key)
                    waits[side].append(worst)
                    whole[side].append(taken)
        note = f"the longest of the polls beside one log of {BODY_LIMIT / 1e6:.1f} MB; {RUNS} runs, medians"
        yield result("backend_log", waits["ours"], "read and stored in the loop", waits["loop"], note)
        note = "until the log itself is answered"
        yield result("backend_log_answer", whole["ours"], "read and stored in the loop", whole["loop"], note)


def log_of(size: int, node_key: str) -> bytes:
    """A result log of this many bytes, in event form as osquery sends it."""
    entry = {
        "name": "processes",
        "hostIdentifier": "H",
        "calendarTime": "Mon May  2 22:27:32 2016 UTC",
        "unixTime": 1462228052,
        "epoch": 0,
        "counter": 1,
        "numerics": False,
        "decorations": {"host_uuid": "4C4C"},
        "columns": {
            "pid": "1000",
            "path": r"C:\Windows\System32\svchost.exe",
            "cmdline": "svchost.exe -k netsvcs",
        },
        "action": "added",
    }
    number = size // (len(json.dumps(entry)) + 2) - 2
    body = json.dumps({"node_key": node_key, "log_type": "result", "data": [entry] * number})
    assert len(body) <= size
    return body.encode()


def _beside(url: str, ca_pem: str, log_key: str, poll_key: str) -> tuple[float, float]:
    """Send the log, and poll until it is answered: the longest wait of a poll, the log's own."""
    trusted, log = ssl.create_default_context(cadata=ca_pem), log_of(BODY_LIMIT, log_key)
    taken: list[float] = []

    def send() -> None:
        with httpx.Client(base_url=url, verify=trusted, timeout=120) as client:
            began = time.perf_counter()
            client.post("/log", content=log).raise_for_status()
            taken.append(time.perf_counter() - began)

    worst = 0.0
    with httpx.Client(base_url=url, verify=trusted, timeout=120) as client:
        poll = {"node_key": poll_key}
        client.post("/distributed/read", json=poll).raise_for_status()
        sending = threading.Thread(target=send)
        sending.start()
        while sending.is_alive():
            began = time.perf_counter()
            client.post("/distributed/read", json=poll).raise_for_status()
            worst = max(worst, time.perf_counter() - began)
            time.sleep(POLL_S)
        sending.join()
    return worst, taken[0]


Served = tuple[str, str, str]


@contextmanager
def _ours(authority: Authority, database: Path) -> Iterator[Served]:
    backend = EmbeddedBackend(authority, database)
    try:
        url = f"https://{backend.address}"
        log_key = _enrolled(url, backend.admit("log", None))
        yield url, log_key, _enrolled(url, backend.admit("poll", None))
    finally:
        backend.close()


def _enrolled(url: str, enrolment: Enrolment) -> str:
    trusted = ssl.create_default_context(cadata=enrolment.ca_pem)
    body = {"enroll_secret": enrolment.secret, "host_identifier": "H"}
    return str(httpx.post(f"{url}/enroll", json=body, verify=trusted).json()["node_key"])


@contextmanager
def _in_the_loop(authority: Authority, database: Path) -> Iterator[Served]:
    """The straightforward server: JSON read where it arrives, one row of the table for each event."""
    store = sqlite3.connect(database, check_same_thread=False)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=OFF")
    store.execute("CREATE TABLE event (number INTEGER PRIMARY KEY, query, action, body)")

    async def log(request: Request) -> JSONResponse:
        entries = json.loads(await request.body())["data"]
        with store:
            store.executemany(
                "INSERT INTO event (query, action, body) VALUES (?, ?, ?)",
                ((entry["name"], entry["action"], json.dumps(entry)) for entry in entries),
            )
        return JSONResponse({"node_invalid": False})

    async def read(request: Request) -> JSONResponse:
        await request.json()
        return JSONResponse({"queries": {}, "node_invalid": False})

    routes = [Route("/log", log, methods=["POST"]), Route("/distributed/read", read, methods=["POST"])]
    ignore: Callable[[str], None] = lambda _: None  # noqa: E731
    server = TlsServer(authority, "127.0.0.1:0", ignore)
    server.start(Starlette(routes=routes))
    try:
        yield f"https://{server.address}", "k", "k"
    finally:
        server.stop()
        store.close()
