"""The services and drivers that the installer creates, attribute by attribute."""

from collections.abc import Callable, Iterable, Iterator

from harness.cell.check import check
from harness.cell.declared import declares, service_attribute, services_and_drivers
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.guest.access_control import SERVICE_WRITES, read_sddl
from harness.lifecycle.settings import set_on_service
from harness.lifecycle.timeline import Timeline
from harness.model.errors import CandidateError
from harness.model.image_path import full_path, may_start_another, program_of, same_program
from harness.model.profile.services import SID_TYPE_CODES, START_CODES, ServiceExpectation
from harness.model.report import Phase
from harness.model.substrate import Capability
from harness.probe.answers.services import Service

PHASE = Phase.INSTALL
SERVICES = declares("services", lambda profile: profile.services)
BOTH = declares("services and no drivers", lambda profile: profile.services or profile.drivers)
DRIVERS = declares("drivers", lambda profile: any(driver.running for driver in profile.drivers))
STORED_AS = {
    "start": "start",
    "delayed": "delayedautostart",
    "account": "objectname",
    "image_path": "imagepath",
    "depends_on": "dependonservice",
    "recovery": "failureactions",
    "failure_flag": "failureactionsonnoncrashfailures",
    "sid_type": "servicesidtype",
}
"""What a profile declares → the value of the service's key that holds it, in lower case."""
FAILURE_ACTIONS = {0: "none", 1: "restart", 2: "reboot", 3: "run"}


@check("Every driver is loaded", declared=DRIVERS)
def test_driver_loaded(cell: CellSession, timeline: Timeline) -> None:
    drivers = [driver for driver in cell.profile.drivers if driver.running]
    for expected, found in _found(drivers, timeline):
        assert found.manager is not None, mismatch(
            f"the service manager knows driver {expected.name}", "it does not"
        )
        assert found.manager.state == 4, mismatch(
            f"driver {expected.name} is running", f"it is in state {found.manager.state}"
        )


@check("Services have the declared start type", declared=service_attribute("start"))
def test_service_start_type(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "start"):
        assert expected.start is not None
        stored = found.registry.start if found.registry else None
        assert stored == START_CODES[expected.start], mismatch(
            f"service {expected.name} has start type {START_CODES[expected.start]} ({expected.start.value})",
            f"start type {stored}",
        )


@check("Services have the declared display name", declared=service_attribute("display_name"))
def test_service_display_name(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "display_name"):
        shown = found.registry.display_name if found.registry else None
        assert shown == expected.display_name, mismatch(
            f"service {expected.name} is shown as {expected.display_name!r}", f"it is shown as {shown!r}"
        )


@check("Services have the declared description", declared=service_attribute("description"))
def test_service_description(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "description"):
        shown = found.registry.description if found.registry else None
        assert shown == expected.description, mismatch(
            f"service {expected.name} has description {expected.description!r}", f"description {shown!r}"
        )


@check("Services run the declared program", declared=service_attribute("image_path"))
def test_service_image_path(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "image_path"):
        assert expected.image_path is not None
        stored = (found.registry.image_path or "") if found.registry else ""
        program = program_of(stored, _known(cell, timeline))
        assert same_program(program, full_path(expected.image_path)), mismatch(
            f"service {expected.name} runs {expected.image_path!r}", f"it runs {stored!r}"
        )


@check("Service paths with spaces are quoted", declared=SERVICES, needs=[Capability.QUOTED_IMAGE_PATH])
def test_service_path_quoted(cell: CellSession, timeline: Timeline) -> None:
    known = _known(cell, timeline)
    for expected, found in _found(cell.profile.services, timeline):
        stored = (found.registry.image_path or "") if found.registry else ""
        assert not may_start_another(stored, known), mismatch(
            f"the path of service {expected.name} is quoted",
            f"the unquoted path {stored!r}: another program could run in its place",
        )


@check("Services depend on what is declared", declared=service_attribute("depends_on"))
def test_service_dependencies(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "depends_on"):
        stored = (found.registry.depend_on_service or ()) if found.registry else ()
        assert tuple(stored) == expected.depends_on, mismatch(
            f"service {expected.name} depends on {', '.join(expected.depends_on or ()) or 'nothing'}",
            f"it depends on {', '.join(stored) or 'nothing'}",
        )


