"""`bvt plan`: what a candidate would have to pass."""

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from harness.checks.catalogue import catalogue
from harness.cli.ending import ends
from harness.cli.options import (
    BackendOption,
    CandidateArgument,
    MatrixOption,
    OldestOption,
    PoolOption,
    PreviousOption,
    ProfileOption,
    SuiteOption,
)
from harness.cli.output import Output
from harness.cli.plan_checks import checks_document, checks_line, checks_table
from harness.files import write_atomically
from harness.model.errors import ConfigurationError
from harness.model.matrix import FULL
from harness.model.plan import Plan
from harness.model.run_options import POOL
from harness.planning.outlook import Prospect, guest_system, only_if_no_task, prospects
from harness.planning.preparation import make_plan
from harness.planning.request import RunRequest


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(ends(plan))


def plan(
    candidate: CandidateArgument,
    profile: ProfileOption,
    matrix: MatrixOption = None,
    pool: PoolOption = POOL.default,
    suite: SuiteOption = FULL,
    previous: PreviousOption = None,
    oldest: OldestOption = None,
    backend: BackendOption = None,
    out: Annotated[Path | None, typer.Option(help="Write the sealed plan to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the plan and its checks as JSON.")] = False,
) -> None:
    """Show and seal the list of cells that CANDIDATE must pass, and the checks in them. Nothing is run.

    A check that is not tested (the profile declares nothing for it) or not applicable (the pool's machines, the backend
    or this kind of installer cannot show it) is marked, with the reason.
    """
    prepared = make_plan(
        RunRequest(
            candidate=candidate,
            profile=profile,
            matrix=matrix,
            previous=previous,
            oldest=oldest,
            pool=pool,
            suite=suite,
            backend=backend,
        )
    )
    checks = prospects(prepared.plan, catalogue(), prepared.profile, prepared.backend)
    if out is not None:
        try:
            write_atomically(out, prepared.plan.model_dump_json(indent=1))
        except OSError as error:
            raise ConfigurationError(
                f"the plan cannot be written here: {error.strerror}.", file=str(out), key="--out"
            ) from error
    if json:
        document = prepared.plan.model_dump(mode="json") | {
            "digest": prepared.plan.digest,
            "backend": prepared.backend.name,
            "outlook": checks_document(checks),
        }
        typer.echo(dumps(document, indent=1, ensure_ascii=False))
    else:
        known = only_if_no_task(prepared.plan, prepared.profile, prepared.backend)
        _show(prepared.plan, checks, prepared.backend.name, known)


def _show(plan: Plan, checks: Sequence[Prospect], backend: str, known: str = "") -> None:
    console = Output()
    candidate = plan.candidate
    identity = Text(f"{candidate.product_name} {candidate.version}", style="bold")
    console.print(identity + Text(f"  {candidate.path.name}", style="not bold"))
    console.print(f"sha256 {candidate.sha256}", highlight=False)
    console.print(checks_table(checks))
    table = Table(box=None, header_style="dim")
    for heading in ("cell", "Windows", "build", "requirement", "substrate", "checks"):
        table.add_column(heading)
    for cell in plan.cells:
        table.add_row(
            cell.id,
            cell.windows.product_name,
            cell.windows.dotted,
            cell.requirement.value,
            " or ".join(substrate.value for substrate in cell.substrates),
            str(len(cell.checks)),
        )
    console.print(table)
    for name, release in plan.releases.items():
        console.print(f"release {name}: {release.version}, sha256 {release.sha256}", highlight=False)
    for cell in plan.cells:
        if cell.lacks:
            counted = "INCOMPLETE" if cell.required else "advisory, not counted"
            console.print(f"{cell.id} cannot be run ({counted}): {cell.lacks}", highlight=False)
    console.print(f"{checks_line(checks)}, with backend {backend}")
    if guest_system(plan.cells) is None:
        console.print("What the machines of this pool cannot show is known once their images are looked at.")
    if known:
        console.print(known)
    required = sum(cell.required for cell in plan.cells)
    whole = "" if plan.is_full else f" of {len(plan.cells) + len(plan.left_out)}"
    console.print(
        f"suite {plan.suite}: {len(plan.cells)}{whole} cells, {required} required, in pool {plan.pool}"
    )
    console.print(f"plan {plan.digest}", highlight=False)
