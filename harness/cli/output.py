"""Standard output that may close before the command is done: `bvt run … | head`, a log collector that died."""

import os
import sys

from rich.console import Console

from harness.cli.beginning import discard, say

WIDE = 160
"""Characters per line where no terminal says how many there are."""


class Output(Console):
    """A console that shows text as it is, and whose reader may leave.

    Names come from candidates, files and guests: rich would take `[b]` in one for a style and `:x:` for a picture, and
    refuse `[/]`. What is meant to have a style is a `Text`. rich's own answer to a reader that left is exit code 1,
    which here means FAIL. Into a file or a pipe tables are wider than 80 characters, or names would lose their ends.

    `spare`: the result is elsewhere too (a run's directory and exit code), so output that cannot be written, on a full
    disk say, is no reason to stop. Else it raises `OSError`.
    """

    def __init__(
        self,
        *,
        width: int | None = None,
        soft_wrap: bool = False,
        spare: bool = False,
        stderr: bool = False,
    ) -> None:
        super().__init__(width=width, soft_wrap=soft_wrap, markup=False, emoji=False, stderr=stderr)
        self._spare = spare
        if width is None and not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = WIDE

    def on_broken_pipe(self) -> None:
        """Go on in silence: the run's result is in its directory and in its exit code."""
        self.quiet = True
        discard(sys.stderr.fileno() if self.stderr else sys.stdout.fileno())

    def _check_buffer(self) -> None:
        try:
            super()._check_buffer()
        except OSError as error:
            if not self._spare:
                raise
            self.on_broken_pipe()
            say(f"standard output cannot be written ({error.strerror or error}); going on without it")


def discard_output() -> None:
    """Let what is still written to standard output vanish, so that Python's own flush at exit does not fail either."""
    discard(sys.stdout.fileno())
