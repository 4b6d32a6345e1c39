"""What a cell sees of the agent while it lives: one look at all of it, and its services as their manager has them."""

from collections.abc import Collection, Mapping

from harness.cell.session import CellSession
from harness.guest.facts import ServiceState
from harness.lifecycle.inspection import Inspection, inspect
from harness.lifecycle.others import Ended
from harness.model.deadline import Deadline
from harness.probe.answers.services import Service, ServiceByManager
from harness.probe.reading import read_value
from harness.residue.snapshot import process_name

STATES: dict[int, str] = {
    ServiceState.STOPPED: "stopped",
    ServiceState.START_PENDING: "still starting",
    ServiceState.STOP_PENDING: "stopping",
    ServiceState.RUNNING: "running by now",
    ServiceState.PAUSED: "paused",
}
LOOK_AGAIN_S = 0.3
SETTLES_S = 5.0
"""How long a service of another product may take to run again."""
SPECIFIC_ERROR = 1066
"""ERROR_SERVICE_SPECIFIC_ERROR: the service's own number says more."""


class Watch:
    """The part of a timeline that looks, and remembers which processes the agent had."""

    session: CellSession
    descendants: set[tuple[int, str]]
    ended: Ended

    def look(self, when: str = "in use", *, used: bool = False, saves: bool = False) -> Inspection:
        """Everything that the install checks look at, as it is now. `when`: in words, for messages.

        `used` and `saves` as of `inspect`.
        """
        looked = inspect(self.session.guest, self.session.profile, used=used, saves=saves)
        self.descendants |= {
            (each.pid, (each.path or "").lower()) for each in looked.family(self.session.profile)
        }
        boots = self._note_processes(
            {service.name: looked.service(service.name) for service in self.session.profile.services}
        )
        self.ended.look(map(process_name, looked.processes), boots, when)
        return looked

    def service_comes_up(self, name: str, within_s: float) -> bool:
        """Whether the service reaches RUNNING in time *and* its process lives: Wine shows a dead one as running."""
        guest = self.session.guest
        if not guest.services.reaches(name, ServiceState.RUNNING, self.session.within(within_s)):
            return False
        manager = self._manager(name)
        return manager is not None and manager.pid_alive is not False

    def note_process(self, name: str) -> None:
        """Remember in which process the service runs: another one later is a restart that nobody asked for."""
        self._manager(name)

    def stopped(self, names: Collection[str]) -> frozenset[str]:
        """Those of the services that do not run, not even a little later."""
        until = self.session.within(SETTLES_S)
        with self.session.recorder.stopwatch.waiting():
            until.pause(until.length_s)
        return frozenset(
            name
            for name in names
            if (manager := self._manager(name)) is None or manager.state != ServiceState.RUNNING
        )

    def process_of(self, name: str) -> int:
        """The id of the process that the service runs in; 0 if it does not run."""
        manager = self._manager(name)
        return manager.pid if manager is not None else 0

    def lingers(self, process: int, until: Deadline) -> bool:
        """Whether a process of the agent's is still there at the deadline."""
        profile = self.session.profile
        while any(
            each.pid == process and profile.owns(each.path or "") for each in self.session.guest.processes()
        ):
            if until.passed:
                return True
            until.pause(LOOK_AGAIN_S)
        return False

    def service_words(self, name: str) -> str:
        """What the service manager says of a service that does not run: its state, and how it ended."""
        manager = self._manager(name)
        if manager is None:
            return "there is no such service"
        state = STATES.get(manager.state, f"in state {manager.state}")
        if manager.state == ServiceState.RUNNING and manager.pid_alive is False:
            state = "shown as running, but its process is gone"
        code = (
            manager.service_exit_code
            if manager.win32_exit_code == SPECIFIC_ERROR
            else manager.win32_exit_code
        )
        return f"it is {state}" + (f"; it ended with error {code}" if code and manager.state == 1 else "")

    def _manager(self, name: str) -> ServiceByManager | None:
        found = read_value("services", list[Service], self.session.guest.probe("services", name))
        self._note_processes({name: found[0] if found else None})
        return found[0].manager if found else None

    def _note_processes(self, services: Mapping[str, Service | None]) -> int:
        """Returns which boot of the machine this is."""
        processes, boots = self.session.guest.services.processes, self.session.machine.condition().boots
        processes.at_boot(boots)
        by_design = {each.name for each in self.session.profile.services if not each.running}
        for name, service in services.items():
            if name in by_design:
                continue  # one that runs when it is wanted has another process each time
            manager = service.manager if service else None
            processes.saw(name, manager.pid if manager else None)
            if manager is not None and manager.state == ServiceState.STOPPED:
                processes.saw_down(name, manager.win32_exit_code)
        return boots
