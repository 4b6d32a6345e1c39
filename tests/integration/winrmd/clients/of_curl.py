"""curl, which knows HTTP, TLS and NTLM, and is given the envelopes."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from tests.integration.winrmd.clients.asking import Answer, Ask, Auth, Refused
from tests.integration.winrmd.clients.by_envelopes import run_by_envelopes
from tests.unit.winrmd.envelopes import request

CODE_PAGE = '<w:Option Name="WINRS_CODEPAGE">65001</w:Option>'


class Curl:
    name = "curl"
    lacks: Mapping[str, str] = MappingProxyType({"NTLM sealed, HTTP": "it cannot seal messages"})
    auth: Auth = "ntlm"

    def run(self, ask: Ask) -> Answer:
        with TemporaryDirectory() as directory:
            return run_by_envelopes(
                ask, lambda action, body, shell: _post(ask, Path(directory), action, body, shell)
            )


def _post(ask: Ask, directory: Path, action: str, body: str, shell: str | None) -> bytes:
    given, taken = directory / "request", directory / "answer"
    timeout = f"PT{ask.operation_timeout_s}S"
    options = "" if shell else CODE_PAGE
    given.write_bytes(
        request(action, body, shell_id=shell, timeout=timeout, max_size="512000", options=options)
    )
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "60"),
            *(f"--{ask.auth}", "--config", "-", "--data-binary", f"@{given}"),
            *("--header", "Content-Type: application/soap+xml;charset=UTF-8"),
            *(("--cacert", ask.certificate) if ask.certificate else ()),
            *("--output", str(taken), "--write-out", "%{http_code}", ask.url),
        ],
        # curl makes NTLM's UTF-16 of bytes, not of characters: only Latin-1 comes out right.
        input=f'user = "{ask.user}:{ask.password}"\n'.encode("latin-1"),
        capture_output=True,
        check=True,
        timeout=90,
    )
    status = int(done.stdout)
    if status == 401:
        raise Refused
    assert status in (200, 500), f"HTTP {status}"
    return taken.read_bytes()
