"""Standard output that may close before the command is done: `bvt run … | head`, a log collector that died."""

import os
import sys

from rich.console import Console


class Output(Console):
    """A console whose reader may leave. rich's own ends the program with exit code 1, which here means FAIL."""

    def on_broken_pipe(self) -> None:
        """Go on in silence: the run's result is in its directory and in its exit code."""
        self.quiet = True
        discard_output()


def discard_output() -> None:
    """Let what is still written to standard output vanish, so that Python's own flush at exit does not fail either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
