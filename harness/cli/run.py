"""`bvt run`: the whole job, from the candidate to the verdict."""

import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import completion
from harness.cli.beginning import as_interrupt
from harness.cli.carrying_out import carry_out, wanted_workers
from harness.cli.compared import BaselineOption, HistoryOption, MetaOption, ShippedOption, Showing
from harness.cli.ending import ends, is_interrupt
from harness.cli.evidence import (
    Judging,
    KeyOption,
    PolicyKeyOption,
    PolicyOption,
    PublicHalf,
    WaiversOption,
)
from harness.cli.full_disk import full_disk
from harness.cli.options import (
    BackendOption,
    MatrixOption,
    OldestOption,
    OptionalCandidateArgument,
    OptionalProfileOption,
    PoolOption,
    PreviousOption,
    SuiteOption,
)
from harness.cli.run_output import RunOutput
from harness.model.errors import ConfigurationError, HarnessError
from harness.model.gate import Gate
from harness.model.run_options import (
    BACKEND,
    CELLS,
    FAIL_FAST,
    INFRA_RETRIES,
    KEEP,
    KEEP_AT,
    OUT,
    POOL,
    SUITE,
)
from harness.planning.preparation import prepare_run
from harness.planning.request import requested
from harness.planning.resumption import resume_run
from harness.plugin.interpreter import require_assertions
from harness.rundir.conclusion import conclude
from harness.rundir.directory import RunDirectory

EVIDENCE = ("sign", "public_key", "policy", "policy_key", "waivers", "baseline", "meta", "history", "ledger")
"""What the finished gate is judged by and signed with, and what its page shows beside it."""
WITH_RESUME = ("resume", "workers", "as_json", "quiet", "annotate", *EVIDENCE)
"""Parameters that say how, not what: they go with --resume too."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(ends(run))


def run(
    context: typer.Context,
    candidate: OptionalCandidateArgument = None,
    profile: OptionalProfileOption = None,
    matrix: MatrixOption = None,
    pool: PoolOption = POOL.default,
    suite: SuiteOption = SUITE.default,
    previous: PreviousOption = None,
    oldest: OldestOption = None,
    cells: Annotated[
        list[str] | None,
        typer.Option(CELLS.flag, "-c", help=CELLS.help, autocompletion=completion.cells),
    ] = None,
    workers: Annotated[
        str, typer.Option("-n", help="How many cells run at once: a number, or auto.")
    ] = "auto",
    out: Annotated[Path | None, typer.Option(OUT.flag, help=OUT.help, show_default=OUT.shown)] = OUT.default,
    keep: Annotated[str, typer.Option(KEEP.flag, help=KEEP.help)] = KEEP.default,
    keep_at: Annotated[str | None, typer.Option(KEEP_AT.flag, help=KEEP_AT.help)] = KEEP_AT.default,
    fail_fast: Annotated[str | None, typer.Option(FAIL_FAST.flag, help=FAIL_FAST.help)] = FAIL_FAST.default,
    backend: BackendOption = BACKEND.default,
    infra_retries: Annotated[
        int, typer.Option(INFRA_RETRIES.flag, min=0, help=INFRA_RETRIES.help)
    ] = INFRA_RETRIES.default,
    resume: Annotated[
        Path | None,
        typer.Option(help="Continue this run: only cells that have no result, or were lost to the lab."),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the result as one JSON document; everything else goes to standard error."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")] = False,
    annotate: Annotated[
        str, typer.Option(help="Also print the reasons as annotations of a CI system: github or none.")
    ] = "none",
    sign: KeyOption = None,
    public_key: PublicHalf = None,
    policy: PolicyOption = None,
    policy_key: PolicyKeyOption = None,
    waivers: WaiversOption = None,
    baseline: BaselineOption = None,
    meta: MetaOption = None,
    history: HistoryOption = None,
    ledger: ShippedOption = None,
) -> int:
    """Run CANDIDATE through its matrix and publish the gate. The exit code is the verdict."""
    require_assertions()
    end_tidily()
    output = RunOutput(as_json=as_json, quiet=quiet, annotate=annotate)
    wanted_workers(workers)
    judging = Judging.asked_for(policy, policy_key, waivers, sign, public_key)
    showing = Showing.asked_for(meta, baseline, history, ledger)
    if resume is not None:
        if given := _given(context, besides=WITH_RESUME):
            raise ConfigurationError(
                f"--resume takes everything but -n from the run; leave out {', '.join(given)}."
            )
        return execute(resume_run(resume, output.say), workers, output, judging, showing)
    if candidate is None or profile is None:
        missing = "CANDIDATE" if candidate is None else "--profile"
        raise ConfigurationError(f"{missing} is missing.", hint="See bvt run --help.")
    request = requested(
        candidate=candidate,
        profile=profile,
        matrix=matrix,
        previous=previous,
        oldest=oldest,
        pool=pool,
        suite=suite,
        cells=cells,
        out=out,
        keep=keep,
        keep_at=keep_at,
        fail_fast=fail_fast,
        backend=backend,
        infra_retries=infra_retries,
    )
    return execute(prepare_run(request, output.say), workers, output, judging, showing)


def _given(context: typer.Context, *, besides: Collection[str]) -> list[str]:
    """What the command line holds, `besides` these parameters, as the user wrote it."""
    return [
        parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper()
        for parameter in context.command.params
        if parameter.name is not None
        and parameter.name not in besides
        and (source := context.get_parameter_source(parameter.name)) is not None
        and source.name != "DEFAULT"
    ]


def execute(
    directory: RunDirectory,
    workers: str,
    output: RunOutput,
    judging: Judging | None = None,
    showing: Showing | None = None,
) -> int:
    """Run what has no sealed report yet, then judge; the verdict's exit code. For a fresh run and a resumed one.

    `judging`: by what the finished gate is judged, and who signs it. `showing`: what its page shows beside it.
    """
    known: Gate | None = None
    try:
        carry_out(directory, workers, output.progress)
        gate = conclude(directory)
    except BaseException as error:
        if full := full_disk(directory.root, error):
            raise full from error
        if not is_interrupt(error):
            raise
        try:
            with suppress(HarnessError, OSError):  # on a full disk nothing can be written
                known = conclude(directory, interrupted=True)
        finally:  # somebody may press Ctrl-C once more
            output.interrupted(known, directory.root)
        raise
    if judging is not None:
        gate = judging.judged(directory.root, gate)
    if showing is not None:
        showing.show(directory.root, gate, judging.policy if judging else None)
    output.concluded(gate, directory.root)
    return gate.verdict.exit_code


def end_tidily() -> None:
    """End like on Ctrl-C when asked to end, and when the terminal is closed (unless nohup wants the run to go on)."""
    signal.signal(signal.SIGTERM, as_interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, as_interrupt)
