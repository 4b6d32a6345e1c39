"""The compiler of the programs that a Wine machine has of the harness."""

import shutil
import subprocess
from pathlib import Path

from harness.model.errors import DeadlineExceeded, InfrastructureError, ToolMissing

COMPILER = "x86_64-w64-mingw32-gcc"
_COMPILE_S = 60.0


def compile_for_guest(source: Path, program: Path) -> None:
    """Make a console program. Raises `InfrastructureError`, `ToolMissing` without the cross-compiler."""
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise ToolMissing(COMPILER, package="gcc-mingw-w64-x86-64", needed_for="the Wine template's programs")
    try:
        built = subprocess.run(
            [compiler, "-municode", "-O2", "-s", "-Wall", "-o", program, source],
            capture_output=True,
            text=True,
            timeout=_COMPILE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeadlineExceeded(f"The compilation of {source.name}", _COMPILE_S) from error
    if built.returncode != 0:
        raise InfrastructureError(f"{source.name} does not compile: {built.stderr.strip()[-500:]}")
