"""What the agent takes and opens outside of its own folders, and whom it talks to. Pure."""

from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from ipaddress import IPv6Address, ip_address

from harness.lifecycle.inspection import Inspection
from harness.model.machine import HostPort
from harness.model.profile import AgentProfile
from harness.model.profile.text import is_below
from harness.probe.answers.processes import Socket
from harness.residue.attribution import SERVICES, not_ours
from harness.residue.change import Change, Kind, Where
from harness.residue.snapshot import TEMPORARY_FOLDER, belongs_to_a_session
from harness.residue.surroundings import Surroundings

OF_THE_INSTALLER = ("C:\\Windows\\Installer", "C:\\Config.Msi")
"""Where Windows Installer keeps the package, and what it may have to put back."""
OPEN_BY_DEFAULT = (
    "C:\\ProgramData",
    "%ProgramData%",
    "C:\\Users",
    "C:\\Windows\\Temp",
    "C:\\Temp",
    "%PUBLIC%",
    "%TEMP%",
)
"""Where every user may make files and folders, as Windows is set up."""
OPEN_FOLDERS = ("C:\\Users\\Public", "C:\\ProgramData\\Microsoft\\Windows\\WER")


def files_elsewhere(
    changes: Iterable[Change], profile: AgentProfile, packed: Collection[str]
) -> dict[str, int]:
    """New files outside of the agent's folders, with their bytes. `packed`: what its package installs, in lower case."""
    own = (profile.install_dir, *profile.data_dirs, *OF_THE_INSTALLER)
    return {
        each.name: each.size
        for each in not_ours(changes)
        if each.where is Where.FILE
        and each.kind is Kind.ADDED
        and each.size
        and each.sha256
        and each.name not in packed
        and not any(is_below(each.path, folder) for folder in own)
    }


def many_elsewhere(
    now: Collection[str], installed: Collection[str], *, lists_its_files: bool
) -> frozenset[str]:
    """The files outside of its folders that the agent answers for. Pure.

    Of an installer without tables nobody knows which files are its own: what was there after the installation is left
    out.
    """
    return frozenset(now) - (frozenset() if lists_its_files else frozenset(installed))


def strangers(looked: Inspection, profile: AgentProfile, backend: HostPort, neighbour: str = "") -> list[str]:
    """Hosts that the agent is connected to, or tries to be, which nobody named. `backend`: its backend's address.

    The machine's own addresses are no host's: parts of an agent may talk to each other by the machine's name.
    `neighbour`: the host that is played in the machine's network; who connects to it on Wine has its address, too.
    """
    mine = {process.pid for process in looked.family(profile)}
    here = {_plain(socket.local_address) for socket in looked.sockets} - {neighbour}
    return sorted(
        {
            f"{socket.remote_address}:{socket.remote_port}"
            for socket in looked.sockets
            if socket.pid in mine
            and _is_out_there(socket)
            and _plain(socket.remote_address) not in here
            and not _is_named(_plain(socket.remote_address), socket.remote_port, profile, backend)
        }
    )


def called_strangers(
    called: Iterable[str],
    looks: Iterable[Inspection],
    profile: AgentProfile,
    backend: HostPort,
    neighbour: HostPort | None,
) -> list[str]:
    """Of all whom programs of the machine called (`ADDRESS:PORT`, by UDP `ADDRESS:PORT/udp`), those that nobody named.

    Pure. The neighbour is called by the harness, and where a port is open that a program of this machine listens at, it
    may have called that by the machine's name.
    """
    own = {socket.local_port for look in looks for socket in look.sockets if socket.state == "listen"}
    found = []
    for place in called:
        where, _, by = place.partition("/")
        address, _, port = where.rpartition(":")
        if int(port) in own or _stays_here(address) or where == str(neighbour):
            continue
        if not _is_named(address, int(port), profile, backend, by):
            found.append(place)
    return found


