"""Finds a machine that exists, kept or of a run that is going on, and the provider that can show its screen."""

from harness.machines.capabilities import Viewable
from harness.machines.intent import Intent, read_intents
from harness.machines.registry import provider_of
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory


def existing(state: StateDirectory, name: str) -> Intent:
    """The machine with this machine id, or the newest of this cell id. Raises `ConfigurationError` if there is none."""
    machines = [intent for intent in read_intents(state.intents) if intent.cell_id]
    machines.sort(key=lambda intent: intent.created, reverse=True)
    for intent in machines:
        if name in (intent.machine_id, intent.cell_id):
            return intent
    there = ", ".join(f"{intent.machine_id} ({intent.cell_id})" for intent in machines)
    raise ConfigurationError(
        f"No machine is called {name!r}. There is {there or 'no machine at all'}.",
        hint="Machines exist while their run goes on, and longer with: bvt run --keep failed",
    )


def viewable(state: StateDirectory, intent: Intent) -> Viewable:
    """The provider of a machine, which can show it. Raises `ConfigurationError` if its machines have no screen."""
    provider = provider_of(intent.provider, state)
    if not isinstance(provider, Viewable):
        raise ConfigurationError(
            f"{intent.machine_id} is a {intent.provider} machine, which has neither screen nor serial console.",
            hint=f"A kept one can be used with: bvt shell {intent.cell_id}",
        )
    return provider
