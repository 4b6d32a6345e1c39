"""The end of a run: judge what is on disk, publish the gate and its pages, remove what is no longer needed."""

import shutil
from datetime import UTC, datetime

from harness.gate.artifact import build_gate, publish
from harness.machines.hygiene import reclaim_run
from harness.model.gate import Gate
from harness.reports.publish import write_reports
from harness.run.directory import KeepPolicy, RunDirectory
from harness.state import StateDirectory


def conclude(run: RunDirectory) -> Gate:
    """Publish `gate.json`, the page, JUnit and the summary. Reads only what is on disk, so it can be repeated.

    Raises `OSError` if they cannot be written.
    """
    settings = run.settings()
    reclaim_run(StateDirectory.default(), settings.run_id)
    gate = build_gate(
        run.root,
        run.plan(),
        settings.run_id,
        duration_s=max(0.0, (datetime.now(UTC) - settings.began).total_seconds()),  # clocks are set back too
        selected=settings.selected,
    )
    publish(run.root, gate)
    write_reports(run.root, gate)
    if settings.keep is KeepPolicy.NEVER:
        shutil.rmtree(run.work, ignore_errors=True)
    return gate
