"""What a machine holds before and after the candidate, and the sentinels that must survive it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from harness.guest.guest import Guest
from harness.model.errors import GuestFault
from harness.model.profile import AgentProfile
from harness.probe.answers import (
    PendingRename,
    Process,
    Service,
    Task,
    Tree,
    UninstallEntry,
    read_value,
)

SENTINEL_DIR = "C:\\bvt-sentinel"
SENTINEL_FILES = (f"{SENTINEL_DIR}\\keep.txt", "C:\\ProgramData\\bvt-sentinel.txt")
SENTINEL_SERVICE = "BvtSentinel"
SENTINEL_KEY = "HKLM\\Software\\BvtSentinel"
WATCHED_TREES = ("C:\\Program Files", "C:\\Program Files (x86)", "C:\\ProgramData")


@dataclass(frozen=True)
class Snapshot:
    """What is there, by name in lower case, as Windows compares names."""

    services: frozenset[str]
    drivers: frozenset[str]
    tasks: frozenset[str]
    entries: frozenset[str]
    files: frozenset[str]
    processes: frozenset[str]
    pending_renames: frozenset[str]

    def without(self, token: str) -> "Snapshot":
        """The same without every name that holds `token`: what the harness made itself is nobody's residue."""
        kept = {
            field.name: frozenset(name for name in getattr(self, field.name) if token not in name)
            for field in fields(self)
        }
        return Snapshot(**kept)


def plant_sentinels(guest: Guest, nonce: str) -> None:
    """Create unrelated files, a key and a service that no installer has any business with.

    Raises `GuestFault` if the guest refuses one.
    """
    for path in SENTINEL_FILES:
        guest.write_file(path, nonce.encode())
    for command in (
        ["reg", "add", SENTINEL_KEY, "/v", "Nonce", "/d", nonce, "/f"],
        ["sc", "create", SENTINEL_SERVICE, "binPath=", "C:\\Windows\\System32\\cmd.exe", "start=", "demand"],
    ):
        result = guest.run(command, timeout_s=30)
        if not result.ok:
            raise GuestFault(
                f"A sentinel could not be planted: {result.command!r} ended with {result.exit_code}."
            )


def take_snapshot(guest: Guest, profile: AgentProfile) -> Snapshot:
    """Everything that a residue check compares, in one round trip."""
    roots = tuple(dict.fromkeys((*WATCHED_TREES, profile.install_dir, *profile.data_dirs)))
    services, drivers, tasks, entries, processes, renames, *trees = guest.batch(
        ["services"],
        ["drivers"],
        ["tasks"],
        ["uninstall-entries"],
        ["processes"],
        ["pending-renames"],
        *(["tree", root] for root in roots),
        repeatable=True,
    )
    return Snapshot(
        services=_names(service.name for service in read_value("services", list[Service], services)),
        drivers=_names(service.name for service in read_value("drivers", list[Service], drivers)),
        tasks=_names(task.name for task in read_value("tasks", list[Task], tasks)),
        entries=_names(
            entry.display_name for entry in read_value("uninstall-entries", list[UninstallEntry], entries)
        ),
        files=_names(path for tree in trees for path in _paths(read_value("tree", Tree, tree))),
        processes=_names(process.path for process in read_value("processes", list[Process], processes)),
        pending_renames=_names(
            rename.source for rename in read_value("pending-renames", list[PendingRename], renames)
        ),
    )


def _paths(tree: Tree) -> Iterable[str]:
    if tree.exists:
        yield tree.root
    for entry in tree.entries:
        yield f"{tree.root}\\{entry.path}"


def _names(names: Iterable[str | None]) -> frozenset[str]:
    return frozenset(name.lower() for name in names if name)
