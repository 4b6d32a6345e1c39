"""`bvt doctor`: what is there, what is missing, how to get it."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from harness.cli.ending import ends
from harness.cli.options import MatrixOption
from harness.cli.output import Output
from harness.config.load import find_matrix, load_matrix
from harness.machines.hygiene import orphans
from harness.machines.provider import Finding
from harness.machines.registry import load_provider
from harness.model.errors import ConfigurationError
from harness.run.pools import pool_problems
from harness.run.tools import tool_findings
from harness.state import StateDirectory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(ends(doctor))


def doctor(
    matrix: MatrixOption = None,
    pool: Annotated[str | None, typer.Option(help="Look at this pool only.", show_default="all")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> int:
    """Look at this machine. Exit 0 if everything that is required is there, else 4."""
    state = StateDirectory.default()
    found, _ = load_matrix(matrix or find_matrix(), pool_problems(state, pool))
    if pool is not None and pool not in found.pools:
        raise ConfigurationError(
            f"the matrix has no pool {pool!r}.", hint=f"Known pools: {', '.join(found.pools)}."
        )
    findings: list[tuple[str, Finding]] = [("tools", finding) for finding in tool_findings()]
    for name, entry in found.pools.items():
        if pool in (None, name):
            findings += [(f"pool {name}", finding) for finding in load_provider(entry, state).findings()]
    left = orphans(state)
    findings.append(("state", _orphan_finding(len(left), str(state.root))))
    if json:
        for place, finding in findings:
            typer.echo(
                finding.model_copy(update={"subject": f"{place}: {finding.subject}"}).model_dump_json()
            )
    else:
        _show(findings)
    return 0 if all(finding.ok or not finding.required for _, finding in findings) else 4


def _orphan_finding(count: int, root: str) -> Finding:
    return Finding(
        subject="machines of killed runs",
        ok=count == 0,
        detail=f"{count} in {root}" if count else f"none in {root}",
        remedy="bvt clean" if count else "",
        required=False,
    )


def _show(findings: list[tuple[str, Finding]]) -> None:
    table = Table(box=None, show_header=False)
    last = ""
    for place, finding in findings:
        detail = Text(finding.detail)
        if finding.remedy and not finding.ok:
            detail.append(f"  → {finding.remedy}", style="dim")
        table.add_row(place if place != last else "", _sign(finding), finding.subject, detail)
        last = place
    Output().print(table)


def _sign(finding: Finding) -> Text:
    if finding.ok:
        return Text("✔", style="green")
    return Text("✘", style="red") if finding.required else Text("–", style="yellow")
