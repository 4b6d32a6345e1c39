"""What the tests know of a server that they started, and the two clients for it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from harness.model.deadline import Deadline
from harness.winrmd.config import ServerConfig

Transport = Literal["basic", "ntlm", "ssl"]
Encryption = Literal["auto", "always", "never"]

USER = "bvt"
PASSWORD = "Pä55 word!"
LAUNCHER = ("/bin/sh", str(Path(__file__).with_name("posix_launcher.sh")), "{result}", "{command}")


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    config: ServerConfig
    port: int

    @property
    def scheme(self) -> str:
        return "https" if self.config.tls_cert else "http"

    def protocol(
        self,
        transport: Transport = "ntlm",
        *,
        password: str = PASSWORD,
        encryption: Encryption = "auto",
        operation_timeout_s: int = 20,
        read_timeout_s: int = 60,
    ) -> Protocol:
        """A pywinrm client."""
        return Protocol(
            endpoint=f"{self.scheme}://127.0.0.1:{self.port}/wsman",
            transport=transport,
            username=USER,
            password=password,
            server_cert_validation="validate",
            ca_trust_path=self.config.tls_cert or "legacy_requests",
            message_encryption=encryption,
            operation_timeout_sec=operation_timeout_s,
            read_timeout_sec=read_timeout_s,
            proxy=None,
        )

    def wsman(
        self, auth: str = "ntlm", *, encryption: str = "auto", user: str = USER, password: str = PASSWORD
    ) -> WSMan:
        """A pypsrp client."""
        return WSMan(
            "127.0.0.1",
            port=self.port,
            username=user,
            password=password,
            ssl=self.scheme == "https",
            auth=auth,
            cert_validation=self.config.tls_cert or False,  # type: ignore[arg-type]
            encryption=encryption,
            no_proxy=True,
            connection_timeout=30,
            read_timeout=60,
        )


Start = Callable[..., Running]


def commands() -> list[psutil.Process]:
    """What the commands of servers in this process have started: their launchers, and all below them."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it ended
            if LAUNCHER[1] in child.cmdline():
                found += [child, *child.children(recursive=True)]
    return found


def commands_with(program: str) -> list[psutil.Process]:
    """The same, once `program` runs among them."""
    found: list[psutil.Process] = []

    def there() -> bool:
        found[:] = commands()
        return program in map(name_of, found)

    Deadline.after(30).poll(there, f"the start of {program}")
    return found


def name_of(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def ended(process: psutil.Process) -> bool:
    """Gone, or a zombie that its parent, maybe the machine's PID 1, has not taken notice of yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
