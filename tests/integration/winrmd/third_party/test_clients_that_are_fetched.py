"""Clients that are fetched or built first do with the server what docs/winrm-server.md says."""

import os
from pathlib import Path

import pytest

from tests.integration.winrmd.clients.asking import ForeignClient
from tests.integration.winrmd.clients.capabilities import Place
from tests.integration.winrmd.clients.table import compare
from tests.integration.winrmd.servers import Start
from tests.integration.winrmd.third_party.of_ansible import Ansible
from tests.integration.winrmd.third_party.of_go import Go
from tests.integration.winrmd.third_party.of_npm import Npm
from tests.integration.winrmd.third_party.of_openwsman import PROGRAM, Openwsman

CLIENTS: tuple[ForeignClient, ...] = (Go(), Npm(), Ansible())
OPENWSMAN = pytest.param(
    Openwsman(), marks=pytest.mark.skipif(PROGRAM is None, reason="wsman of openwsman is not installed")
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("client", [*CLIENTS, OPENWSMAN], ids=lambda client: str(client.name))
def test_the_document_says_what_the_client_can(
    client: ForeignClient, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{Path(__file__).with_name('no_powershell')}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    plain, secure = start(environment=environment), start(environment=environment, tls=True)
    compare(Place(client, plain, secure, tmp_path, monkeypatch))
