"""What the agent was trusted with stays where the profile says: looked for everywhere, right before the uninstall."""

from collections.abc import Iterable

from harness.backend.disclosed import Records
from harness.cell.check import NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.protocol import has_checked_in
from harness.guest.access_control import FILE_READS, KEY_READS, read_sddl
from harness.guest.registry_tree import full_path
from harness.lifecycle.diagnosis import gathers
from harness.lifecycle.disclosed import NAME_OF, Disclosure, Where, undeclared
from harness.lifecycle.disclosure import Disclosures
from harness.lifecycle.short_lived_secrets import gives_a_secret
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.model.substrate import Capability

PHASE = Phase.UNINSTALL
INSTALLED = ["install.exit_code"]


def _secret(profile: AgentProfile) -> str:
    return "" if gives_a_secret(profile) else "the profile declares no {enrol_secret} for the agent"


@check("No file holds a secret, except where the profile says so", declared=_secret, requires=INSTALLED)
def test_secret_in_files(cell: CellSession, disclosures: Disclosures) -> None:
    _assert_declared(cell, disclosures.of(Where.FILE))


@check(
    "No registry value holds a secret, except where the profile says so", declared=_secret, requires=INSTALLED
)
def test_secret_in_registry(cell: CellSession, disclosures: Disclosures) -> None:
    _assert_declared(cell, disclosures.of(Where.REGISTRY))


@check("No program was started with a secret on its command line", declared=_secret, requires=INSTALLED)
def test_secret_on_command_line(disclosures: Disclosures) -> None:
    _assert_none(disclosures.of(Where.COMMAND_LINE))


@check("No secret is in what the agent reports", declared=_secret, requires=["check-in.enrolled"])
def test_secret_in_telemetry(cell: CellSession, disclosures: Disclosures) -> None:
    has_checked_in(cell)
    if not isinstance(cell.backend, Records):
        raise NotApplicable(f"backend {cell.backend.name} does not hand out what agents sent")
    _assert_none(disclosures.of(Where.TELEMETRY))


@check("No secret is in the installer's log", declared=_secret, requires=INSTALLED)
def test_secret_in_installer_log(disclosures: Disclosures) -> None:
    _assert_none(disclosures.of(Where.INSTALLER_LOG))


def _diagnosed(profile: AgentProfile) -> str:
    return _secret(profile) or (
        "" if gathers(profile) else "the profile declares no diagnostics that write anywhere"
    )


@check(
    "No secret is in what the agent gathers for support",
    declared=_diagnosed,
    requires=INSTALLED,
    follows=["uninstall.secret_in_files"],
)
def test_secret_in_diagnosis(cell: CellSession, disclosures: Disclosures) -> None:
    if Phase.FUNCTIONS not in {step.action for step in cell.cell.steps}:
        raise NotApplicable("it is gathered where the agent was used")
    _assert_none(disclosures.gathered)


@check(
    "Ordinary users cannot read the places that hold a secret",
    declared=_secret,
    requires=INSTALLED,
    needs=[Capability.FILE_ACLS, Capability.REGISTRY_ACLS],
)
def test_secret_access(cell: CellSession, disclosures: Disclosures) -> None:
    loose = []
    held = {*disclosures.of(Where.FILE), *disclosures.of(Where.REGISTRY)}
    for each in (each for each in held if not (each.gone or each.place.startswith(NAME_OF))):
        covering = [
            place for place in cell.profile.secrets if place.kind == each.where and place.covers(each.place)
        ]
        if excuse := next((place for place in covering if place.readable_by_users), None):
            cell.excuse(str(each), f"ordinary users may read it: {excuse.reason}")
        elif who := _readers(cell, each):
            loose.append(f"{each.place} by {', '.join(who)}")
    assert not loose, mismatch("ordinary users cannot read a secret", f"readable: {listed(loose)}")


def _readers(cell: CellSession, each: Disclosure) -> list[str]:
    if each.where is Where.FILE:
        (facts,) = cell.guest.files(each.place)
        sddl, mask = facts.sddl, FILE_READS
    else:
        sddl, mask = cell.guest.registry.sddl(full_path(each.place.rpartition("\\")[0])), KEY_READS
    return read_sddl(sddl).readable_by(mask) if sddl else []  # gone meanwhile, as a temporary file goes


def _assert_declared(cell: CellSession, found: list[Disclosure]) -> None:
    left = undeclared(cell.profile, found)
    for each in found:
        if each not in left:
            cell.note(each.place, f"holds {each.what}, as the profile declares")
    _assert_none(left)


def _assert_none(found: Iterable[Disclosure]) -> None:
    places = [str(each) for each in found]
    assert not places, mismatch(
        "a secret lies only where the profile says that it may", f"it lies elsewhere: {listed(places)}"
    )
