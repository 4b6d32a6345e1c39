"""Builds the reference agent's MSI.

`python -m examples.reference_agent.build [--version 1.2.3] [--defect NAME …] [--out DIR] [--platform arm64]` prints the
path of the MSI. A second build of the same sources with the same options takes it from the cache.
"""

import argparse
import fcntl
import hashlib
import re
import sys
import tempfile
from pathlib import Path

from examples.reference_agent import compile as compiling
from examples.reference_agent import package, signing
from examples.reference_agent.defects import DEFECTS, check
from harness.model.errors import HarnessError

DEFAULT_OUT = Path(__file__).resolve().parents[2] / ".cache" / "reference_agent"


def _key(version: str, defects: frozenset[str], platform: str) -> str:
    options = "\0".join((version, platform, *sorted(defects), compiling.sources_digest()))
    return hashlib.sha256(options.encode()).hexdigest()[:16]


def _check_version(version: str) -> None:
    """Windows Installer compares three fields, at most 255.255.65535 (ProductVersion property)."""
    if not re.fullmatch(r"\d{1,3}\.\d{1,3}\.\d{1,5}", version):
        raise ValueError(f"version {version!r} must be three numbers, like 1.2.3")
    if any(int(part) > most for part, most in zip(version.split("."), (255, 255, 65535), strict=True)):
        raise ValueError(f"version {version!r} is above 255.255.65535")


def _say(text: str) -> None:
    sys.stderr.write(f"reference agent: {text}\n")


def _build(version: str, defects: frozenset[str], platform: str, out: Path, target: Path) -> None:
    key = target.parent.name
    keys = out / "signing"
    with tempfile.TemporaryDirectory(dir=out, prefix="build-") as name:
        work = Path(name)
        _say(f"compiling {version} {' '.join(sorted(defects))}".rstrip())
        executable = compiling.compile_agent(version, defects, work, out / "objects")
        if not defects & {"unsigned", "unsigned-file"}:
            signing.sign(executable, keys, lapsed="program-signed-for-the-past" in defects)
        msi = package.pack(executable, version, package.product_code(version, key), defects, platform)
        if "unsigned" not in defects:
            signing.sign(msi, keys, lapsed="signed-for-the-past" in defects)
        target.parent.mkdir(parents=True, exist_ok=True)
        msi.replace(target)


def build(
    version: str,
    defects: frozenset[str] = frozenset(),
    out: Path = DEFAULT_OUT,
    platform: str = "x64",
) -> Path:
    """The MSI of this version with these defects, from the cache in `out` if it is there.

    Safe to call from several processes at once. Platform `arm64` is the same x64 program in an MSI that claims to be for
    ARM64, which no x64 machine may install. Raises `ValueError` for a bad version or an unknown defect, `ToolMissing`
    and `InfrastructureError` when it cannot be built.
    """
    _check_version(version)
    check(defects)
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    key = _key(version, defects, platform)
    extra = () if platform == "x64" else (platform,)
    label = "-".join(("reference-agent", version, *extra, *sorted(defects)))[:120]
    target = out / key / f"{label}.msi"
    if target.exists():
        return target
    with (out / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _build(version, defects, platform, out, target)
    return target


def main() -> int:
    """The command line; 0, or 2 for a wrong option, or 4 when a tool fails."""
    table = "\n".join(f"  {name:28} {meaning}" for name, meaning in DEFECTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m examples.reference_agent.build",
        description="Build the reference agent's MSI and print its path.",
        epilog=f"defects:\n{table}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", default="1.0.0", help="three numbers (default %(default)s)")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME", help="may be repeated")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, metavar="DIR", help="cache and result")
    parser.add_argument("--platform", choices=package.PLATFORMS, default="x64", help="arm64 only says so")
    options = parser.parse_args()
    try:
        msi = build(options.version, frozenset(options.defect), options.out, options.platform)
    except ValueError as error:
        _say(str(error))
        return 2
    except HarnessError as error:
        _say(str(error))
        return 4
    sys.stdout.write(f"{msi}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
