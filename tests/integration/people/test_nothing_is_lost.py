"""`bvt serve` is ended in the middle, gently and not: every message still comes, and every answer counts once."""

import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from harness.model.report import CellReport
from harness.promotion.board import State
from tests.integration.people.receivers import free_port, smtp
from tests.integration.server.running import digest, serving
from tests.unit.gate.samples import a_cell
from tests.unit.promotion.conftest import a_folder
from tests.unit.promotion.world import AGENT, PEOPLE, TIERS, World
from tests.unit.signing.samples import bundle_of, gate_of

LINK = re.compile(r"Approve: http://[^/]+(/answer/\S+)")
SETTINGS = """
listen: 127.0.0.1:0
workers: 1
ledger: {folder}/ledger.db
ledger_key: {folder}/srv.key
notify: {folder}/notify.yaml
public_url: http://serve.example
tokens:
  - {{name: bob, sha256: "{bob}", scopes: [read, approve], person: bob}}
rollouts: []
"""
NOTIFY = """
schema_version: 1
destinations:
  - name: ann-mail
    url: mailto://127.0.0.1:{port}?from=bvt@example.com&to=ann@example.com&mode=insecure
    person: ann
    events: [approval]
"""


@pytest.fixture
def world() -> Iterator[World]:
    """As of now, since the server has no other clock; without a soak."""
    tiers = re.sub(r"(?m)^    (soak|health): .*\n", "", TIERS)
    with a_folder() as folder:
        yield World(folder, at=datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=5), tiers=tiers)


def fresh_bundle(now: datetime) -> bytes:
    def fresh(report: CellReport) -> CellReport:
        return report.model_copy(update={"began": now, "ended": now})

    return bundle_of(gate_of([a_cell()], fresh), now=now)


def test_a_server_that_is_killed_or_ended_in_the_middle_loses_nothing(world: World) -> None:
    folder, bundle, port = world.folder, fresh_bundle(world.at), free_port()
    (folder / "srv.key").write_bytes(PEOPLE["srv"].private_bytes)
    (folder / "notify.yaml").write_text(NOTIFY.format(port=port))
    text = SETTINGS.format(folder=folder, bob=digest("bob"))
    world.in_internal(bundle=bundle)
    with serving(folder, text, workers=1) as served:
        asked = world.promotion.promote(AGENT, "beta", bundle, PEOPLE["ci"]).asked
        served.wait("notification delayed")  # nobody listens at that port yet
        os.killpg(served.process.pid, signal.SIGKILL)
    with smtp(port) as mail, serving(folder, text, workers=1) as served:
        found = LINK.search(mail.next())
        assert found is not None
        assert httpx.get(served.url + found[1], timeout=30).status_code == 200
        assert httpx.post(served.url + found[1], timeout=30).status_code == 202
        again = httpx.post(served.url + found[1], timeout=30)
        assert (again.status_code, "used already, by ann" in again.text) == (409, True)
        assert set(world.promotion.board().asked[asked.id].approvals) == {"ann"}
        served.process.send_signal(signal.SIGTERM)  # the answer comes before the end, or does not count
        headers = {"authorization": "Bearer bob"}
        path = f"/v1/promotions/{asked.id}/approve"
        try:
            last = httpx.post(served.url + path, json={}, headers=headers, timeout=30).status_code
        except httpx.TransportError:
            last = 0
    state = world.promotion.board().asked[asked.id].state
    assert (last, state) in ((200, State.DONE), (0, State.OPEN)), (
        "what was answered is on record, and nothing else"
    )
    assert world.promotion.board().ignored == []
