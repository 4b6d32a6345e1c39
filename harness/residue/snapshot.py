"""What a machine holds before and after the candidate."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from harness.guest.facts import ServiceState
from harness.guest.guest import Guest
from harness.guest.registry_tree import full_path
from harness.guest.round_trip import RoundTrip, trees
from harness.model import image_path
from harness.model.profile import AgentProfile
from harness.model.profile.text import is_below
from harness.model.substrate import Capability, GuestSystem, why_not
from harness.probe.answers.accounts import Group, User
from harness.probe.answers.files import FileFacts
from harness.probe.answers.processes import Process, Socket
from harness.probe.answers.registry import KeyContents, UninstallEntry
from harness.probe.answers.services import Service
from harness.probe.answers.system import CrashFile, PendingRename
from harness.probe.answers.tasks import Task

NEIGHBOUR_DIR = "C:\\bvt-neighbour"
"""Another product, where a scenario has one."""
WATCHED_TREES = ("C:\\Program Files", "C:\\Program Files (x86)", "C:\\ProgramData")
"""Everything below these is looked at, whatever the profile says."""
SHARED_FOLDERS = ("C:\\", *WATCHED_TREES)
"""Folders that every product uses, whose access lists no product may change."""
_WINDOWS = "HKLM\\Software\\Microsoft\\Windows"
_SYSTEM = "HKLM\\System\\CurrentControlSet"
SHARED_KEYS = (
    "HKLM\\Software",
    "HKLM\\Software\\WOW6432Node",
    "HKCU\\Software",
    f"{_WINDOWS}\\CurrentVersion\\App Paths",
    f"{_WINDOWS}\\CurrentVersion\\Run",
    f"{_WINDOWS}\\CurrentVersion\\RunOnce",
    f"{_WINDOWS} NT\\CurrentVersion\\Image File Execution Options",
    f"{_SYSTEM}\\Control\\SafeBoot\\Minimal",
    f"{_SYSTEM}\\Control\\SafeBoot\\Network",
    f"{_SYSTEM}\\Services\\EventLog\\Application",
    f"{_SYSTEM}\\Services\\EventLog\\System",
)
"""Keys in which every product puts keys or values of its own, and Windows hardly ever does."""
TEMPORARY = ("C:\\Windows\\Temp", "%TEMP%")
TEMPORARY_FOLDER = re.compile(
    r"^c:\\(windows|users\\[^\\]+\\appdata\\local|users\\[^\\]+)\\temp\\.", re.IGNORECASE
)
"""`TEMPORARY` with every user's; Wine's user has one without `AppData`."""
PROGRAMS = (".exe", ".dll", ".sys", ".ocx", ".msi", ".msp", ".cab")
"""What nobody may leave in the folders for temporary files, where every user may write."""
SERVICE_MANAGER = "services.exe"
AUTOMATIC = 2
"""SERVICE_AUTO_START."""
USER_SERVICE_INSTANCE = 0x80


@dataclass(frozen=True)
class Snapshot:
    """What is there, by name in lower case, as Windows compares names."""

    services: frozenset[str]
    drivers: frozenset[str]
    tasks: frozenset[str]
    entries: frozenset[str]
    files: frozenset[str]
    processes: frozenset[str]
    registry: frozenset[str]
    """What is directly in the keys that every product shares, keys and values alike."""
    pending_renames: frozenset[str]
    crashes: frozenset[str]
    accounts: frozenset[str]
    """Local users and groups; empty where the system keeps none."""
    permissions: frozenset[str]
    """Access lists of the folders that every product shares, as `path: SDDL`."""
    dropped: frozenset[str]
    """Programs and packages in the folders for temporary files."""
    listeners: frozenset[str]
    """Endpoints that take what comes from outside, as `listener_name` writes them."""
    running: frozenset[str]
    """Services that start with the system and run."""
    standing: frozenset[str] = frozenset()
    """Processes that run as long as the system does, as `process_name` writes them."""
    alive: frozenset[str] = frozenset()
    """All processes, written so."""

    def left_in(self, later: "Snapshot", profile: AgentProfile) -> bool:
        """Whether `later` has files, services, tasks or processes of the agent's that are not here and may not stay."""
        new = [("file", later.files - self.files), ("task", later.tasks - self.tasks)]
        new += [("service", (later.services | later.drivers) - self.drivers - self.services)]
        running = {path for path in later.processes - self.processes if profile.owns(path)}
        kept = {kind: [keep for keep in profile.keeps if keep.kind == kind] for kind, _ in new}
        return bool(running) or any(
            not any(keep.covers(name) for keep in kept[kind]) for kind, names in new for name in names
        )

    def without(self, token: str) -> "Snapshot":
        """The same without every name that holds `token`: what the harness made itself is nobody's residue."""
        kept = {
            field.name: frozenset(name for name in getattr(self, field.name) if token not in name)
            for field in fields(self)
        }
        return Snapshot(**kept)


FIRST_DRAWN_PORT = 32768
"""Of the ports that systems draw for who names none: Windows from 49152 on, the system below Wine from here on."""


