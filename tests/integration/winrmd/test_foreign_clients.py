"""Clients that others wrote do with the server what docs/winrm-server.md says."""

from pathlib import Path

import pytest

from tests.integration.winrmd.clients.asking import ForeignClient
from tests.integration.winrmd.clients.capabilities import Place
from tests.integration.winrmd.clients.of_curl import Curl
from tests.integration.winrmd.clients.of_pypsrp import Pypsrp
from tests.integration.winrmd.clients.of_pywinrm import Pywinrm
from tests.integration.winrmd.clients.table import compare
from tests.integration.winrmd.servers import Start

CLIENTS: tuple[ForeignClient, ...] = (Pywinrm(), Pypsrp(), Curl())


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: str(client.name))
def test_the_document_says_what_the_client_can(
    client: ForeignClient, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(Place(client, start(), start(tls=True), tmp_path, monkeypatch))
