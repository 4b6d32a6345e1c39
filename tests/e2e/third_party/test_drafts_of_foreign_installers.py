"""`bvt init` on MSIs that others described gives a profile that `bvt plan` accepts as it is."""

from pathlib import Path

import pytest

from harness.config.load import load_profile
from harness.probe.build import probe_exe
from harness.state import StateDirectory
from tests.e2e.conftest import BvtCommand
from tests.e2e.third_party.foreign_installers import EXAMPLES, installers

NAMES = (*EXAMPLES, "crowdsec")


@pytest.fixture(scope="module")
def msis() -> dict[str, Path]:
    """All of them."""
    return installers(probe_exe(StateDirectory.default()))


@pytest.mark.parametrize("name", NAMES)
def test_a_draft_is_accepted_as_it_is(
    name: str, msis: dict[str, Path], tmp_path: Path, bvt: BvtCommand
) -> None:
    profile = tmp_path / "agents" / "drafted.yaml"
    drafted = bvt("init", msis[name], "--out", profile)
    assert drafted.code == 0, drafted.out + drafted.err
    planned = bvt("plan", msis[name], "--profile", profile)
    assert planned.code == 0, planned.out + planned.err
    assert " to run, " in planned.out


def test_the_draft_of_a_security_agent_says_what_its_tables_say(
    msis: dict[str, Path], tmp_path: Path, bvt: BvtCommand
) -> None:
    profile = tmp_path / "agents" / "crowdsec.yaml"
    assert bvt("init", msis["crowdsec"], "--out", profile).code == 0
    drafted = load_profile(str(profile))[0]
    (service,) = drafted.services
    assert (service.name, service.start, service.account) == ("Crowdsec", "auto", "LocalSystem")
    assert drafted.install_dir == "C:\\Program Files\\CrowdSec"
    assert "C:\\ProgramData\\CrowdSec\\log" in drafted.data_dirs
    assert len(drafted.files) == 17