def take_snapshot(guest: Guest, profile: AgentProfile, system: GuestSystem) -> Snapshot:
    """Everything that a check compares with what was there before, in one round trip.

    Raises what the guest layer raises.
    """
    roots = tuple(dict.fromkeys((*WATCHED_TREES, profile.install_dir, *profile.data_dirs)))
    elsewhere = [file.path for file in profile.files if not any(is_below(file.path, root) for root in roots)]
    places = ("file", *SHARED_FOLDERS, *elsewhere)
    has_accounts = why_not(system, frozenset({Capability.LOCAL_USERS})) is None
    list_of_shared = ["list-keys", *map(full_path, SHARED_KEYS)]
    questions = [["services"], ["drivers"], ["tasks"], ["uninstall-entries"], ["processes"]]
    questions += [["pending-renames"], ["crashes"], ["sockets"], list_of_shared]
    questions += [["users"], ["groups"]] if has_accounts else []
    asked = RoundTrip(guest, [*questions, places, *trees(*roots, *TEMPORARY)])
    services = asked.read(list[Service], "services")
    processes = asked.read(list[Process], "processes")
    facts = asked.read(list[FileFacts], *places)
    folders, declared = facts[: len(SHARED_FOLDERS)], facts[len(SHARED_FOLDERS) :]
    return Snapshot(
        services=_names(service.name for service in services if not belongs_to_a_session(service)),
        running=_names(
            service.name
            for service in services
            if not belongs_to_a_session(service) and _runs_for_good(service)
        ),
        standing=standing(processes, services, system),
        alive=frozenset(map(process_name, processes)),
        drivers=_names(driver.name for driver in asked.read(list[Service], "drivers")),
        tasks=_names(task.name for task in asked.read(list[Task], "tasks")),
        entries=_names(entry.display_name for entry in asked.read(list[UninstallEntry], "uninstall-entries")),
        files=_names(asked.paths(*roots)) | _names(file.path for file in declared if file.exists),
        processes=_names(process.path for process in processes),
        registry=_names(
            f"{shared}\\{name}"
            for shared, found in zip(SHARED_KEYS, asked.read(list[KeyContents], *list_of_shared), strict=True)
            for name in (*found.keys, *found.values)
        ),
        pending_renames=renames_in(asked.read(list[PendingRename], "pending-renames")),
        crashes=_names(crash_name(crash) for crash in asked.read(list[CrashFile], "crashes")),
        accounts=_accounts(asked) if has_accounts else frozenset(),
        permissions=frozenset(f"{folder.path}: {folder.sddl}" for folder in folders if folder.exists),
        dropped=_programs(asked),
        listeners=frozenset(
            listener_name(socket) for socket in asked.read(list[Socket], "sockets") if listens(socket)
        ),
    )


def process_name(process: Process) -> str:
    """A process by its program and id, in lower case."""
    return f"{process.path or process.name} (process {process.pid})".lower()


def standing(
    processes: Iterable[Process], services: Iterable[Service], system: GuestSystem
) -> frozenset[str]:
    """The processes of services that run for good; of Wine, whose services never end by themselves, of all. Pure."""
    everything = list(processes)
    pids = {
        service.manager.pid for service in services if service.manager is not None and _runs_for_good(service)
    }
    if system is GuestSystem.WINE:
        managers = {each.pid for each in everything if each.name.lower() == SERVICE_MANAGER}
        pids |= managers | {each.pid for each in everything if each.ppid in managers}
    return frozenset(process_name(each) for each in everything if each.pid in pids)


def crash_name(crash: CrashFile) -> str:
    """A crash file by path and time in lower case: one that is written over is a new one."""
    return f"{crash.path} of {crash.modified}".lower()


def only_tidies(rename: PendingRename) -> bool:
    """Whether the next boot only deletes something in a folder for temporary files.

    A running program cannot delete itself. So uninstallers copy themselves there, and leave the copy to the next boot.
    """
    return not rename.target and TEMPORARY_FOLDER.match(image_path.full_path(rename.source)) is not None


def listens(socket: Socket) -> bool:
    """True for what takes connections, and for UDP, which takes packets from anybody while it is open.

    Whoever asks others by UDP (names, times, QUIC) has a socket of a port that the system drew, and is no listener.
    """
    if socket.protocol.startswith("udp"):
        return socket.local_port < FIRST_DRAWN_PORT
    return socket.state == "listen"


def listener_name(socket: Socket) -> str:
    """Protocol, address and port: what stays the same while an endpoint is open."""
    return f"{socket.protocol} {socket.local_address}:{socket.local_port}"


def look_for_dropped(guest: Guest) -> frozenset[str]:
    """Programs and packages in the folders for temporary files. Raises what the guest layer raises."""
    return _programs(RoundTrip(guest, trees(*TEMPORARY)))


def _programs(asked: RoundTrip) -> frozenset[str]:
    return _names(path for path in asked.paths(*TEMPORARY) if path.lower().endswith(PROGRAMS))


def _accounts(asked: RoundTrip) -> frozenset[str]:
    users = [f"user {user.name}" for user in asked.read(list[User], "users")]
    return _names([*users, *(f"group {group.name}" for group in asked.read(list[Group], "groups"))])


def belongs_to_a_session(service: Service) -> bool:
    """True for an instance of a per-user service: its name ends in a number that changes with every log-on.

    Microsoft, "Per-user services in Windows"; the bit is SERVICE_USERSERVICE_INSTANCE.
    """
    kinds = [side.service_type for side in (service.manager, service.registry) if side is not None]
    return any((kind or 0) & USER_SERVICE_INSTANCE for kind in kinds)


def renames_in(pending: Iterable[PendingRename]) -> frozenset[str]:
    """What waits for the next boot, by name; what only tidies up after an installer is none of it."""
    return _names(rename.source for rename in pending if not only_tidies(rename))


def _runs_for_good(service: Service) -> bool:
    """Whether it starts with the system and runs. One that starts later (delayed) often ends by itself."""
    manager = service.manager
    return (
        manager is not None
        and manager.start == AUTOMATIC
        and not manager.delayed_start
        and manager.state == ServiceState.RUNNING
        and manager.pid_alive is not False
    )


def _names(names: Iterable[str | None]) -> frozenset[str]:
    return frozenset(name.lower() for name in names if name)
