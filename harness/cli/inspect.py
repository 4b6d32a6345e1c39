"""`bvt inspect`: what an MSI's tables break of the rules, without a machine."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import harness
from harness.candidate.kinds import compound_kind
from harness.candidate.msi import platform
from harness.candidate.read import installer_kind
from harness.cli.ending import ends
from harness.cli.options import CandidateArgument, OptionalProfileOption
from harness.cli.output import Output
from harness.config.load import load_profile
from harness.files import sha256_of, write_atomically
from harness.model.candidate import InstallerKind
from harness.model.errors import ConfigurationError
from harness.model.gate import EXIT_CODES, Verdict
from harness.model.plural import plural
from harness.rules.catalogue import rules
from harness.rules.rule import Finding, Severity
from harness.rules.sarif import sarif_json
from harness.rundir.findings import findings_in

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inspect")(ends(inspect))


def inspect(
    candidate: CandidateArgument,
    profile: OptionalProfileOption = None,
    previous: Annotated[
        Path | None, typer.Option("--previous", help="MSI of the previous release.", show_default=False)
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0 here.", show_default=False)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per finding, each on a line.")
    ] = False,
) -> None:
    """Check the tables of CANDIDATE, an MSI, against the rules. Nothing is run.

    With a profile, its declarations count too: services, secrets, reboots, and `not_by_rule`. With the previous release,
    the rules also say whether CANDIDATE would replace it. Exit code 1 if a rule of severity `error` is broken.
    """
    declared = load_profile(profile)[0] if profile is not None else None
    msi = _msi(candidate)
    findings = findings_in(msi, platform(msi), declared, _msi(previous) if previous is not None else None)
    excused = declared.not_by_rule if declared is not None else {}
    counted = [finding for finding in findings if finding.rule not in excused]
    if sarif is not None:
        try:
            write_atomically(sarif, sarif_json(counted, msi.name, sha256_of(msi), harness.__version__))
        except OSError as error:
            raise ConfigurationError(
                f"the findings cannot be written here: {error.strerror}.", file=str(sarif), key="--sarif"
            ) from error
    if as_json:
        for finding in findings:
            typer.echo(json.dumps(finding.model_dump(mode="json") | {"excused": excused.get(finding.rule)}))
    else:
        _show(findings, excused)
    if any(finding.severity is Severity.ERROR for finding in counted):
        raise typer.Exit(EXIT_CODES[Verdict.FAIL])


def _msi(path: Path) -> Path:
    """The file, if it is an MSI. Raises `ConfigurationError` if it is not."""
    found = path.absolute()
    if installer_kind(found) is not InstallerKind.MSI or compound_kind(found):
        what = compound_kind(found) if installer_kind(found) is InstallerKind.MSI else "no MSI"
        raise ConfigurationError(
            f"this is {what}; only an MSI has tables that can be read.", file=str(path), hint="Name an MSI."
        )
    return found


def _show(findings: tuple[Finding, ...], excused: dict[str, str]) -> None:
    console = Output()
    for finding in findings:
        reason = excused.get(finding.rule)
        word = Text(
            "excused" if reason else finding.severity.value,
            style="dim" if reason else STYLES[finding.severity],
        )
        console.print(word + Text(f"  {finding.rule}  {finding.place}", style="not bold"))
        console.print(f"  Expected: {finding.expected}. Found: {finding.found}.", highlight=False)
        if reason:
            console.print(f"  Declared: {reason}", highlight=False)
    errors = sum(finding.severity is Severity.ERROR and finding.rule not in excused for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    console.print(
        f"{plural(len(rules()), 'rule')}: {plural(errors, 'error')}, {plural(warnings, 'warning')}",
        highlight=False,
    )
