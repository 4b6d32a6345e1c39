"""`leftovers`: an earlier version was taken away halfway: files of it, its data and dead values are there."""

import ntpath
from collections.abc import Iterator
from contextlib import contextmanager

from harness.guest.system_tools import REG
from harness.lifecycle.timeline import Timeline

COMMAND_S = 30
NAME = "left-over.dat"
NEIGHBOUR = "neighbour.txt"
"""Of another product of the same vendor, in the folder above: it keeps that folder, and must stay."""


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """A file in each declared place that an installer writes over or beside; values that say nothing any more."""
    guest, profile = timeline.session.guest, timeline.session.profile
    for folder in dict.fromkeys((profile.install_dir, *profile.data_dirs)):
        guest.write_file(f"{ntpath.dirname(folder)}\\{NEIGHBOUR}", b"another product's")
    # Of the agent's data only: what lies in its program folder no installer knows, and none takes away.
    for folder in profile.data_dirs:
        guest.write_file(f"{folder}\\{NAME}", b"\x00\xffleft by an earlier version")
    for file in profile.files:
        guest.write_file(file.path, b"left by an earlier version")
    for value in profile.upgrade.left_over:
        place = [REG, "add", value.key, "/v", value.name, "/t", "REG_SZ", "/d", value.value, "/f"]
        guest.run(place, timeout_s=COMMAND_S)
    yield
