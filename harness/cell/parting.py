"""The end of a cell's machine: destroyed, kept running, or put away as a capsule."""

from collections.abc import Callable

from harness.cell.best_effort import BestEffort
from harness.cell.recorder import CellRecorder
from harness.machines.capabilities import HasCapsule
from harness.machines.provider import Machine
from harness.model.errors import InfrastructureError
from harness.rundir.settings import KeepPolicy, RunSettings


def part_with(
    machine: Machine,
    settings: RunSettings,
    recorder: CellRecorder,
    best_effort: BestEffort,
    on_kept: Callable[[str], None],
) -> None:
    """Keep the machine if the run asks for it and it is possible, else end it. Raises nothing.

    `on_kept` gets the id of a machine that is kept with the agent on it.
    """
    kept = False
    if settings.keeps(failed=recorder.failed):
        capsule = settings.keep is KeepPolicy.CAPSULE and _is_put_away(machine, best_effort)
        with best_effort("kept"):
            if not capsule:
                machine.keep()
            kept = True
        # Where the agent is still on it, somebody will want to see it talk.
        if kept and not capsule and (settings.keep_at_failure or settings.until is not None):
            with best_effort("kept: its backend"):
                on_kept(machine.machine_id)
    if not kept:
        with best_effort("removed yet; bvt clean does it"):
            abandon(machine, recorder)


def abandon(machine: Machine, recorder: CellRecorder) -> None:
    """End a machine as far as its host still answers; the rest stays in its intent, for `bvt clean`."""
    try:
        machine.destroy()
    except InfrastructureError as left:
        recorder.amend_attempt(message=f"{recorder.attempts[-1].message} Not removed yet: {left}".strip())


def _is_put_away(machine: Machine, best_effort: BestEffort) -> bool:
    """Whether the machine is a capsule now. One that cannot be is kept running, and the report says so."""
    if not isinstance(machine, HasCapsule):
        best_effort.missing.append(
            "Not put away as a capsule: this provider's machines can only be kept running."
        )
        return False
    with best_effort("put away as a capsule"):
        machine.put_away()
        return True
    return False
