"""What the tests know of a server that they started, and the two clients for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

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
        read_timeout_s: int = 30,
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
            connection_timeout=10,
            read_timeout=30,
        )


Start = Callable[..., Running]
