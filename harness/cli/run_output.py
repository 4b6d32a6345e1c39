"""What `bvt run` says: lines while it works, and at its end the result in the form that was asked for."""

import shlex
from pathlib import Path

from harness.cli.output import Output
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate
from harness.reports.annotations import Annotations, github_annotations
from harness.reports.brief import brief_json
from harness.reports.ending import ending_text
from harness.reports.publish import PAGE_FILE
from harness.reports.summary import summary_text


class RunOutput:
    """Two streams: progress, and the result.

    As JSON the result is the only thing on standard output, one document, and everything else goes to standard error.
    `quiet` leaves the progress out. Raises `ConfigurationError` for annotations of an unknown system.
    """

    def __init__(
        self, *, as_json: bool = False, quiet: bool = False, annotate: str = Annotations.NONE
    ) -> None:
        if annotate not in tuple(Annotations):
            raise ConfigurationError(f"--annotate takes {', '.join(Annotations)}, not {annotate!r}.")
        self._as_json, self._annotate = as_json, Annotations(annotate)
        self.progress = Output(soft_wrap=True, spare=True, stderr=as_json)
        self.progress.quiet = quiet
        self._result = Output(soft_wrap=True, spare=True)
        self._beside = Output(soft_wrap=True, spare=True, stderr=True) if as_json else self._result

    def say(self, line: str) -> None:
        """One line about work in progress."""
        self.progress.print(line, style="dim", markup=False)

    def concluded(self, gate: Gate, root: Path) -> None:
        """The end of a run that was judged."""
        if self._as_json:
            self._result.print(brief_json(gate, root), markup=False, highlight=False)
        else:
            self._result.print(summary_text(gate), markup=False, highlight=False)
            ending = ending_text(gate, page=shown(root / PAGE_FILE), run=shown(root))
            self._result.print(ending, markup=False, highlight=False, end="")
        if self._annotate is Annotations.GITHUB:
            for line in github_annotations(gate):
                self._beside.print(line, markup=False, highlight=False)

    def interrupted(self, gate: Gate | None, root: Path) -> None:
        """The end of a run that was stopped; `gate`: what is known so far, if it could be written."""
        if gate is not None and self._as_json:
            self._result.print(brief_json(gate, root), markup=False, highlight=False)
        self._beside.print(
            f"continue with: bvt run --resume {shlex.quote(str(shown(root)))}", markup=False, highlight=False
        )


def shown(path: Path) -> Path:
    """Relative to the current directory where that is shorter."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
