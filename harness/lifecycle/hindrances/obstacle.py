"""`by: obstacle`: where the last declared file has to go there is a folder already, so that it cannot be written."""

import ntpath
from collections.abc import Iterator

from harness.cell.check import NotTested
from harness.lifecycle.attempt import Attempt
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.under_way import run_to_its_end
from harness.model.steps import Step

COMMAND_S = 30


def hinder(timeline: Timeline, step: Step) -> Attempt:
    """Put the folder there, let the installer fail, take it away. Raises `NotTested` if the profile declares no file."""
    session = timeline.session
    assert step.work is not None
    if not session.profile.files:
        raise NotTested("the profile declares no file that something could stand in the way of")
    path = ntpath.normpath(session.profile.files[-1].path)
    above = [folder for folder in _above(path) if not session.guest.files(folder)[0].exists]
    # Something in it, so that nobody takes it for an empty folder of their own.
    session.guest.run(["cmd", "/c", "del", "/f", "/q", path], timeout_s=COMMAND_S)
    session.guest.write_file(f"{path}\\in-the-way.txt", b"not yours")
    try:
        result = run_to_its_end(timeline, step)
    finally:
        session.guest.run(["cmd", "/c", "rd", "/s", "/q", path], timeout_s=COMMAND_S)
        for folder in above:  # one in which the installer left anything stays
            session.guest.run(["cmd", "/c", "rd", folder], timeout_s=COMMAND_S)
    return Attempt(step.work, f"a folder stood in the place of {path}", result)


def _above(path: str) -> Iterator[str]:
    """The folders above a path but for the drive, the nearest first."""
    while (path := ntpath.dirname(path)) != ntpath.dirname(path):
        yield path
