"""`zeroed-data`: files of the agent hold nothing but zeros when the machine boots, as after a power cut.

A file system that keeps a journal of its names and sizes alone gives a file its length before it has its bytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.cell.check import NotTested
from harness.guest.services import ServiceStateNotReached
from harness.lifecycle.service_restart import restarted
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.written_files import STOP_S
from harness.model.errors import GuestFault

LARGEST = 1024 * 1024
"""Bytes that are written; a file that is larger ends there."""


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Stop the services, and overwrite what the profile names. Raises `NotTested` where nothing can be."""
    session, profile = timeline.session, timeline.session.profile
    if not profile.outlives_zeros:
        raise NotTested("the profile names no file whose loss the agent outlives (outlives_zeros)")
    for name in restarted(timeline):
        _stop(timeline, name)
    there = [file for file in session.guest.files(*profile.outlives_zeros) if file.exists and file.size]
    if not there:
        raise NotTested(
            f"none of the files that outlives_zeros names is there: {profile.outlives_zeros[0]} …"
        )
    for file in there:
        try:
            session.guest.write_file(file.path, bytes(min(file.size or 0, LARGEST)))
        except GuestFault as error:
            raise NotTested(f"{file.path} cannot be overwritten: {error.message}") from error
    session.note("holds zeros", ", ".join(file.path for file in there))
    yield


def _stop(timeline: Timeline, name: str) -> None:
    try:
        timeline.session.guest.services.stop(name, timeline.session.within(STOP_S))
    except ServiceStateNotReached as error:
        raise NotTested(f"service {name} cannot be stopped, so its files are in use: {error}") from error