@check(
    "Services run under the declared account",
    declared=service_attribute("account"),
    needs=[Capability.SERVICE_ACCOUNT],
)
def test_service_account(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "account"):
        account = found.manager.account if found.manager else None
        assert (account or "").lower() == (expected.account or "").lower(), mismatch(
            f"service {expected.name} runs as {expected.account}", f"it runs as {account}"
        )


@check(
    "Services start delayed as declared",
    declared=service_attribute("delayed"),
    needs=[Capability.SERVICE_DELAYED_START],
)
def test_service_delayed_start(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "delayed"):
        delayed = found.manager.delayed_start if found.manager else None
        assert delayed is expected.delayed, mismatch(
            f"delayed start of service {expected.name} is {expected.delayed}", f"it is {delayed}"
        )


@check(
    "Services recover as declared",
    declared=service_attribute("recovery"),
    needs=[Capability.SERVICE_RECOVERY],
)
def test_service_recovery(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "recovery"):
        actions = (
            found.manager.failure_actions.actions if found.manager and found.manager.failure_actions else ()
        )
        shown = tuple(FAILURE_ACTIONS.get(action.kind, str(action.kind)) for action in actions)
        assert shown == expected.recovery, mismatch(
            f"service {expected.name} recovers by {', '.join(expected.recovery or ()) or 'nothing'}",
            f"it recovers by {', '.join(shown) or 'nothing'}",
        )


@check(
    "Services also recover from an error as declared",
    declared=service_attribute("failure_flag"),
    needs=[Capability.SERVICE_RECOVERY],
)
def test_service_failure_flag(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "failure_flag"):
        flag = found.manager.failure_flag if found.manager else None
        assert flag is expected.failure_flag, mismatch(
            f"the failure flag of service {expected.name} is {expected.failure_flag}", f"it is {flag}"
        )


@check(
    "Services have a SID of their own as declared",
    declared=service_attribute("sid_type"),
    needs=[Capability.SERVICE_SID],
)
def test_service_sid(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _declaring(cell, timeline, "sid_type"):
        assert expected.sid_type is not None
        stored = found.manager.sid_type if found.manager else None
        assert stored == SID_TYPE_CODES[expected.sid_type], mismatch(
            f"service {expected.name} has SID type {SID_TYPE_CODES[expected.sid_type]} ({expected.sid_type.value})",
            f"SID type {stored}",
        )


@check("Nobody but administrators can change the services", declared=BOTH, needs=[Capability.SERVICE_DACL])
def test_service_dacl(cell: CellSession, timeline: Timeline) -> None:
    for expected, found in _found(services_and_drivers(cell.profile), timeline):
        sddl = (found.manager.sddl or "") if found.manager else ""
        assert sddl, mismatch(f"service {expected.name} has a security descriptor", "none that could be read")
        loose = read_sddl(sddl).writable_by(SERVICE_WRITES)
        assert not loose, mismatch(
            f"only administrators can change service {expected.name}", f"so can {listed(loose)}: {sddl}"
        )


def _known(cell: CellSession, timeline: Timeline) -> Callable[[str], bool]:
    """Whether a program is known to be there: only that tells an unquoted path from its arguments."""
    declared = [service.image_path for service in cell.profile.services if service.image_path]
    paths = {full_path(path).lower() for path in declared}
    paths |= {path for path, file in timeline.inspection.files.items() if file.exists}
    return lambda path: path.lower() in paths


def _found(
    expectations: Iterable[ServiceExpectation], timeline: Timeline
) -> Iterator[tuple[ServiceExpectation, Service]]:
    for expected in expectations:
        found = timeline.inspection.service(expected.name)
        if found is None:
            raise CandidateError(
                mismatch(f"there is a service or driver named {expected.name}", "there is none")
            )
        yield expected, found


def _declaring(
    cell: CellSession, timeline: Timeline, attribute: str
) -> Iterator[tuple[ServiceExpectation, Service]]:
    """Services and drivers whose profile declares `attribute`."""
    everything = services_and_drivers(cell.profile)
    declaring = (each for each in everything if getattr(each, attribute) is not None)
    return _found((each for each in declaring if not _as_customers_set(each, timeline, attribute)), timeline)


def _as_customers_set(expected: ServiceExpectation, timeline: Timeline, attribute: str) -> bool:
    """Whether customers set it otherwise on the earlier release, so that `upgrade.settings` looks at it."""
    earlier = timeline.arrival.earlier
    if earlier is None or expected.name.lower() not in earlier.services:
        return False
    return STORED_AS.get(attribute, "") in set_on_service(timeline.session.profile, expected.name)
