"""What the MSI's own tables say: defects that only Windows would show, or only the next release."""

from harness.cell.check import check
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.model.report import Phase
from harness.rules.rule import Group, Severity
from harness.rundir.findings import findings_of

PHASE = Phase.INSTALL
NO_TABLES = "an EXE installer has no tables that could be read"
MOST_SHOWN = 3


@check("The MSI replaces earlier releases and is replaced by later ones", msi_only=NO_TABLES, once=True)
def test_msi_upgrade(cell: CellSession) -> None:
    _breaks_nothing(cell, Group.UPGRADE)


@check("What the MSI installs can be counted, repaired and removed", msi_only=NO_TABLES, once=True)
def test_msi_components(cell: CellSession) -> None:
    _breaks_nothing(cell, Group.COMPONENTS)


@check(
    "The MSI makes its services as declared, and no path that starts another program",
    msi_only=NO_TABLES,
    once=True,
)
def test_msi_services(cell: CellSession) -> None:
    _breaks_nothing(cell, Group.SERVICES)


@check(
    "Nothing that an ordinary user can exchange runs with the system's rights", msi_only=NO_TABLES, once=True
)
def test_msi_actions(cell: CellSession) -> None:
    _breaks_nothing(cell, Group.ACTIONS)


@check("No secret is written into the installer's log", msi_only=NO_TABLES, once=True)
def test_msi_properties(cell: CellSession) -> None:
    _breaks_nothing(cell, Group.PROPERTIES)


@check("The MSI's access lists let no ordinary user write", msi_only=NO_TABLES, once=True)
def test_msi_access(cell: CellSession) -> None:
    _breaks_nothing(cell, Group.ACCESS)


@check("The MSI leaves alone what belongs to Windows and to others", msi_only=NO_TABLES, once=True)
def test_msi_system(cell: CellSession) -> None:
    _breaks_nothing(cell, Group.SYSTEM)


def _breaks_nothing(cell: CellSession, group: Group) -> None:
    """No error of the group that the profile does not declare; warnings go to the details."""
    found = [finding for finding in findings_of(cell.run) if finding.group is group]
    for finding in found:
        if finding.severity is Severity.WARNING:
            cell.note(f"{finding.rule}: {finding.place}", finding.found)
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    for finding in errors:
        if reason := cell.profile.not_by_rule.get(finding.rule):
            cell.excuse(f"{finding.rule}, {finding.place}: {finding.found}", reason)
    errors = [finding for finding in errors if finding.rule not in cell.profile.not_by_rule]
    if not errors:
        return
    shown = "; ".join(f"{each.place}: {each.found} ({each.rule})" for each in errors[:MOST_SHOWN])
    more = f"; and {len(errors) - MOST_SHOWN} more" if len(errors) > MOST_SHOWN else ""
    expected = "; ".join(dict.fromkeys(each.expected for each in errors[:MOST_SHOWN]))
    raise AssertionError(mismatch(expected, shown + more))
