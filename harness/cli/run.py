"""`bvt run`: the whole job, from the candidate to the verdict."""

import os
import shlex
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import pytest
import typer

from harness.cli import completion
from harness.cli.beginning import as_interrupt
from harness.cli.compared import BaselineOption, HistoryOption, MetaOption, ShippedOption, Showing
from harness.cli.ending import NO_ROOM, ends, is_interrupt
from harness.cli.evidence import (
    Judging,
    KeyOption,
    PolicyKeyOption,
    PolicyOption,
    PublicHalf,
    WaiversOption,
)
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
from harness.cli.output import Output
from harness.cli.run_output import RunOutput, shown
from harness.machines.cleaning import reclaim_run
from harness.machines.registry import load_provider
from harness.model.errors import ConfigurationError, HarnessError, InfrastructureError
from harness.model.gate import Gate
from harness.model.plan import Cell
from harness.model.plural import plural
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
from harness.rundir import work_directory, work_times
from harness.rundir.conclusion import conclude
from harness.rundir.directory import RunDirectory
from harness.rundir.waits import Waits
from harness.state import StateDirectory

CALLERS_PYTEST = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
"""Meant for the caller's own tests; here they could leave checks out or change what these come to."""


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
    workers: Annotated[str, typer.Option("-n", help="Cells at once: a number, or auto.")] = "auto",
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
        typer.Option(help="Go on with this run directory: only cells without a result, or lost to the lab."),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the result as one JSON document; all else to standard error."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone.")] = False,
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
    _wanted_workers(workers)
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
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise _no_room(directory.root, error) from error
    except BaseException as error:
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


def _no_room(root: Path, error: OSError) -> InfrastructureError:
    return InfrastructureError(
        f"{error.filename or root}: {error.strerror}, so the gate could not be written.",
        hint=f"Make room there, then go on with: bvt run --resume {shlex.quote(str(shown(root)))}",
    )


def carry_out(directory: RunDirectory, workers: str, console: Output) -> None:
    """Run the cells that have no sealed report yet; whatever happens, only machines that were to be kept are left.

    A run that is stopped leaves what it needs to go on: reports, and when it was at work. Raises `KeyboardInterrupt`
    if the user stopped it.
    """
    settings, plan, state = directory.settings(), directory.plan(), StateDirectory.default()
    chosen = [cell for cell in plan.cells if cell.id in settings.selected and not directory.sealed(cell.id)]
    count = _worker_count(workers, directory, chosen)
    console.print(
        f"{plan.candidate.product_name} {plan.candidate.version}: {plural(len(chosen), 'cell')} in pool"
        f" {settings.pool_name}, {count} at once; evidence in {shown(directory.root)}"
    )
    try:
        if chosen:
            code = _run_pytest(directory, chosen, count, console)
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
                _blame_the_lab(directory, chosen, code)
    except BaseException:
        reclaim_run(state, settings.run_id)
        work_directory.release(state, directory, settings.run_id)
        with suppress(HarnessError, OSError):  # a resumption then takes the run's last file for its end
            work_times.end(directory)
        raise
    reclaim_run(state, settings.run_id)


def _blame_the_lab(directory: RunDirectory, chosen: list[Cell], code: int) -> None:
    """Pytest itself broke: cells without a report were lost to the lab, not merely left out."""
    for cell in chosen:
        if not directory.sealed(cell.id):
            directory.mark_started(cell.id, {"error": f"pytest ended with exit code {code}"})


def _run_pytest(directory: RunDirectory, chosen: list[Cell], count: int, console: Output) -> int:
    """Run the checks in this process (and `count` workers); pytest's own exit code."""
    from harness.cli.progress import Progress  # brings in all that a run needs, which other commands do not

    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in CALLERS_PYTEST:
        os.environ.pop(name, None)
    arguments = [
        "--pyargs",
        "harness.checks",
        f"--bvt-run={directory.root}",
        f"--alluredir={directory.root / 'allure'}",
        f"--rootdir={directory.root}",
        "-c",
        os.devnull,
        "--noconftest",  # those around the place that it is called from are no part of it
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:unraisableexception",  # tidies memory up five times at the end of each process: a test suite's need
        *(["-n", str(count)] if count > 1 else []),
    ]
    progress = Progress(chosen, console, waits=Waits(directory.waits).read)
    code = int(pytest.main(arguments, plugins=[progress]))
    if progress.interrupted:
        raise KeyboardInterrupt
    return code


def _wanted_workers(asked: str) -> int | None:
    """The number that -n gives; None for auto."""
    if asked == "auto":
        return None
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    raise ConfigurationError(f"-n takes a number of at least 1, or auto, not {asked!r}.")


def _worker_count(asked: str, directory: RunDirectory, chosen: list[Cell]) -> int:
    wanted = _wanted_workers(asked)
    if wanted is None:
        pool = directory.settings().pool
        provider = load_provider(pool, StateDirectory.default())
        wanted = provider.capacity(pool.memory_mb, pool.cpus)
    return max(1, min(wanted, len(chosen)))


def end_tidily() -> None:
    """End like on Ctrl-C when asked to end, and when the terminal is closed (unless nohup wants the run to go on)."""
    signal.signal(signal.SIGTERM, as_interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, as_interrupt)
