"""Finds a machine provider by its folder's name. A new one is a folder with `provider.py`; nothing is listed here."""

import importlib
import re
from pathlib import Path

from harness.machines.provider import MachineProvider
from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory


def provider_names() -> list[str]:
    """The providers that this checkout has."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/provider.py"))


def load_provider(pool: Pool, state: StateDirectory) -> MachineProvider:
    """The provider that `pool` names, made for that pool.

    Raises `ConfigurationError` if there is none of that name or the pool's options do not suit it, `ToolMissing` if it
    needs a Python package that is not installed.
    """
    name = pool.provider
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or name not in provider_names():
        raise ConfigurationError(
            f"there is no machine provider {name!r}; there is: {', '.join(provider_names())}.", key="provider"
        )
    module = importlib.import_module(f"harness.machines.{name}")
    provider: MachineProvider = module.make_provider(pool, state)
    return provider


def plain_pool(name: str) -> Pool:
    """A pool of the provider of this name, without any options."""
    return Pool(provider=name, substrates=tuple(Substrate))


def provider_of(name: str, state: StateDirectory) -> MachineProvider:
    """The provider of this name for what needs no pool: to look at machines and to remove them.

    Raises `ConfigurationError` if there is none of that name.
    """
    return load_provider(plain_pool(name), state)
