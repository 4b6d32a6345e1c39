"""Runs the Debian tools that read installers, each with a deadline."""

import os
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from harness.model.errors import InfrastructureError, ToolMissing

PACKAGES = {
    "msiinfo": "msitools",
    "cabextract": "cabextract",
    "osslsigncode": "osslsigncode",
    "openssl": "openssl",
}


class ToolTimedOut(InfrastructureError):
    """A tool on the host did not end in time. No `DeadlineExceeded`: that may be the candidate's slowness."""

    def __init__(self, what: str, seconds: float) -> None:
        hint = "The file may be damaged; try the command by hand."
        super().__init__(f"{what} did not end within {seconds:g} s.", hint=hint)


@dataclass(frozen=True)
class ToolOutput:
    """What a tool said. Its exit code is no proof: msiinfo says 0 for a file that it cannot open."""

    code: int
    out: str
    err: str


def run_tool(
    tool: str,
    *arguments: str | Path,
    needed_for: str,
    timeout_s: float = 60,
    out: Path | None = None,
    cwd: Path | None = None,
) -> ToolOutput:
    """Run `tool`, in the directory `cwd`, if one is named; its output goes into the file `out`, if one is named.

    Raises `ToolMissing` if it is not installed, `ToolTimedOut` if it hangs. Output is decoded as UTF-8 with
    replacement: msitools converts every codepage to it.
    """
    try:
        with out.open("wb") if out is not None else nullcontext(subprocess.PIPE) as target:
            done = subprocess.run(
                [tool, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.PIPE,
                timeout=timeout_s,
                check=False,
                cwd=cwd,
                env=os.environ | {"LC_ALL": "C.UTF-8"},
            )
    except FileNotFoundError:
        raise ToolMissing(tool, package=PACKAGES[tool], needed_for=needed_for) from None
    except subprocess.TimeoutExpired:
        raise ToolTimedOut(f"{needed_for} with {tool}", timeout_s) from None
    said = (done.stdout or b"").decode(errors="replace")
    return ToolOutput(done.returncode, said, done.stderr.decode(errors="replace"))
