"""What is wrong with a machine when a step begins: one file each.

A new one is a file, a line here, and its name in `model/dirt.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager

from harness.lifecycle.dirt import (
    another_installation,
    backend_down,
    backend_gone,
    clock_ahead,
    code_page,
    ghost_product,
    hanging_service,
    isolated,
    isolated_reboot,
    leftovers,
    missing_package,
    pending_reboot,
    zeroed_data,
)
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase
from harness.model.steps import cannot_be_made, dirt_at

MAKES: Mapping[str, Callable[[Timeline], AbstractContextManager[None]]] = {
    "ghost-product": ghost_product.soil,
    "leftovers": leftovers.soil,
    "pending-reboot": pending_reboot.soil,
    "clock-ahead": clock_ahead.soil,
    "code-page": code_page.soil,
    "backend-down": backend_down.soil,
    "backend-gone": backend_gone.soil,
    "another-installation": another_installation.soil,
    "missing-package": missing_package.soil,
    "hanging-service": hanging_service.soil,
    "isolated": isolated.soil,
    "isolated-reboot": isolated_reboot.soil,
    "zeroed-data": zeroed_data.soil,
}


@contextmanager
def soiled(timeline: Timeline, phase: Phase) -> Iterator[bool]:
    """Make the machine as dirty as the scenario has it for this step; whether it has it so at all."""
    steps = timeline.session.cell.steps
    # A machine that cannot show it is left clean: no check but those of phase machine applies there.
    unplayed = phase is Phase.MACHINE and cannot_be_made(steps, timeline.session.machine.guest_system)
    names = () if unplayed else dirt_at(steps, phase)
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(MAKES[name](timeline))
        yield bool(names)
