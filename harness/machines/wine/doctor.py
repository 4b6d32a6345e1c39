"""What `bvt doctor` says about pools of Wine machines."""

import shutil
from collections.abc import Callable, Sequence

from harness.machines.provider import Finding
from harness.machines.wine import namespaces
from harness.machines.wine.clone import CloneMethod
from harness.machines.wine.compiler import COMPILER
from harness.machines.wine.installation import find_wine
from harness.machines.wine.root_image import root_finding
from harness.model.errors import HarnessError
from harness.state import StateDirectory

DISK_WANTED = 2 * 1024**3
"""Bytes, for the templates."""

Method = Callable[[], tuple[CloneMethod, bool, str]]
"""How machines would be cloned here, whether in namespaces, and why nothing better. Raises `HarnessError`, `OSError`."""


def wine_findings(state: StateDirectory, method: Method, *, hosts_own: bool) -> Sequence[Finding]:
    """Wine itself, the compiler, clones and namespaces, disk. Never raises. `hosts_own`: the Wine installed here."""
    return (_wine(state, hosts_own=hosts_own), _compiler(), *_isolation(method), _disk(state))


def _wine(state: StateDirectory, *, hosts_own: bool) -> Finding:
    try:
        if hosts_own:
            wine = find_wine()
            return Finding(subject="Wine", ok=True, detail=f"{wine.version} ({wine.loader})")
        return root_finding(state)
    except HarnessError as error:
        return Finding(subject="Wine", ok=False, detail=error.message, remedy=error.hint)


def _compiler() -> Finding:
    found = shutil.which(COMPILER)
    return Finding(
        subject="guest probe compiler",
        ok=found is not None,
        detail=found or f"{COMPILER} is not installed",
        remedy="" if found else "apt-get install gcc-mingw-w64-x86-64",
    )


def _isolation(how: Method) -> list[Finding]:
    try:
        method, isolated, reason = how()
    except (HarnessError, OSError) as error:
        return [
            Finding(
                subject="Wine machine clones",
                ok=False,
                detail=str(error),
                remedy="Check the state directory.",
            )
        ]
    why = namespaces.why_no_namespaces() or "the pool's options say so"
    return [
        Finding(
            subject="Wine machine clones",
            ok=method.mounts,
            detail=f"{method.value}, proven by trying"
            + (f" (no overlay: {reason})" if not method.mounts else ""),
            remedy=""
            if method.mounts
            else "Allow mounts or user namespaces; clones take 0.05-1.3 s without.",
            required=False,
        ),
        Finding(
            subject="Wine machine namespaces",
            ok=isolated,
            detail="own processes, network, mounts, IPC and host name"
            if isolated
            else f"none ({why}): machines share the host's network and files, media is a private copy, "
            "not write-protected, and the backend is reached at its own address",
            remedy="" if isolated else "Run as root, or set sysctl kernel.unprivileged_userns_clone=1.",
            required=False,
        ),
    ]


def _disk(state: StateDirectory) -> Finding:
    free = shutil.disk_usage(state.images).free
    return Finding(
        subject="disk space for Wine templates",
        ok=free >= DISK_WANTED,
        detail=f"{free / 1024**3:.1f} GiB free in {state.root}",
        remedy=""
        if free >= DISK_WANTED
        else "Free some space or set BVT_HOME to a larger disk; 2 GiB are wanted.",
    )
