"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from harness.candidate.msi_contents import MsiContents
from harness.candidate.msi_tables import Row, Tables
from harness.model.base import Frozen
from harness.model.profile import AgentProfile


class Severity(StrEnum):
    """An error fails the check of its group; a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


class Group(StrEnum):
    """What a rule is about. Each group is one check: `install.msi_<group>`."""

    UPGRADE = "upgrade"
    COMPONENTS = "components"
    SERVICES = "services"
    ACTIONS = "actions"
    PROPERTIES = "properties"
    ACCESS = "access"
    SYSTEM = "system"


class Finding(Frozen):
    """One place where the MSI breaks a rule."""

    rule: str = Field(description="stable id, `msi.<group>.<name>`")
    group: Group
    severity: Severity
    expected: str
    found: str
    place: str = Field(description="table and key of the row")


@dataclass(frozen=True)
class Msi:
    """What rules look at. `tables` as text; `contents` what they mean on Windows; `previous` the release before."""

    tables: Tables
    contents: MsiContents
    profile: AgentProfile | None = None
    previous: Tables | None = None
    package_code: str = ""
    """Of the summary; empty where nobody read it."""
    previous_package_code: str = ""

    def rows(self, table: str) -> tuple[Row, ...]:
        """The rows of a table; none if the MSI does not have it."""
        return self.tables.get(table, ())

    @property
    def secure(self) -> frozenset[str]:
        """Properties that reach the elevated part of an installation (SecureCustomProperties)."""
        listed = self.properties.get("SecureCustomProperties", "").split(";")
        return frozenset(name.strip() for name in listed)

    @property
    def properties(self) -> Mapping[str, str]:
        """The Property table."""
        return properties_of(self.tables)


def properties_of(tables: Tables) -> Mapping[str, str]:
    """The Property table of an MSI."""
    return {row["Property"]: row["Value"] for row in tables.get("Property", ())}


@dataclass(frozen=True)
class Broken:
    """What a rule's function yields: one row that breaks it."""

    place: str
    found: str


Look = Callable[[Msi], Iterator[Broken]]


@dataclass(frozen=True)
class Rule:
    """One rule. `source`: where Microsoft says so."""

    id: str
    group: Group
    severity: Severity
    expected: str
    source: str
    look: Look

    def findings(self, msi: Msi) -> Iterator[Finding]:
        """Every row that breaks it."""
        for broken in self.look(msi):
            yield Finding(
                rule=self.id,
                group=self.group,
                severity=self.severity,
                expected=self.expected,
                found=broken.found,
                place=broken.place,
            )


def rule(
    group: Group, name: str, expected: str, source: str, severity: Severity = Severity.ERROR
) -> Callable[[Look], Rule]:
    """Make a function a rule with the id `msi.<group>.<name>`."""

    def made(look: Look) -> Rule:
        return Rule(f"msi.{group.value}.{name}", group, severity, expected, source, look)

    return made


def bits(row: Row, column: str) -> int:
    """An integer column; an empty one is 0."""
    text = row.get(column, "")
    return int(text) if text.lstrip("-").isdecimal() else 0


def scheduled(msi: Msi, action: str) -> Row | None:
    """The action's row in the sequence that installs without a user interface; None if it never runs."""
    rows = msi.rows("InstallExecuteSequence")
    return next((row for row in rows if row["Action"] == action and bits(row, "Sequence") > 0), None)
