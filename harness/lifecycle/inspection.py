"""The installed candidate as the guest shows it: everything the install checks look at, in one round trip."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from harness.guest.guest import Guest
from harness.guest.round_trip import RoundTrip, trees
from harness.model.profile import AgentProfile
from harness.probe.answers.files import FileFacts, Tree
from harness.probe.answers.processes import Process, Socket
from harness.probe.answers.registry import SavedHives, UninstallEntry
from harness.probe.answers.services import Service
from harness.probe.answers.system import Clock, CrashFile, Environment
from harness.residue.snapshot import listener_name, listens
from harness.residue.witness import SAVE


@dataclass(frozen=True)
class Inspection:
    """Facts in the probe's own types; names are looked up without regard to case."""

    services: dict[str, Service]
    entries: tuple[UninstallEntry, ...]
    files: dict[str, FileFacts]
    processes: tuple[Process, ...]
    sockets: tuple[Socket, ...]
    crashes: tuple[CrashFile, ...]
    now: datetime
    """The guest's clock."""
    data_bytes: int
    """What lies in the agent's data folders."""
    data_files: tuple[str, ...] = ()
    """The files in them."""
    environment: Environment | None = None
    """The variables of the machine, where they were asked for."""

    def service(self, name: str) -> Service | None:
        """A service or driver by name."""
        return self.services.get(name.lower())

    def file(self, path: str) -> FileFacts | None:
        """A file by the path that the profile names."""
        return self.files.get(path.lower())

    def agent_pids(self, profile: AgentProfile) -> frozenset[int]:
        """Process ids that run from the agent's folders or belong to its services."""
        pids = {process.pid for process in self.processes if profile.owns(process.path or "")}
        for expected in profile.services:
            found = self.service(expected.name)
            if found is not None and found.manager is not None and found.manager.pid:
                pids.add(found.manager.pid)
        return frozenset(pids)

    def family(self, profile: AgentProfile) -> list[Process]:
        """Processes of the agent, and all that they started."""
        return family(self.processes, self.agent_pids(profile))

    def agent_listeners(self, profile: AgentProfile, before: frozenset[str]) -> tuple[Socket, ...]:
        """Endpoints of the agent that take what comes from outside.

        One whose owner the system does not tell is the agent's if it was not there `before`: Wine knows the owner of
        a listening socket only once that has sent something, which few ever do.
        """
        pids = self.agent_pids(profile)
        return tuple(
            socket
            for socket in self.sockets
            if listens(socket)
            and (socket.pid in pids if socket.pid is not None else listener_name(socket) not in before)
        )


def inspect(guest: Guest, profile: AgentProfile, *, used: bool = False, saves: bool = False) -> Inspection:
    """Ask the guest once. Raises what the guest layer raises.

    `used`: with what else is looked at after use. `saves`: the guest saves its registry, to be read from outside.
    """
    declared = (
        ("file", *(file.path for file in profile.files)) if profile.files else ("file", profile.install_dir)
    )
    questions = [["services"], ["drivers"], ["uninstall-entries"], ["processes"], ["sockets"], ["crashes"]]
    questions += [["environment"]] if used else []
    questions += [[*SAVE]] if saves else []
    folders = profile.data_dirs
    asked = RoundTrip(guest, [*questions, ["clock"], declared, *trees(*folders)])
    if saves:
        asked.read(SavedHives, *SAVE)
    data = [
        (folder, entry)
        for folder in folders
        for entry in asked.read(Tree, "tree", folder).entries
        if not entry.directory
    ]
    everything = asked.read(list[Service], "services") + asked.read(list[Service], "drivers")
    return Inspection(
        services={service.name.lower(): service for service in everything},
        entries=tuple(asked.read(list[UninstallEntry], "uninstall-entries")),
        files={facts.path.lower(): facts for facts in asked.read(list[FileFacts], *declared)},
        processes=tuple(asked.read(list[Process], "processes")),
        sockets=tuple(asked.read(list[Socket], "sockets")),
        crashes=tuple(asked.read(list[CrashFile], "crashes")),
        now=asked.read(Clock, "clock").now,
        data_bytes=sum(entry.size for _, entry in data),
        data_files=tuple(f"{folder}\\{entry.path}" for folder, entry in data),
        environment=asked.read(Environment, "environment") if used else None,
    )


def files_there(guest: Guest, profile: AgentProfile) -> frozenset[str]:
    """What lies in the agent's folders, in lower case. Raises what the guest layer raises."""
    roots = (profile.install_dir, *profile.data_dirs)
    return frozenset(path.lower() for path in RoundTrip(guest, trees(*roots)).paths(*roots))


def stand_of_files(guest: Guest, profile: AgentProfile) -> Mapping[str, FileFacts]:
    """Every file and folder of the agent with its owner and access list, by path in lower case.

    Asks the guest twice. Raises what the guest layer raises.
    """
    roots = (profile.install_dir, *profile.data_dirs)
    declared = (*roots, *(file.path for file in profile.files))
    below = RoundTrip(guest, trees(*roots)).paths(*roots)
    question = ("file", *{path.lower(): path for path in (*declared, *below)}.values())
    facts = RoundTrip(guest, [question]).read(list[FileFacts], *question)
    return {each.path.lower(): each for each in facts if each.exists}


def family(processes: Iterable[Process], pids: Iterable[int]) -> list[Process]:
    """These processes and everything that descends from them. Pure."""
    everything, wanted = list(processes), set(pids)
    while more := {each.pid for each in everything if each.ppid in wanted} - wanted:
        wanted |= more
    return [each for each in everything if each.pid in wanted]
