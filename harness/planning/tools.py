"""The programs that a run needs whatever its pool is."""

import shutil
from collections.abc import Sequence

from harness.machines.provider import Finding

TOOLS = (
    ("msiinfo", "msitools", "reads the candidate"),
    ("cabextract", "cabextract", "unpacks the candidate to verify its programs"),
    ("osslsigncode", "osslsigncode", "verifies Authenticode signatures"),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", "builds the guest probe"),
)


def tool_findings() -> Sequence[Finding]:
    """One finding per program."""
    return [
        Finding(
            subject=tool,
            ok=(place := shutil.which(tool)) is not None,
            detail=purpose if place else f"missing; it {purpose}",
            remedy=f"apt-get install {package}",
        )
        for tool, package, purpose in TOOLS
    ]
