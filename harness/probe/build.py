"""Compiles the guest probe with mingw-w64, once per version of its sources and of the compiler."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.model.errors import InfrastructureError, ToolMissing
from harness.state import StateDirectory

COMPILER = "x86_64-w64-mingw32-gcc"
FLAGS = (
    "-std=gnu11",
    "-municode",
    "-static",
    "-Os",
    "-s",
    "-Wall",
    "-Wextra",
    "-Wno-cast-function-type",
    "-D_WIN32_WINNT=0x0601",
    "-D__USE_MINGW_ANSI_STDIO=0",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wl,--gc-sections",
    "-Wl,--no-insert-timestamp",
)
LIBRARIES = ("-ladvapi32",)
COMPILE_TIMEOUT_S = 120.0
SOURCES = Path(__file__).parent


def probe_exe(state: StateDirectory) -> Path:
    """`bvt-probe.exe` built from the sources beside this module; a second call finds the first one's file.

    Safe to call from several processes at once: each builds under a name of its own and renames.

    Raises:
        ToolMissing: mingw-w64 is not installed.
        InfrastructureError: the sources do not compile.

    """
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise ToolMissing(COMPILER, package="gcc-mingw-w64-x86-64", needed_for="building the guest probe")
    sources = sorted(SOURCES.glob("*.c"))
    target = state.part("tools", _digest(compiler, sources)) / "bvt-probe.exe"
    if not target.exists():
        _compile(compiler, sources, target)
    return target


def _digest(compiler: str, sources: list[Path]) -> str:
    digest = hashlib.sha256(_run([compiler, "--version"]).stdout.encode())
    digest.update("\0".join(FLAGS + LIBRARIES).encode())
    for source in sorted([*sources, *SOURCES.glob("*.h")]):
        digest.update(f"\0{source.name}\0".encode())
        digest.update(source.read_bytes())
    return f"probe-{digest.hexdigest()[:24]}"


def _compile(compiler: str, sources: list[Path], target: Path) -> None:
    handle, name = tempfile.mkstemp(prefix="building-", suffix=".exe", dir=target.parent)
    os.close(handle)
    building = Path(name)
    try:
        # Paths relative to the sources keep this machine's layout out of messages and of the program.
        argv = [compiler, *FLAGS, "-o", str(building), *(source.name for source in sources), *LIBRARIES]
        done = _run(argv)
        if done.returncode != 0:
            raise InfrastructureError(
                f"The guest probe does not compile:\n{done.stderr.strip()[:2000]}",
                hint="Expected mingw-w64 GCC 12 or newer.",
            )
        building.chmod(0o755)
        building.replace(target)
    finally:
        building.unlink(missing_ok=True)


def _run(argv: list[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            argv, cwd=SOURCES, check=False, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise InfrastructureError(
            f"The compiler did not finish the guest probe within {COMPILE_TIMEOUT_S:g} s.",
            hint="The machine is overloaded; try again.",
        ) from None