def _is_out_there(socket: Socket) -> bool:
    address = _plain(socket.remote_address)
    return bool(address) and socket.state != "listen" and not _stays_here(address)


def _is_named(address: str, port: int | None, profile: AgentProfile, backend: HostPort, by: str = "") -> bool:
    """`by`: `udp` where it was called so. A pattern that names no protocol stands for each."""
    return (address, port) == (_plain(backend.host), backend.port) or any(
        fnmatchcase(name, pattern)
        for pattern in profile.check_in.talks_to
        for name in (address, f"{address}:{port}", f"{address}:{port}/{by or 'tcp'}")
    )


def _stays_here(address: str) -> bool:
    """Whether it is the machine itself, or on its link only: a cloud tells its machines who they are at such a one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local


def _plain(address: str | None) -> str:
    """Without a zone, and an IPv4 address in an IPv6 one as what it is."""
    text = (address or "").partition("%")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        return text.lower()
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def unreported(there: Sequence[str], reported: Collection[str]) -> tuple[list[str], int]:
    """Those that an agent that tells of nearly all never told of, and how many were looked for.

    None of it where it told of less than half: then it tells of what is new, and of nothing that was there before.
    """
    wanted = list(dict.fromkeys(there))
    told = [each for each in wanted if each in reported]
    if len(told) * 2 < len(wanted):
        return [], 0
    return sorted(set(wanted) - set(told)), len(wanted)


def undeclared_services(
    looked: Inspection, before: Collection[str], profile: AgentProfile, packed: Collection[str] = ()
) -> list[str]:
    """Services and drivers that are there now, were not `before`, and that nobody names.

    `packed`: those of the package's own tables, which whoever reads the package knows of.
    """
    declared = {each.name.lower() for each in (*profile.services, *profile.drivers)}
    declared |= {name.lower() for name in packed}
    new = looked.services.keys() - {name.lower() for name in before} - declared
    return sorted(name for name in new if not belongs_to_a_session(looked.services[name]))


def run_from_open_folders(programs: Iterable[str], profile: AgentProfile) -> list[str]:
    """Programs of the agent that lie where every user may write: whoever is there first decides what they load."""
    return sorted(
        {
            path
            for path in programs
            if (TEMPORARY_FOLDER.match(path) or any(is_below(path, folder) for folder in OPEN_FOLDERS))
            and not profile.owns(path)
        }
    )


def open_entries(before: Surroundings, now: Surroundings, profile: AgentProfile) -> list[str]:
    """New folders of PATH in which every user may put a program, which others then start by its name."""
    was = {entry.lower().rstrip("\\") for entry in _path(before)}
    return sorted(
        f"PATH names {entry}"
        for entry in _path(now)
        if entry.lower().rstrip("\\") not in was
        and any(is_below(entry, folder) for folder in (*OPEN_FOLDERS, *OPEN_BY_DEFAULT))
        and not profile.owns(entry)
    )


def _path(surroundings: Surroundings) -> list[str]:
    stored = next(
        (value for name, value in surroundings.environment.machine.items() if name.lower() == "path"), ""
    )
    return [entry.strip().strip('"') for entry in stored.split(";") if entry.strip()]


def values_not_below(changes: Iterable[Change], profile: AgentProfile) -> list[Change]:
    """New keys and values that are neither the agent's own nor of its services."""
    roots = [*profile.registry_roots]
    roots += [f"{SERVICES}\\{each.name}" for each in (*profile.services, *profile.drivers)]
    return [
        each
        for each in not_ours(changes)
        if each.where is Where.REGISTRY
        and each.kind is Kind.ADDED
        and not any(is_below(f"{each.path}\\", root) for root in roots)
    ]


def values_below(changes: Iterable[Change], roots: Collection[str]) -> int:
    """How many keys and values are new below these keys."""
    return sum(
        each.where is Where.REGISTRY
        and each.kind is Kind.ADDED
        and any(is_below(f"{each.path}\\", root) for root in roots)
        for each in changes
    )
