"""Reclaims what killed runs left behind: each intent's provider removes what the intent names."""

from harness.machines.intent import Intent, read_intents
from harness.machines.registry import load_provider
from harness.model.errors import HarnessError
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory


def clean(state: StateDirectory, *, all: bool = False, kept: bool = False) -> list[str]:  # noqa: A002 - the option's name
    """Remove every orphan; with `kept` also machines kept on purpose, with `all` also those of live runs.

    Returns one line per thing removed, or that could not be. One machine's failure does not stop the others.
    """
    said: list[str] = []
    for intent in read_intents(state.intents):
        if _wanted(intent, all=all, kept=kept):
            said.extend(_reclaim(state, intent))
    for path in state.intents.glob("*.tmp"):
        path.unlink(missing_ok=True)
    return said


def _wanted(intent: Intent, *, all: bool, kept: bool) -> bool:  # noqa: A002
    if intent.kept:
        return kept or all
    return all or intent.orphaned


def _reclaim(state: StateDirectory, intent: Intent) -> list[str]:
    path = state.intents / f"{intent.machine_id}.json"
    try:
        pool = Pool(provider=intent.provider, substrates=(Substrate.WINE,))
        removed = load_provider(pool, state).reclaim(path)
    except HarnessError as error:
        return [f"{intent.machine_id}: not removed: {error}"]
    return [f"{intent.machine_id}: removed {thing}" for thing in removed] or [
        f"{intent.machine_id}: nothing was left"
    ]


def orphans(state: StateDirectory) -> list[Intent]:
    """Intents whose owner is dead and whose machine was not kept."""
    return [intent for intent in read_intents(state.intents) if intent.orphaned]


def reclaim_run(state: StateDirectory, run_id: str) -> list[str]:
    """Remove what is left of one run's machines, except those kept: the run itself has ended."""
    return [
        line
        for intent in read_intents(state.intents)
        if intent.run_id == run_id and not intent.kept
        for line in _reclaim(state, intent)
    ]
