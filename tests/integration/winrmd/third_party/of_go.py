"""masterzen/winrm for Go (Packer's and Terraform's), as Debian packages it."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from harness.state import StateDirectory
from tests.integration.winrmd.clients.asking import Answer, Ask, Auth
from tests.integration.winrmd.third_party.programs import run_program

SOURCE = Path(__file__).with_name("go_client.go")


class Go:
    name = "Go masterzen/winrm"
    lacks: Mapping[str, str] = MappingProxyType(
        {"NTLM sealed, HTTP": "Debian's release of it cannot seal messages"}
    )
    auth: Auth = "ntlm"

    def __init__(self) -> None:
        self._program: Path | None = None

    def run(self, ask: Ask) -> Answer:
        self._program = self._program or _built()
        return run_program([self._program], ask, {})


def _built() -> Path:
    """The program, compiled where it is not there yet."""
    place = StateDirectory.default().part("third-party", "winrm-go")
    place.mkdir(parents=True, exist_ok=True)
    program = place / hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    if not program.is_file():
        environment = {
            **os.environ,
            "GO111MODULE": "off",
            "GOPATH": "/usr/share/gocode",
            "GOCACHE": str(place / "cache"),
        }
        subprocess.run(
            ["go", "build", "-o", program, SOURCE],
            check=True,
            timeout=600,
            env=environment,
            cwd=place,
        )
    return program
