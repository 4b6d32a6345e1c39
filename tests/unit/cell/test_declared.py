"""What a profile tells its agent."""

import pytest

from harness.cell.declared import given_texts, why_unheard
from harness.model.profile.installer import GuestFile, Installer
from tests.unit.cell.stand_ins import PROFILE

SILENT = PROFILE.model_copy(update={"installer": Installer(), "guest_files": ()})


def test_a_profile_that_tells_no_backend_is_named_where_an_agent_is_not_heard() -> None:
    assert list(given_texts(SILENT)) == []
    assert "The profile tells the agent no backend" in why_unheard(SILENT)


@pytest.mark.parametrize(
    "told",
    [
        {"installer": Installer(properties={"SERVER": "{backend_host}:{backend_port}"})},
        {"installer": Installer(scenario_properties={"fresh": {"URL": "{backend_url}"}})},
        {"installer": Installer(install_arguments=("/S", "/SERVER={backend_host}"))},
        {"guest_files": (GuestFile(path="C:\\Agent\\a.conf", content="server = {backend_url}"),)},
    ],
)
def test_one_that_tells_it_anywhere_is_not(told: dict[str, object]) -> None:
    assert why_unheard(SILENT.model_copy(update=told)) == ""
