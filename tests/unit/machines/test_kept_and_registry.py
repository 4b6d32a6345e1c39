"""Kept machines on disk, and providers by name."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.machines import kept
from harness.machines.provider import KeptMachine
from harness.machines.registry import load_provider, provider_names
from harness.model.errors import ConfigurationError
from harness.model.machine import WinRMAccess
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory


def make_kept(machine_id: str, cell_id: str = "win11-24h2/fresh") -> KeptMachine:
    access = WinRMAccess(host="127.0.0.1", port=5986, username="bvt", password=SecretStr("hush"))
    return KeptMachine(machine_id=machine_id, cell_id=cell_id, run_id="r", provider="wine", access=access)


def test_a_kept_machine_is_found_by_its_id_and_its_cell_with_its_password(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    path = kept.store(state, make_kept("bvt-1"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept.load(state, "bvt-1").access.password.get_secret_value() == "hush"
    assert kept.load(state, "win11-24h2/fresh").machine_id == "bvt-1"
    kept.drop(state, "bvt-1")
    kept.drop(state, "bvt-1")
    assert kept.list_kept(state) == []


def test_a_cell_that_two_runs_kept_is_asked_for(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    kept.store(state, make_kept("bvt-1"))
    kept.store(state, make_kept("bvt-2").model_copy(update={"run_id": "later"}))
    with pytest.raises(ConfigurationError, match=r"2 machines of win11-24h2/fresh are kept: .* with --run"):
        kept.load(state, "win11-24h2/fresh")
    assert kept.load(state, "win11-24h2/fresh", "later").machine_id == "bvt-2"
    assert kept.load(state, "win11-24h2/fresh", "reports/later").machine_id == "bvt-2"
    assert kept.load(state, "bvt-1").machine_id == "bvt-1"
    with pytest.raises(ConfigurationError, match="No kept machine of run other"):
        kept.load(state, "win11-24h2/fresh", "other")


def test_an_unknown_kept_machine_is_said_with_those_there_are(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    kept.store(state, make_kept("bvt-1"))
    (state.kept / "broken.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"bvt-1 \(win11-24h2/fresh, run r\)"):
        kept.load(state, "bvt-2")


def test_the_wine_provider_is_found_by_its_folder() -> None:
    assert "wine" in provider_names()


@pytest.mark.parametrize("name", ["nothing", "../wine", "os", ""])
def test_an_unknown_provider_is_a_configuration_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no machine provider"):
        load_provider(Pool(provider=name, substrates=(Substrate.WINE,)), StateDirectory(tmp_path))
