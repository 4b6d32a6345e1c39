"""winrm-client for Node, from npm."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from harness.state import StateDirectory
from tests.integration.winrmd.clients.asking import Answer, Ask, Auth
from tests.integration.winrmd.third_party.programs import run_program

VERSION = "0.0.11"
SOURCE = Path(__file__).with_name("npm_client.js")


class Npm:
    name = "npm winrm-client"
    lacks: Mapping[str, str] = MappingProxyType(
        {
            "stderr": "it hands over stderr only where stdout is empty, and does not say which it is",
            "exit code": "it does not tell it",
            "5 MB": "it reads one answer and no more",
            "stdin": "it answers prompts, but cannot end the input",
            "Unicode": "it reads output as ASCII",
            "time-out": "HTTP 500 ends it, whatever the fault",
            "termination": "it sends no signal",
            "NTLM sealed, HTTP": "it cannot seal messages",
        }
    )
    auth: Auth = "ntlm"

    def __init__(self) -> None:
        self._modules: Path | None = None

    def run(self, ask: Ask) -> Answer:
        self._modules = self._modules or _installed()
        environment = {
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(self._modules),
            **({"NODE_EXTRA_CA_CERTS": ask.certificate} if ask.certificate else {}),
        }
        return run_program(["node", SOURCE], ask, environment)


def _installed() -> Path:
    """Where its modules are, fetched where they are not there yet."""
    place = StateDirectory.default().part("third-party", "winrm-client", VERSION)
    modules = place / "node_modules"
    if not (modules / "winrm-client").is_dir():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *("npm", "install", "--silent", "--ignore-scripts", "--no-audit"),
                *("--prefix", str(place), f"winrm-client@{VERSION}"),
            ],
            check=True,
            capture_output=True,
            timeout=600,
        )
    return modules
