"""What a process makes once and keeps to its end: no garbage is looked for in it, at its making or later."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """Hold the collector back while modules are imported or checks collected, and leave out what there is then."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
