"""Which programs a machine's services started, with everything that these started, by the word of who started them."""

from collections.abc import Iterator
from pathlib import Path

from harness.machines.capabilities import StartedProgram
from harness.machines.wine_prefix.process_trace import STARTS, command_line

MOST_BYTES = 64 << 20
"""Of what was said; an agent that asks for processes without end says so without end."""


def read_started(file: Path) -> tuple[StartedProgram, ...]:
    """In the order in which they were started; none where nothing was said."""
    try:
        with file.open("rb") as said:
            return tuple(_started(said.read(MOST_BYTES)))
    except FileNotFoundError:
        return ()


def _started(said: bytes) -> Iterator[StartedProgram]:
    wanted: dict[tuple[bytes, bytes], tuple[str, float]] = {}
    for found in STARTS.finditer(said):
        who = (found["who"], found["thread"])
        if found["line"] is not None:
            wanted[who] = (command_line(found), float(found["at"]))
        elif who in wanted:
            line, at_s = wanted.pop(who)
            yield StartedProgram(
                pid=int(found["pid"], 16), parent=int(who[0], 16), command_line=line, at_s=at_s
            )
