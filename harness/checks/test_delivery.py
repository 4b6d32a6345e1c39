"""Telemetry: every stimulus carries a nonce, and exactly that event must arrive with the right fields."""

from harness.backend.interface import BackendFeature
from harness.cell.check import check
from harness.cell.declared import telemetry
from harness.lifecycle.stimulus import Stimulated
from harness.model.report import Phase
from harness.model.substrate import Capability

PHASE = Phase.FUNCTIONS
EVENTS = [BackendFeature.TELEMETRY]


@check("A started process is reported", declared=telemetry("process_start"), backend=EVENTS)
def test_process_start(stimulated: Stimulated) -> None:
    stimulated.expect("process_start")


@check("A network connection is reported", declared=telemetry("connection"), backend=EVENTS)
def test_connection(stimulated: Stimulated) -> None:
    stimulated.expect("connection")


@check("An opened port is reported", declared=telemetry("listening_port"), backend=EVENTS)
def test_listening_port(stimulated: Stimulated) -> None:
    stimulated.expect("listening_port")


@check("A new service is reported", declared=telemetry("service"), backend=EVENTS)
def test_service(stimulated: Stimulated) -> None:
    stimulated.expect("service")


@check("A changed file is reported", declared=telemetry("file_change"), backend=EVENTS)
def test_file_change(stimulated: Stimulated) -> None:
    stimulated.expect("file_change")


@check("A changed registry value is reported", declared=telemetry("registry_change"), backend=EVENTS)
def test_registry_change(stimulated: Stimulated) -> None:
    stimulated.expect("registry_change")


@check("A new scheduled task is reported", declared=telemetry("scheduled_task"), backend=EVENTS)
def test_scheduled_task(stimulated: Stimulated) -> None:
    stimulated.expect("scheduled_task")


@check("A new user is reported", declared=telemetry("user"), backend=EVENTS, needs=[Capability.LOCAL_USERS])
def test_user(stimulated: Stimulated) -> None:
    stimulated.expect("user")


@check("A new group is reported", declared=telemetry("group"), backend=EVENTS, needs=[Capability.LOCAL_USERS])
def test_group(stimulated: Stimulated) -> None:
    stimulated.expect("group")


@check(
    "A changed permission is reported",
    declared=telemetry("permission"),
    backend=EVENTS,
    needs=[Capability.FILE_PERMISSION_EVENTS],
)
def test_permission(stimulated: Stimulated) -> None:
    stimulated.expect("permission")


@check(
    "A new firewall rule is reported",
    declared=telemetry("firewall_rule"),
    backend=EVENTS,
    needs=[Capability.FIREWALL],
)
def test_firewall_rule(stimulated: Stimulated) -> None:
    stimulated.expect("firewall_rule")
