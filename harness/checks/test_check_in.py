"""The agent at its backend: enrolled in time, as itself, alive, and able to recover."""

import re
import time

from harness.backend.interface import BackendFeature, Fact
from harness.backend.seen import what_was_seen
from harness.backend.trouble import Troubles
from harness.cell.check import NotApplicable, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.checks.protocol import assert_understood, known_to_tell
from harness.checks.test_install_running import RESTARTED
from harness.lifecycle.outage import Outage
from harness.lifecycle.renewal import Renewal
from harness.lifecycle.service_restart import restart
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.unanswered import asks_again, within_s
from harness.model.report import Phase
from harness.model.version_text import states_version

PHASE = Phase.CHECK_IN
SYSTEM_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?![\w])")
NETBIOS = 15
"""Characters of a machine's name that its older form has."""


@check("The agent enrols within its deadline", first=True)
def test_enrolled(cell: CellSession, timeline: Timeline) -> None:
    endpoint = timeline.endpoint
    cell.note("endpoint", endpoint.host_identifier)


@check("It enrols with the candidate's version")
def test_version(cell: CellSession, timeline: Timeline) -> None:
    known_to_tell(cell, Fact.VERSION)
    earlier = timeline.arrival.earlier
    if earlier is not None and earlier.endpoint is not None:
        raise NotApplicable(f"it enrolled as the {earlier.name} release, and an upgrade keeps the enrolment")
    stated = timeline.endpoint.version
    assert states_version(stated, cell.candidate.version), mismatch(
        f"the agent enrols as version {cell.candidate.version}, the candidate's",
        f"it enrolled as version {stated or 'none'}",
    )


@check("It enrols with this machine's identity")
def test_identity(cell: CellSession, timeline: Timeline) -> None:
    by_uuid = cell.profile.check_in.identity == "uuid"
    known_to_tell(cell, Fact.UUID if by_uuid else Fact.HOSTNAME)
    endpoint, machine = timeline.endpoint, timeline.baseline.version
    if by_uuid:
        expected, stated, what = machine.machine_guid, endpoint.uuid, "MachineGuid"
    else:
        expected, stated, what = machine.computer_name, endpoint.hostname, "computer name"
    assert expected, mismatch(f"the guest states its {what}", "it states none")
    assert stated.lower() == expected.lower(), mismatch(
        f"the agent enrols as {expected!r}, the machine's {what}", f"it enrolled as {stated!r}"
    )


@check("It enrols with this machine's name and Windows version")
def test_host_facts(timeline: Timeline) -> None:
    endpoint, machine = timeline.endpoint, timeline.baseline.version
    name, system = endpoint.hostname, SYSTEM_VERSION.match(endpoint.os_version)
    if not name and not system:
        raise NotApplicable("it states neither the machine's name nor its version")
    if name:
        assert same_host(name, machine.computer_name or ""), mismatch(
            f"the agent enrols with the machine's name, {machine.computer_name!r}", f"it says {name!r}"
        )
    if system:
        stated = tuple(int(part) for part in system.groups())
        assert stated == (machine.major, machine.minor, machine.build), mismatch(
            f"the agent enrols with Windows {machine.major}.{machine.minor}.{machine.build}",
            f"it says {endpoint.os_version!r}",
        )


@check("It stays in touch", backend=[BackendFeature.HEARTBEAT])
def test_heartbeat(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.endpoint
    deadline = cell.within(cell.profile.check_in.heartbeat_s)
    asked_at = time.time()  # what it said right after enrolling is no sign that it goes on
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=asked_at)
    assert seen is not None, mismatch(
        f"a further sign of life within {deadline.length_s:g} s",
        f"none; {what_was_seen(cell.backend, cell.cell.id)}",
    )


@check("It enrols again when the backend no longer knows it", backend=[BackendFeature.FAULTS])
def test_enrols_again(timeline: Timeline, renewal: Renewal) -> None:
    _ = timeline.endpoint
    made = renewal.made
    tried = f", after {len(made.failed)} that were refused or failed" if made.failed else ""
    assert made.again is not None, mismatch(
        f"told that it is unknown, the agent enrols again within {made.deadline_s:g} s",
        f"it did not enrol again{tried}",
    )
    assert made.again.host_identifier == made.before.host_identifier, mismatch(
        f"the agent enrols again as {made.before.host_identifier!r}",
        f"it enrolled as {made.again.host_identifier!r}",
    )


@check(
    "A restart of its service is no reason to enrol again",
    declared=RESTARTED,
    backend=[BackendFeature.FAULTS],
)
def test_restart_keeps_identity(cell: CellSession, timeline: Timeline) -> None:
    before = timeline.endpoint
    if not isinstance(cell.backend, Troubles):
        raise NotApplicable(f"backend {cell.backend.name} does not count enrolments")
    counted = cell.backend.enrolled(cell.cell.id)
    for name in restart(timeline):
        timeline.note_process(name)
    deadline = cell.patience(cell.profile.check_in.deadline_s)
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=time.time())
    assert seen is not None, mismatch(
        f"restarted, the agent is seen within {deadline.length_s:g} s", "it was not seen"
    )
    assert seen.host_identifier == before.host_identifier, mismatch(
        f"restarted, the agent is still {before.host_identifier!r}", f"it is {seen.host_identifier!r}"
    )
    again = cell.backend.enrolled(cell.cell.id)
    assert again.unprovoked == counted.unprovoked, mismatch(
        "restarted, the agent goes on with its node key", "it enrolled again"
    )


@check("It recovers from a failing backend", backend=[BackendFeature.FAULTS])
def test_recovers(timeline: Timeline, outage: Outage) -> None:
    _ = timeline.endpoint
    ended = outage.ended
    assert ended.failed, mismatch("the agent comes to a backend that fails", "it did not come at all")
    assert ended.recovered, mismatch(
        f"after {ended.words} the agent is seen again within {ended.deadline_s:g} s", "it was not seen again"
    )


@check(
    "A connection that dies without a word is given up within the bound that its profile declares",
    declared=declares("bound for it (check_in.half_open_s)", lambda profile: profile.check_in.half_open_s),
    backend=[BackendFeature.FAULTS],
    requires=["check-in.recovers"],
)
def test_half_open(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.endpoint
    bound_s = cell.profile.check_in.half_open_s
    assert bound_s is not None
    with cell.recorder.stopwatch.waiting():
        again = asks_again(timeline, bound_s)
    if again is None:
        raise NotApplicable(
            f"backend {cell.backend.name} cannot be told to leave a request without an answer"
        )
    assert again, mismatch(
        "one request of the agent is taken and never answered, as where a connection dies without a word: within "
        f"{within_s(timeline, bound_s):g} s (check_in.heartbeat_s and half_open_s) it asks again",
        f"it asks for nothing more; {what_was_seen(cell.backend, cell.cell.id)}",
    )


@check("It speaks the protocol without a mistake", watches=True)
def test_protocol(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.endpoint
    assert_understood(cell)


def same_host(stated: str, name: str) -> bool:
    """Whether both are one machine's: with its domain or without, whole or as its NetBIOS name. Pure."""
    short, plain = stated.partition(".")[0].lower(), name.partition(".")[0].lower()
    return short == plain or (
        len(min(short, plain, key=len)) == NETBIOS and short[:NETBIOS] == plain[:NETBIOS]
    )
