"""A whole run whose agent checks in to a team's own staging backend, asked over HTTP and by a program."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.interface import Enrolment
from tests.e2e.conftest import MATRIX, BvtCommand
from tests.e2e.running import Done
from tests.integration.backend.staging import TOKEN, Staging, serving

pytestmark = [pytest.mark.wine, pytest.mark.slow]

TEAM = "team"
EXAMPLES = Path(__file__).parents[2] / "examples" / "backends"
PHASES = ("machine, install, uninstall", "machine, install, check-in, functions, uninstall")
PROGRAM = """\
import os, sys, urllib.error, urllib.request

method, path = sys.argv[1:3]
request = urllib.request.Request(
    os.environ["STAGING_URL"] + path,
    data=sys.stdin.buffer.read() if method != "GET" else None,
    headers={"Authorization": "Bearer " + os.environ["STAGING_TOKEN"]},
    method=method,
)
try:
    sys.stdout.write(urllib.request.urlopen(request).read().decode())
except urllib.error.HTTPError as error:
    sys.exit(3 if error.code == 404 else 1)
"""


@dataclass
class Team:
    """A team's backend: its operators' address, and what its agents enrol with."""

    url: str
    backend: EmbeddedBackend
    enrolment: Enrolment

    def described(self, kind: str, place: Path) -> Path:
        """Its description, from the example for `kind`."""
        (place / "staging-ca.pem").write_text(self.enrolment.ca_pem)
        document = yaml.safe_load((EXAMPLES / f"{kind}.yaml").read_text())
        poll_s = 0.2 if kind == "http" else 0.5  # a program takes a tenth of a second of a processor
        document |= {"address": self.backend.address.model_dump(), "poll_s": poll_s}
        document["enrolment"] = {
            "secret": {"env": "STAGING_ENROL_SECRET"},
            "ca_file": "staging-ca.pem",
            "server_cert_sha256": self.enrolment.server_cert_sha256,
        }
        document |= {"url": f"{self.url}/api"} if kind == "http" else self._asked_by_a_program(place)
        file = place / f"{kind}.yaml"
        file.write_text(yaml.safe_dump(document))
        return file

    def _asked_by_a_program(self, place: Path) -> dict[str, Any]:
        (place / "ask.py").write_text(PROGRAM)

        def ask(method: str, path: str) -> dict[str, Any]:
            return {"argv": [sys.executable, "ask.py", method, f"/api/{path}"], "absent": [3]}

        http = yaml.safe_load((EXAMPLES / "http.yaml").read_text())
        return {
            "time_unit": "ms",
            "endpoint": http["endpoint"] | {"call": ask("GET", "hosts/{identity}")},
            "events": http["events"] | {"call": ask("GET", "results?query={query}")},
            "status": http["status"] | {"call": ask("GET", "status")},
            "configure": ask("PUT", "config") | {"stdin": "{configuration}"},
            "live_query": {
                **{key: http["live_query"][key] for key in ("id", "done", "rows", "status", "message")},
                "call": ask("POST", "queries") | {"stdin": {"sql": "{sql}"}},
                "result": ask("GET", "queries/{id}"),
            },
        }


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    backend = EmbeddedBackend(make_authority(tmp_path / "authority"), tmp_path / "staging.sqlite")
    enrolment = backend.admit(TEAM, None)
    with serving(Staging(backend, TEAM).application) as port:
        yield Team(f"http://127.0.0.1:{port}", backend, enrolment)
    backend.close()


def gate(candidate: Path, team: Team, backend: Path, out: Path, bvt: BvtCommand) -> Done:
    """One cell with check-in and functions, against the backend that the file describes."""
    matrix = out.with_name("matrix.yaml")
    matrix.write_text(MATRIX.replace("IMAGES", "win11-24h2").replace(*PHASES))
    return bvt.program(
        [
            *(str(bvt.command), "run", str(candidate), "--profile", "reference", "--matrix", str(matrix)),
            *("--backend", str(backend), "--out", str(out)),
        ],
        os.environ
        | {"STAGING_TOKEN": TOKEN, "STAGING_URL": team.url, "STAGING_ENROL_SECRET": team.enrolment.secret},
    )


@pytest.mark.in_turn("cells beside the usual", days=3)
@pytest.mark.parametrize("kind", ["http", "command"])
def test_a_candidate_passes_and_no_secret_of_the_team_is_kept(
    kind: str, team: Team, candidate: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = gate(candidate, team, team.described(kind, tmp_path), out, bvt)
    assert done.code == 0, done.out + done.err
    (cell,) = json.loads((out / "gate.json").read_text())["cells"]
    checks = {check["check"]: check for check in cell["report"]["checks"]}
    for check in (
        "check-in.identity",
        "functions.process_start",
        "functions.isolation",
        "functions.live_query",
    ):
        assert checks[check]["outcome"] == "passed"
    assert checks["check-in.enrols_again"]["outcome"] == "not-applicable"
    assert "offers no" in checks["check-in.enrols_again"]["message"]
    for path in out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert TOKEN.encode() not in content, path
            assert team.enrolment.secret.encode() not in content, path


def test_a_staging_endpoint_that_is_down_is_infra_before_the_candidate_is_installed(
    team: Team, candidate: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    with socket.socket() as bound:  # nobody listens there, and nobody else can meanwhile
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        file = team.described("http", tmp_path)
        document = yaml.safe_load(file.read_text()) | {"address": {"host": "127.0.0.1", "port": port}}
        file.write_text(yaml.safe_dump(document))
        done = gate(candidate, team, file, tmp_path / "run", bvt)
    assert done.code == 4, done.out + done.err
    (cell,) = json.loads((tmp_path / "run" / "gate.json").read_text())["cells"]
    checks = {check["check"]: check for check in cell["report"]["checks"]}
    assert checks["machine.way_to_backend"]["outcome"] == "infra"
    assert f"takes no connection at 127.0.0.1:{port}" in checks["machine.way_to_backend"]["message"]
    assert checks["install.exit_code"]["outcome"] == "blocked"
