"""`bvt doctor`: what is there, what is missing, how to get it."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from harness.cell import kept_backend
from harness.cli.clean import unneeded
from harness.cli.ending import ends
from harness.cli.options import MatrixOption
from harness.cli.output import Output
from harness.config.load import find_matrix, load_matrix
from harness.machines.cleaning import MACHINE, Cleaned
from harness.machines.kept import list_kept
from harness.machines.provider import Finding
from harness.machines.registry import load_provider
from harness.model.errors import ConfigurationError, ToolMissing
from harness.model.matrix import Pool
from harness.model.plural import plural
from harness.planning.pools import pool_problems
from harness.planning.tools import tool_findings
from harness.state import StateDirectory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(ends(doctor))


def doctor(
    matrix: MatrixOption = None,
    pool: Annotated[str | None, typer.Option(help="Check this pool only.", show_default="all")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> int:
    """Check this machine. Exit 0 if everything that is required is there, else 4."""
    state = StateDirectory.default()
    found, _ = load_matrix(matrix or find_matrix(), pool_problems(state, pool))
    if pool is not None and pool not in found.pools:
        raise ConfigurationError(
            f"the matrix has no pool {pool!r}.", hint=f"Known pools: {', '.join(found.pools)}."
        )
    findings: list[tuple[str, Finding]] = [("tools", finding) for finding in tool_findings()]
    for name, entry in found.pools.items():
        if pool in (None, name):
            findings += [(f"pool {name}", finding) for finding in pool_findings(entry, state)]
    left = unneeded(state, pools=found.pools.values(), dry_run=True)
    findings += [("state", finding) for finding in left_over_findings(left, str(state.root))]
    findings.append(("state", kept_finding(state)))
    if json:
        for place, finding in findings:
            typer.echo(
                finding.model_copy(update={"subject": f"{place}: {finding.subject}"}).model_dump_json()
            )
    else:
        _show(findings)
    return 0 if all(finding.ok or not finding.required for _, finding in findings) else 4


def pool_findings(pool: Pool, state: StateDirectory) -> Sequence[Finding]:
    """What the pool's provider finds, or what it lacks to be loaded at all."""
    try:
        return load_provider(pool, state).findings()
    except ToolMissing as error:
        return [Finding(subject=error.tool, ok=False, detail=error.message, remedy=error.hint)]


def left_over_findings(left: Sequence[Cleaned], root: str) -> list[Finding]:
    """What `bvt clean` would remove, or could not tell: machines, and everything else."""
    subjects = {
        "machines of killed runs": [item for item in left if item.kind == MACHINE],
        "templates, records and work directories that nothing needs": [
            item for item in left if item.kind != MACHINE
        ],
    }
    return [
        Finding(
            subject=subject,
            ok=not items,
            detail=_counted(items, root),
            remedy="bvt clean (--dry-run says what it would remove)" if items else "",
            required=False,
        )
        for subject, items in subjects.items()
    ]


def kept_finding(state: StateDirectory) -> Finding:
    """Machines that were kept on purpose, and their backends: they take room until somebody removes them."""
    machines = list_kept(state)
    backends = [found for machine in machines if (found := kept_backend.read(state, machine.machine_id))]
    alive = sum(backend.alive for backend in backends)
    served = f", {plural(alive, 'backend')} alive" if backends else ""
    away = sum(machine.capsule is not None for machine in machines)
    served += f", {plural(away, 'capsule')} among them" if away else ""
    cells = ", ".join(sorted({machine.cell_id for machine in machines}))
    return Finding(
        subject="kept machines",
        ok=not machines,
        detail=f"{len(machines)} ({cells}){served}" if machines else "none",
        remedy="bvt shell shows them; bvt clean --kept removes them" if machines else "",
        required=False,
    )


def _counted(items: Sequence[Cleaned], root: str) -> str:
    if not items:
        return f"none in {root}"
    size = sum(item.size for item in items)
    return f"{len(items)} in {root}" + (f", {size / 1024**2:.0f} MiB" if size else "")


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
