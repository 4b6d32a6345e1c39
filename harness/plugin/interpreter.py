"""What a run needs of Python itself."""

import sys

from harness.model.errors import ConfigurationError


def require_assertions() -> None:
    """Raise `ConfigurationError` if this Python leaves assert statements out: checks speak by them."""
    if sys.flags.optimize:
        raise ConfigurationError(
            "Python runs with -O or PYTHONOPTIMIZE, so no check could fail.", hint="Start it without."
        )
