"""`bvt serve` with a ledger: what the ledger lets out reaches hosts, without a word to the server."""

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.server.running import DEADLINE_S, Serve, serving
from tests.unit.promotion.world import AGENT, PEOPLE, World

SETTINGS = """
listen: 127.0.0.1:0
assess_every_s: 0.5
ledger: {ledger}
tokens: [{{name: all, sha256: "{digest}", scopes: [decide]}}]
rollouts:
  - {{product: agent, release: agent-7.2.0, version: 7.2.0, baseline: 7.1.0, candidate: "{candidate}"}}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is such a place: syncing a busy disk takes long."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as path:
        yield Path(path)


def test_a_promotion_reaches_hosts_and_a_halt_in_the_ledger_stops_it(folder: Path) -> None:
    world = World(folder)
    digest = hashlib.sha256(b"all").hexdigest()
    text = SETTINGS.format(ledger=folder / "ledger.db", digest=digest, candidate=AGENT.sha256)
    with serving(folder, text) as served:
        assert _asked(served, "internal")["reason"] == "the release has not reached its ring"
        world.in_internal()
        assert _until(served, "version", "7.2.0", "a")["reason"] == "selected"
        assert _asked(served, "production")["version"] == "7.1.0"
        world.promotion.halt(AGENT.sha256, "internal", PEOPLE["ann"], "smoke")
        # Each worker reads the ledger for itself, so one may not know of the release yet.
        _until(served, "reason", "the release is halted", "b")


def _asked(served: Serve, ring: str, host: str = "x") -> dict[str, Any]:
    answer: dict[str, Any] = served.decide(host, ring=ring).json()
    return answer


def _until(served: Serve, key: str, value: str, host: str) -> dict[str, Any]:
    end, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while (found := _asked(served, "internal", host))[key] != value:
        assert time.monotonic() < end, found
        pause.wait(0.05)
    return found
