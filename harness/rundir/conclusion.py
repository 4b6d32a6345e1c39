"""The end of a run: judge what is on disk, publish the gate and its pages, remove what is no longer needed."""

import os

from harness.gate.artifact import build_gate, publish
from harness.machines.cleaning import reclaim_run
from harness.model.gate import Gate
from harness.reports.publish import write_reports
from harness.rundir import work_directory, work_times
from harness.rundir.directory import RunDirectory
from harness.rundir.early_end import ended_by
from harness.state import StateDirectory


def conclude(run: RunDirectory, *, interrupted: bool = False) -> Gate:
    """Publish `gate.json`, the page, JUnit and the summary. Reads only what is on disk, so it can be repeated.

    `interrupted`: somebody stopped the run; cells without a report are then missing, not lost to the lab.

    Raises `OSError` if they cannot be written.
    """
    settings, state = run.settings(), StateDirectory.default()
    reclaim_run(state, settings.run_id)
    failure = ended_by(run)
    gate = build_gate(
        run.root,
        run.plan(),
        settings.run_id,
        duration_s=work_times.end(run),
        selected=settings.selected,
        merged=settings.merged,
        interrupted=interrupted,
        ended_early=str(failure) if failure is not None else "",
    )
    publish(run.root, gate)
    write_reports(run.root, gate, os.environ)
    work_directory.release(state, run, settings.run_id)
    return gate
