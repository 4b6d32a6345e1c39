"""`bvt serve` in a process of its own, as tests use it."""

import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.programs import bounded

DEADLINE_S = 60.0
ALL = {"Authorization": "Bearer all"}


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def settings(percent: str = "50 %", *, rule: str = "{}", more: str = "") -> str:
    return f"""
listen: 127.0.0.1:0
assess_every_s: 0.3
rule: {rule}
tokens:
  - {{name: all, sha256: {digest("all")}, scopes: [decide, health, read, halt, metrics]}}
  - {{name: eu, sha256: {digest("eu")}, scopes: [decide]}}
  - {{name: slow, sha256: {digest("slow")}, scopes: [decide], per_s: 0.001}}
  - {{name: reader, sha256: {digest("reader")}, scopes: [read]}}
  - {{name: blind, sha256: {digest("blind")}, scopes: [health]}}
rollouts:
  - {{product: agent, release: agent-7.2.0, version: 7.2.0, baseline: 7.1.0, shares: {{production: {percent}}}{more}}}
  - {{product: spare, release: spare-1.1, version: "1.1", baseline: "1.0", shares: {{production: 100 %}}}}
"""


class Serve:
    """The process, its log as it is written, and its address."""

    def __init__(self, process: "subprocess.Popen[str]", file: Path, workers: int = 2) -> None:
        self.process, self.file, self.log = process, file, list[dict[str, Any]]()
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = str(self.wait("listening")["url"])
        for _ in range(workers):
            self.wait("worker started")

    def end(self) -> None:
        """As a service manager ends it."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(json.loads(line))
        self._lines.put({"event": "closed"})

    def wait(self, event: str) -> dict[str, Any]:
        end = time.monotonic() + DEADLINE_S
        while True:
            said = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            self.log.append(said)
            if said["event"] == event:
                return said
            assert said["event"] != "closed", self.log

    def reload(self, text: str) -> None:
        self.file.write_text(text)
        self.process.send_signal(signal.SIGHUP)

    def decide(self, host: str, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
        query = {"product": "agent", "endpoint": host} | more
        return httpx.get(
            f"{self.url}/v1/decision", params=query, headers={**ALL, **(headers or {})}, timeout=30
        )


@contextmanager
def serving(folder: Path, text: str, workers: int = 2) -> Iterator[Serve]:
    """The server with these settings, until the block ends; its store is below `folder` and outlives it."""
    file = folder / "serve.yaml"
    file.write_text(text)
    argv = [sys.executable, "-m", "harness.cli", "serve", str(file), "--store", str(folder / "store")]
    with bounded(
        subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True)
    ) as process:
        try:
            served = Serve(process, file, workers)
            yield served
            served.end()
        finally:
            if process.poll() is None:  # workers end with their parent, unless that is killed
                os.killpg(process.pid, signal.SIGKILL)
