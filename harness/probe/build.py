"""Compiles the guest probe with mingw-w64, once per version of its sources and of the compiler."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.file_lock import held
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError, ToolMissing
from harness.state import StateDirectory

COMPILER = "x86_64-w64-mingw32-gcc"
COMPILE = (
    "-std=gnu11",
    "-municode",
    "-Os",
    "-Wall",
    "-Wextra",
    "-Wno-cast-function-type",
    "-Werror=implicit-function-declaration",
    "-D_WIN32_WINNT=0x0601",
    "-D__USE_MINGW_ANSI_STDIO=0",
    "-DWIN32_LEAN_AND_MEAN",  # halves the time that <windows.h> takes
    "-ffunction-sections",
    "-fdata-sections",
)
HEADERS = "".join(f"#include <{name}.h>\n" for name in ("winsock2", "windows", "stdio", "stdlib", "string"))
"""What most sources include. To parse it is nine tenths of what a source takes, so that is done once for all."""
LINK = ("-municode", "-static", "-s", "-Wl,--gc-sections", "-Wl,--no-insert-timestamp")
LIBRARIES = ("-ladvapi32",)
BUILD_TIMEOUT_S = 300.0
SOURCES = Path(__file__).parent


def probe_exe(state: StateDirectory) -> Path:
    """`bvt-probe.exe` built from the sources beside this module; a second call finds the first one's file.

    Safe to call from several processes at once: one builds, the others wait for it.

    Raises:
        ToolMissing: mingw-w64 is not installed.
        InfrastructureError: the sources do not compile, or not in time.

    """
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise ToolMissing(COMPILER, package="gcc-mingw-w64-x86-64", needed_for="building the guest probe")
    sources = sorted(SOURCES.glob("*.c"))
    target = state.part("tools", _digest(compiler, sources)) / "bvt-probe.exe"
    if not target.exists():
        deadline = Deadline.after(BUILD_TIMEOUT_S)
        with held(target.parent / ".lock", "builds the guest probe", deadline):
            if not target.exists():
                _build(compiler, sources, target, deadline)
    return target


def _digest(compiler: str, sources: list[Path]) -> str:
    version = _run([compiler, "--version"], Deadline.after(BUILD_TIMEOUT_S)).stdout
    digest = hashlib.sha256(version.encode())
    digest.update("\0".join((*COMPILE, HEADERS, *LINK, *LIBRARIES)).encode())
    for source in sorted([*sources, *SOURCES.glob("*.h")]):
        digest.update(f"\0{source.name}\0".encode())
        digest.update(source.read_bytes())
    return f"probe-{digest.hexdigest()[:24]}"


def _build(compiler: str, sources: list[Path], target: Path, deadline: Deadline) -> None:
    with tempfile.TemporaryDirectory(prefix="building-", dir=target.parent) as scratch:
        headers = Path(scratch) / "headers.h"
        headers.write_text(HEADERS, "ascii")
        _checked([compiler, *COMPILE, str(headers), "-o", f"{headers}.gch"], deadline)

        def compiled(source: Path) -> str:
            # Paths relative to the sources keep this machine's layout out of messages and of the program.
            made = str(Path(scratch) / f"{source.stem}.o")
            _checked([compiler, *COMPILE, "-include", str(headers), "-c", source.name, "-o", made], deadline)
            return made

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compiled, sources))
        building = Path(scratch) / target.name
        _checked([compiler, *LINK, "-o", str(building), *objects, *LIBRARIES], deadline)
        building.chmod(0o755)
        building.replace(target)


def _checked(command: Sequence[str], deadline: Deadline) -> None:
    done = _run(command, deadline)
    if done.returncode != 0:
        raise InfrastructureError(
            f"The guest probe does not compile:\n{done.stderr.strip()[:2000]}",
            hint="Expected mingw-w64 GCC 12 or newer.",
        )


def _run(command: Sequence[str], deadline: Deadline) -> "subprocess.CompletedProcess[str]":
    deadline.require("the build of the guest probe", hint="The machine is overloaded; try again.")
    try:
        return subprocess.run(
            command, cwd=SOURCES, check=False, capture_output=True, text=True, timeout=deadline.remaining_s
        )
    except subprocess.TimeoutExpired:
        raise InfrastructureError(
            f"The compiler did not finish the guest probe within {deadline.length_s:g} s.",
            hint="The machine is overloaded; try again.",
        ) from None
