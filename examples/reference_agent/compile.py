"""Compiles the agent with mingw-w64. Each object is cached under what it really depends on.

A source sees only the `DEFECT_…` macros it names, so a candidate with a defect shares all other objects with the good
one, and the good one holds no trace of any defect.
"""

import hashlib
import re
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from examples.reference_agent.defects import DEFECTS, TRAITS, macro
from harness.model.errors import InfrastructureError, ToolMissing

SOURCES = Path(__file__).parent / "src"
COMPILER = "x86_64-w64-mingw32-gcc"
RESOURCE_COMPILER = "x86_64-w64-mingw32-windres"
FLAGS = (
    "-std=c17 -O2 -municode -Wall -Wextra -Werror -D_WIN32_WINNT=0x0601 -DUNICODE -D_UNICODE "
    "-DWIN32_LEAN_AND_MEAN -D__USE_MINGW_ANSI_STDIO=1 -ffile-prefix-map=" + str(SOURCES) + "=src"
).split()
HEADERS = "".join(
    f"#include <{name}.h>\n"
    for name in (
        *("winsock2", "windows", "stdbool", "stddef", "stdint"),
        *("stdio", "stdlib", "string", "time", "wchar"),
    )
)
LIBRARIES = [
    f"-l{name}"
    for name in (
        "winhttp",
        "ws2_32",
        "iphlpapi",
        "bcrypt",
        "crypt32",
        "netapi32",
        "advapi32",
        "shell32",
        "ntdll",
    )
]

_RESOURCE = """\
1 VERSIONINFO
FILEVERSION {comma}
PRODUCTVERSION {comma}
FILETYPE 1
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904b0"
    BEGIN
      VALUE "CompanyName", "BVT"
      VALUE "FileDescription", "BVT Reference Agent"
      VALUE "FileVersion", "{version}"
      VALUE "OriginalFilename", "refagent.exe"
      VALUE "ProductName", "BVT Reference Agent"
      VALUE "ProductVersion", "{version}"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
"""


def run(*argv: str, cwd: Path | None = None) -> str:
    """Run a build tool; its standard output. Raises `ToolMissing`, or `InfrastructureError` with what it printed."""
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ToolMissing(argv[0], needed_for="building the reference agent") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise InfrastructureError(f"{argv[0]} failed while building the reference agent: {said}")
    return done.stdout


def sources_digest() -> str:
    """SHA-256 over everything that the built MSI depends on beside the options."""
    digest = hashlib.sha256()
    room = Path(__file__).parent
    for path in sorted([*SOURCES.iterdir(), *room.glob("*.py"), *room.glob("*.wxs")]):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def definitions(source: str, version: str, defects: frozenset[str]) -> list[str]:
    """The `-D` options that this source text needs."""
    named = set(re.findall(r"\b(?:DEFECT|TRAIT)_\w+", source))
    flags = [f"-D{macro(name)}={int(name in defects)}" for name in DEFECTS | TRAITS if macro(name) in named]
    if "BUILD_VERSION" in source:
        flags.append(f'-DBUILD_VERSION="{version}"')
    return flags


def _parsed_headers(cache: Path) -> Path:
    """The headers that most sources have, parsed once: to parse them is nine tenths of what a source takes.

    The objects are the same, byte for byte. A compiler that cannot use what another one parsed reads the text.
    """
    key = hashlib.sha256("\0".join([HEADERS, *FLAGS]).encode()).hexdigest()[:24]
    target = cache / f"headers-{key}.h"
    if not target.exists():
        # Names of its own: another one that compiles may do the same, or read what is there already.
        fresh = cache / f"fresh-{secrets.token_hex(8)}.h"
        parsed = fresh.with_suffix(".gch")
        fresh.write_text(HEADERS, "ascii")
        run(COMPILER, *FLAGS, str(fresh), "-o", str(parsed))
        parsed.replace(f"{target}.gch")
        fresh.replace(target)
    return target


def _object(
    path: Path, headers: bytes, parsed: Path, version: str, defects: frozenset[str], cache: Path
) -> Path:
    content = path.read_text("utf-8")
    flags = [*FLAGS, *definitions(content, version, defects)]
    key = hashlib.sha256(headers + content.encode() + "\0".join(flags).encode()).hexdigest()[:24]
    target = cache / f"{path.stem}-{key}.o"
    if not target.exists():
        fresh = target.with_suffix(f".{id(flags):x}.tmp")
        run(COMPILER, *flags, "-include", str(parsed), "-c", str(path), "-o", str(fresh))
        fresh.replace(target)
    return target


def compile_agent(version: str, defects: frozenset[str], work: Path, cache: Path) -> Path:
    """Build `refagent.exe` in `work`, sharing objects in `cache`. Raises `ToolMissing` and `InfrastructureError`."""
    cache.mkdir(parents=True, exist_ok=True)
    headers = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.h")))
    parsed = _parsed_headers(cache)
    with ThreadPoolExecutor(2) as pool:
        objects = list(
            pool.map(
                lambda path: _object(path, headers, parsed, version, defects, cache),
                sorted(SOURCES.glob("*.c")),
            )
        )
    shown = "0.0.1" if "wrong-file-version" in defects else version
    comma = ",".join((shown.split(".") + ["0"] * 4)[:4])
    (work / "version.rc").write_text(_RESOURCE.format(comma=comma, version=shown), "ascii")
    run(RESOURCE_COMPILER, "-O", "coff", "version.rc", "version.res", cwd=work)
    executable = work / "refagent.exe"
    linked = [str(path) for path in objects]
    libraries = [*LIBRARIES, *(["-lvcruntime140_app"] if "needs-a-runtime" in defects else [])]
    run(COMPILER, "-municode", "-s", "-o", str(executable), *linked, str(work / "version.res"), *libraries)
    return executable
