"""What a machine holds before and after the candidate, and the sentinels that must survive it."""

from dataclasses import dataclass

from harness.guest.guest import Guest
from harness.model.errors import GuestFault
from harness.model.profile import AgentProfile

SENTINEL_DIR = "C:\\bvt-sentinel"
SENTINEL_FILES = (f"{SENTINEL_DIR}\\keep.txt", "C:\\ProgramData\\bvt-sentinel.txt")
SENTINEL_SERVICE = "BvtSentinel"
SENTINEL_KEY = "HKLM\\Software\\BvtSentinel"
WATCHED_TREES = ("C:\\Program Files", "C:\\Program Files (x86)", "C:\\ProgramData")


@dataclass(frozen=True)
class Snapshot:
    """Names in lower case, as Windows compares them."""

    services: frozenset[str]
    drivers: frozenset[str]
    tasks: frozenset[str]
    entries: frozenset[str]
    files: frozenset[str]
    processes: frozenset[str]
    pending_renames: frozenset[str]


def plant_sentinels(guest: Guest, nonce: str) -> None:
    """Create unrelated files, a key and a service that no installer has any business with."""
    guest.write_file(SENTINEL_FILES[0], nonce.encode())
    guest.write_file(SENTINEL_FILES[1], nonce.encode())
    commands = (
        f'reg add {SENTINEL_KEY} /v Nonce /d {nonce} /f',
        f'sc create {SENTINEL_SERVICE} binPath= "C:\\Windows\\System32\\cmd.exe" start= demand',
    )
    for command in commands:
        result = guest.run(command, timeout_s=30)
        if not result.ok:
            raise GuestFault(f"A sentinel could not be planted: {command!r} ended with {result.exit_code}.")


def take_snapshot(guest: Guest, profile: AgentProfile) -> Snapshot:
    """One round trip: everything that a residue check compares."""
    trees = (*WATCHED_TREES, *(path for path in (profile.install_dir, *profile.data_dirs)))
    questions: list[list[str]] = [
        ["services"],
        ["drivers"],
        ["tasks"],
        ["uninstall-entries"],
        ["processes"],
        ["pending-renames"],
        *(["tree", tree] for tree in trees),
    ]
    services, drivers, tasks, entries, processes, renames, *listings = guest.batch(*questions)
    return Snapshot(
        services=_names(services["services"], "name"),
        drivers=_names(drivers["drivers"], "name"),
        tasks=_names(tasks["tasks"], "path"),
        entries=_names(entries["entries"], "display_name"),
        files=frozenset(
            entry["path"].lower() for listing in listings for entry in listing.get("entries", [])
        ),
        processes=_names(processes["processes"], "path"),
        pending_renames=_names(renames["renames"], "source"),
    )


def _names(rows: list[dict[str, str | None]], field: str) -> frozenset[str]:
    return frozenset((row.get(field) or "").lower() for row in rows)
