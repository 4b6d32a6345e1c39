"""What the MSI's tables break of the rules: the same for every cell, so it is looked at once, before any machine."""

from pathlib import Path

from pydantic import TypeAdapter

from harness.candidate.msi import summary
from harness.candidate.msi_contents import contents_of
from harness.candidate.msi_tables import read_tables
from harness.files import write_atomically
from harness.model.candidate import Candidate, InstallerKind, Platform
from harness.model.profile import AgentProfile
from harness.rules.catalogue import look
from harness.rules.rule import Finding, Msi
from harness.rundir.directory import RunDirectory

_FINDINGS = TypeAdapter(tuple[Finding, ...])


def findings_in(
    path: Path, platform: Platform, profile: AgentProfile | None, previous: Path | None = None
) -> tuple[Finding, ...]:
    """What the tables of this MSI break. Raises `ConfigurationError` if it, or the previous one, cannot be read."""
    tables = read_tables(path)
    given = {} if profile is None else profile.installer.properties
    contents = contents_of(
        tables, platform, {name.upper(): text for name, text in given.items() if "{" not in text}
    )
    before = read_tables(previous) if previous is not None else None
    codes = [_package_code(each) if each is not None else "" for each in (path, previous)]
    return tuple(look(Msi(tables, contents, profile, before, *codes)))


def _package_code(path: Path) -> str:
    """What tells one package from any other, also from one of the same product."""
    found = summary(path)
    return next((value.upper() for name, value in found.items() if name.startswith("Revision number")), "")


def record_findings(
    run: RunDirectory, candidate: Candidate, profile: AgentProfile, previous: Path | None = None
) -> None:
    """Look at the run's copy of the candidate and write the findings down; of an EXE there are none."""
    if candidate.kind is InstallerKind.MSI:
        found = findings_in(run.copy_of(candidate), candidate.platform, profile, previous)
        write_atomically(run.findings, _FINDINGS.dump_json(found, indent=1).decode())


def findings_of(run: RunDirectory) -> tuple[Finding, ...]:
    """What the run's preparation found."""
    return _FINDINGS.validate_json(run.findings.read_bytes())
