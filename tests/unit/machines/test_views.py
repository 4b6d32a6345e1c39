"""Finding a machine to look at."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.main import application
from harness.machines.intent import IntentFile
from harness.machines.libvirt.observe.view import vnc_address
from harness.machines.views import existing, viewable
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path)


def begin(state: StateDirectory, provider: str, cell: str) -> str:
    intent = IntentFile.begin(state.intents, provider=provider, run_id="r", cell_id=cell)
    return intent.intent.machine_id


def test_the_newest_machine_of_a_cell_is_found_by_cell_or_machine_id(state: StateDirectory) -> None:
    first, second = begin(state, "wine", "win11/fresh"), begin(state, "wine", "win11/fresh")
    assert existing(state, "win11/fresh").machine_id == second
    assert existing(state, first).machine_id == first


def test_a_template_under_construction_is_no_machine(state: StateDirectory) -> None:
    template = begin(state, "libvirt", "")
    with pytest.raises(ConfigurationError, match="No machine is called"):
        existing(state, template)


def test_a_wine_machine_says_that_it_has_no_console(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(state, "wine", "win11/fresh")
    with pytest.raises(ConfigurationError, match="wine machine, which has neither screen nor serial console"):
        viewable(state, existing(state, "win11/fresh"))
    monkeypatch.setenv("BVT_HOME", str(state.root))
    for command in ("console", "screenshot"):
        done = CliRunner().invoke(application([]), [command, "win11/fresh"])
        assert done.exit_code == 2
        assert "bvt shell win11/fresh" in done.output


def test_the_vnc_address_is_that_of_the_running_domain() -> None:
    xml = "<domain><devices><graphics type='vnc' port='{}'>{}</graphics></devices></domain>"
    assert (
        str(vnc_address(xml.format(5901, "<listen type='address' address='127.0.0.1'/>"))) == "127.0.0.1:5901"
    )
    assert str(vnc_address(xml.format(5900, ""))) == "127.0.0.1:5900"
    assert vnc_address(xml.format(-1, "")) is None
    assert vnc_address("<domain><devices/></domain>") is None
