"""`hanging-service`: the agent's services hang, and hear nobody, when they are to be uninstalled."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.cell.check import NotTested
from harness.lifecycle.timeline import Timeline
from harness.probe.answers.services import Service
from harness.probe.reading import read_value


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Suspend every process of theirs. Raises `NotTested` if none runs."""
    session = timeline.session
    names = [service.name for service in session.profile.services if service.running]
    pids = [
        each.manager.pid
        for name in names
        for each in read_value("services", list[Service], session.guest.probe("services", name))
        if each.manager is not None and each.manager.pid
    ]
    if not pids:
        raise NotTested("no service of the agent runs that could hang")
    for pid in pids:
        session.guest.probe("suspend", str(pid))
    yield
