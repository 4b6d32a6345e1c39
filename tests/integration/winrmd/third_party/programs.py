"""Clients that are programs of their own: the command goes in as JSON, and so does come out what became of it."""

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.integration.winrmd.clients.asking import Answer, Ask, Refused


def run_program(argv: Sequence[str | Path], ask: Ask, environment: Mapping[str, str]) -> Answer:
    """Ask a program that reads the fields of `Ask` and writes those of `Answer`, `error`, `refused`; bytes as base64."""
    asked = {
        "port": ask.port,
        "line": ask.line,
        "certificate": ask.certificate,
        "auth": ask.auth,
        "user": ask.user,
        "password": ask.password,
        "stdin": None if ask.stdin is None else base64.b64encode(ask.stdin).decode(),
        "operation_timeout_s": ask.operation_timeout_s,
        "terminate_at": None if ask.terminate_at is None else str(ask.terminate_at),
    }
    done = subprocess.run(
        argv, input=json.dumps(asked).encode(), capture_output=True, timeout=120, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    said = json.loads(done.stdout)
    if said.get("refused"):
        raise Refused(said["error"])
    if said["error"]:
        raise AssertionError(said["error"])
    stderr = said.get("stderr")
    return Answer(
        base64.b64decode(said["stdout"] or ""),
        None if "stderr" not in said else base64.b64decode(stderr or ""),
        said.get("exit_code"),
    )
