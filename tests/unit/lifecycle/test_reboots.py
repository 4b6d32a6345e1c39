"""What counts as the agent's after its uninstall, and how a series of reboots is named."""

from pathlib import Path

import pytest
import yaml

from harness.backend.interface import Event
from harness.config.load import load_matrix
from harness.guest.facts import BootIdentity
from harness.lifecycle.reboots import Series, is_agents, settled
from harness.model.errors import ConfigurationError
from harness.model.phases import PHASES
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.probe.answers.services import Service, ServiceByRegistry

ROOT = Path(__file__).parents[3]
PROFILE = AgentProfile.model_validate(yaml.safe_load((ROOT / "agents" / "reference.yaml").read_text()))
NOTHING = dict.fromkeys(ServiceByRegistry.model_fields)


def service(name: str, program: str) -> Service:
    registry = ServiceByRegistry.model_construct(**(NOTHING | {"image_path": program}))
    return Service(name=name, manager=None, registry=registry)


@pytest.mark.parametrize(
    ("name", "program", "expected"),
    [
        ("BVTREFAGENT", "C:\\elsewhere.exe", True),
        ("Hidden", '"C:\\Program Files\\BVT\\ReferenceAgent\\other.exe" --run', True),
        ("Hidden", "c:\\program files\\bvt\\referenceagent\\other.exe", True),
        ("Hidden", r"\??\C:\Program Files\BVT\ReferenceAgent\drv.sys", True),
        ("Hidden", r"%ProgramFiles%\BVT\ReferenceAgent\other.exe", True),
        ("Hidden", r"C:\PROGRA~1\BVT\REFERE~1\other.exe", True),
        ("Hidden", r"C:\Program Files\\BVT\\ReferenceAgent\\other.exe", True),
        # Windows adds services of its own at any boot; they are not the agent's.
        ("CDPUserSvc_3f2a1", "C:\\Windows\\system32\\svchost.exe -k UnistackSvcGroup", False),
        ("Neighbour", "C:\\Program Files\\BVT\\ReferenceAgentTwo\\other.exe", False),
    ],
)
def test_a_service_is_the_agents_by_name_or_by_its_program(name: str, program: str, expected: bool) -> None:
    assert is_agents(service(name, program), PROFILE) is expected


def test_a_service_without_a_registry_key_is_judged_by_its_name() -> None:
    assert not is_agents(Service(name="Other", manager=None, registry=None), PROFILE)
    assert is_agents(Service(name="BvtRefAgent", manager=None, registry=None), PROFILE)


def test_messages_count_reboots_only_where_there_are_several() -> None:
    boot = BootIdentity.__new__(BootIdentity)
    assert Series((boot,), 1).words == "the reboot"
    assert Series((boot, boot), 3).words == "reboot 2 of 3"


@pytest.mark.parametrize(("at", "counts"), [(90.0, True), (96.0, False), (100.0, False), (101.0, True)])
def test_what_was_on_its_way_at_a_reboot_may_come_twice(at: float, counts: bool) -> None:
    event = Event(cell="c", query="file_events", action="added", columns={}, received_at=at)
    assert settled([event], 100.0) == ([event] if counts else [])


def test_the_reboot_after_the_uninstall_comes_last_and_needs_only_a_machine() -> None:
    assert max(Phase, key=lambda phase: phase.order) is Phase.REBOOT_CLEAN
    assert PHASES[Phase.REBOOT_CLEAN].needs == (Phase.MACHINE,)


def test_reboots_without_the_phase_are_a_mistake_in_the_matrix(tmp_path: Path) -> None:
    document = yaml.safe_load((ROOT / "matrix.yaml").read_text())
    document["scenarios"]["fresh"]["reboots"] = 2
    path = tmp_path / "matrix.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigurationError, match="no phase reboot"):
        load_matrix(path)
