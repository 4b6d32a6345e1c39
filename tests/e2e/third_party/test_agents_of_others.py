"""Whole runs of agents that somebody else made, with the backend that they were made for; their bad twins."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from examples.third_party.build import HERE, build
from tests.e2e.conftest import BvtCommand
from tests.e2e.running import Done
from tests.e2e.third_party.hub import PASSWORD, Hub, running_hub

pytestmark = [pytest.mark.wine, pytest.mark.slow]
RUN_S = 600.0
BRIEF = "machine, install, check-in, uninstall"


def gate(
    msi: Path, profile: str, place: Path, bvt: BvtCommand, hub: Hub | None = None, phases: str | None = None
) -> tuple[Done, dict[str, Any]]:
    """One run through the example's matrix, or with other phases, and its gate."""
    text = (HERE / "matrix.yaml").read_text()
    if phases is not None:
        text, changed = re.subn(r"phases: \[.*\]", f"phases: [{phases}]", text)
        assert changed == 1
    matrix, out = place / "matrix.yaml", place / "run"
    matrix.write_text(text)
    argv = [bvt.command, "run", str(msi), "--profile", str(HERE / "profiles" / f"{profile}.yaml")]
    argv += ["--matrix", str(matrix), "--out", str(out)]
    if hub is not None:
        argv += ["--backend", str(hub.described(place))]
    done = bvt.program(argv, dict(os.environ) if hub is None else hub.environment, RUN_S)
    document: dict[str, Any] = json.loads((out / "gate.json").read_text())
    return done, document


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    """Check to outcome, in the order in which they ran."""
    (cell,) = document["cells"]
    return {check["check"]: check["outcome"] for check in cell["report"]["checks"]}


def failed(document: dict[str, Any]) -> list[str]:
    """What failed, in that order."""
    return [check for check, outcome in outcomes(document).items() if outcome == "failed"]


def excused(document: dict[str, Any]) -> str:
    """All that the profile excused, as text in small letters."""
    (cell,) = document["cells"]
    whats = [excuse["what"] for check in cell["report"]["checks"] for excuse in check["excuses"]]
    return "\n".join(whats).lower()


@pytest.mark.parametrize("name", ["wrapped", "service"])
def test_a_leaf_node_checks_in_at_its_own_hub_survives_reboots_and_passes(
    name: str, bvt: BvtCommand, tmp_path: Path
) -> None:
    with running_hub(tmp_path) as hub:
        done, document = gate(build(name), name, tmp_path, bvt, hub)
    assert (done.code, document["verdict"]) == (0, "PASS"), done.out + done.err
    seen = outcomes(document)
    for check in (
        "install.running_version",
        "check-in.enrolled",
        "check-in.heartbeat",
        "reboot.same_endpoint",
    ):
        assert seen[check] == "passed"
    assert seen["check-in.version"] == "not-applicable"  # the hub does not know it
    # True findings: they stand in the gate, with the reasons that the profile gives.
    source = {"wrapped": "nssm", "service": "nats-server"}[name]
    for finding in (".msi carries no", "nats-server.exe", rf"eventlog\application\{source} (1 found)"):
        assert finding in excused(document)
    assert PASSWORD not in (tmp_path / "run" / "gate.html").read_text()


def test_what_a_service_wrapper_brings_passes_without_a_backend(bvt: BvtCommand, tmp_path: Path) -> None:
    phases = "machine, install, uninstall, residue, reboot-clean"
    done, document = gate(build("sleeper"), "sleeper", tmp_path, bvt, phases=phases)
    assert (done.code, document["verdict"]) == (0, "PASS"), done.out + done.err
    assert outcomes(document)["install.running_version"] == "passed"


def test_a_hub_that_refuses_the_agent_is_why_it_fails(bvt: BvtCommand, tmp_path: Path) -> None:
    with running_hub(tmp_path, password="another") as hub:
        done, document = gate(build("wrapped"), "wrapped", tmp_path, bvt, hub, phases=BRIEF)
        assert 'authentication error - User "agent"' in hub.log.read_text()
    assert (done.code, document["verdict"]) == (1, "FAIL"), done.out + done.err
    assert failed(document) == ["check-in.enrolled"]


def test_a_go_service_that_cannot_read_its_configuration_fails_at_its_installation(
    bvt: BvtCommand, tmp_path: Path
) -> None:
    """A service of Go's that ends by itself is the candidate's, and not taken for one that Wine cannot show."""
    broken = tmp_path / "leaf.conf"
    broken.write_text("listen: [this is no configuration\n")
    with running_hub(tmp_path) as hub:
        done, document = gate(build("service", broken), "service", tmp_path, bvt, hub, phases=BRIEF)
    assert (done.code, document["verdict"]) == (1, "FAIL"), done.out + done.err
    assert failed(document)[0] == "install.exit_code"
