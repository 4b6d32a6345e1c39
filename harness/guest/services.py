"""Services and drivers, as the probe tells of them. They are started and stopped by `sc`, as administrators do it."""

import re

from harness.guest.console import Console
from harness.guest.facts import ServiceFacts, ServiceState
from harness.guest.service_processes import ServiceProcesses
from harness.guest.system_tools import SC
from harness.guest.winrm.exchange import CommandTimedOut
from harness.model.deadline import Deadline
from harness.model.errors import CandidateError, GuestFault
from harness.probe.answers.services import Service

POLL_S = 0.1
COMMAND_S = 60.0

NO_SUCH_SERVICE = 1060
ALREADY_RUNNING = 1056
NOT_ACTIVE = 1062
TAKES_NO_ORDER = 1061
"""ERROR_SERVICE_CANNOT_ACCEPT_CTRL: it is about to start or to stop."""
ON_ITS_WAY = frozenset(
    state
    for state in ServiceState
    if state not in (ServiceState.STOPPED, ServiceState.RUNNING, ServiceState.PAUSED)
)

_FIELD = re.compile(r"^[^:]*:\s*(?:0x)?([0-9a-fA-F]+)\b", re.MULTILINE)


class ServiceStateNotReached(CandidateError):
    """A service did not reach the state asked for. `facts`: as last seen, None if it does not exist."""

    def __init__(self, name: str, wanted: ServiceState, facts: ServiceFacts | None, why: str) -> None:
        seen = (
            f"it is {facts.state.name} (exit code {facts.win32_exit_code})" if facts else "it does not exist"
        )
        super().__init__(f"Service {name} did not become {wanted.name} {why}: {seen}.")
        self.name, self.wanted, self.facts = name, wanted, facts


def parse_query(name: str, text: str) -> ServiceFacts:
    """What `sc query NAME` printed. Labels may be translated, so fields go by their order.

    Raises `GuestFault` for anything else.
    """
    _, _, fields = text.lstrip().partition("\n")
    found = [match[1] for match in _FIELD.finditer(fields)]
    try:
        return ServiceFacts(
            name=name,
            type=int(found[0], 16),  # printed in hexadecimal without a prefix
            state=ServiceState(int(found[1])),
            win32_exit_code=int(found[2]),
            service_exit_code=int(found[3]),
        )
    except (IndexError, ValueError) as error:
        raise GuestFault(f"`sc query {name}` printed something unexpected: {text[:300]!r}.") from error


class Services:
    """The service control manager of one guest."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.processes = ServiceProcesses()

    def query(self, name: str) -> ServiceFacts | None:
        """The service's state, or None if there is no such service."""
        return self._look(name)[0]

    def _look(self, name: str) -> tuple[ServiceFacts | None, int | None]:
        """Its state, and the process that the service manager names, None if it names none."""
        details = self.details(name)
        if details is not None and (manager := details.manager) is not None:
            facts = ServiceFacts(
                name=name,
                type=manager.service_type,
                state=ServiceState(manager.state),
                win32_exit_code=manager.win32_exit_code,
                service_exit_code=manager.service_exit_code,
            )
            if facts.state is ServiceState.STOPPED:
                self.processes.saw_down(name, facts.win32_exit_code)
            return facts, manager.pid or None
        return (None if details is None else self.query_by_sc(name)), None

    def query_by_sc(self, name: str) -> ServiceFacts | None:
        """The state as `sc query` tells it: a second source, where the manager told the probe nothing.

        Raises `GuestFault` if `sc` does not answer although the service exists.
        """
        result = self._console.run([SC, "query", name], self._console.within(COMMAND_S), repeatable=True)
        if result.ok:
            return parse_query(name, result.stdout)
        # Wine's sc answers 1 for every failure, so absence is confirmed by the first source.
        if result.exit_code == NO_SUCH_SERVICE or self.details(name) is None:
            return None
        raise GuestFault(
            f"`sc query {name}` ended with exit code {result.exit_code} although the service exists.",
            code=result.exit_code,
            hint=result.stdout.strip() or result.stderr.strip(),
        )

    def details(self, name: str) -> Service | None:
        """Every attribute, by manager and registry; None if neither knows the service. Drivers too."""
        found = self._console.probe(list[Service], "services", name)
        return found[0] if found and (found[0].manager or found[0].registry) else None

    def all(self) -> tuple[Service, ...]:
        """Every service that is not a driver, with every attribute."""
        return tuple(self._console.probe(list[Service], "services"))

    def start(self, name: str, deadline: Deadline) -> ServiceFacts:
        """Start the service and wait until it runs; one that runs already is left alone.

        Raises `ServiceStateNotReached` if it does not run by then.
        """
        return self._ask("start", name, ServiceState.RUNNING, ALREADY_RUNNING, deadline)

    def stop(self, name: str, deadline: Deadline) -> ServiceFacts:
        """Stop the service and wait until it has stopped; one that has stopped already is left alone.

        One that runs again in another process did stop: an agent may restart itself at the same moment.
        Raises `ServiceStateNotReached` if it has not stopped by then.
        """
        return self._ask("stop", name, ServiceState.STOPPED, NOT_ACTIVE, deadline)

    def wait_state(self, name: str, state: ServiceState, deadline: Deadline) -> ServiceFacts:
        """Wait until the service is in `state`. Raises `ServiceStateNotReached` if it is not by then."""
        return self._arrive(name, state, deadline, None)

    def reaches(self, name: str, state: ServiceState, deadline: Deadline) -> bool:
        """Like `wait_state`, as a yes or no."""
        try:
            self.wait_state(name, state, deadline)
        except ServiceStateNotReached:
            return False
        return True

    def _ask(
        self, verb: str, name: str, wanted: ServiceState, in_place: int, deadline: Deadline
    ) -> ServiceFacts:
        while True:
            facts, pid = self._look(name)
            if facts is not None and facts.state is wanted:
                return facts
            before = pid if wanted is ServiceState.STOPPED else None
            self.processes.asked(name)
            try:
                result = self._console.run([SC, verb, name], deadline)
            except CommandTimedOut as error:  # the manager waits for the service, and says nothing until then
                why = f"because `sc {verb}` did not end within {deadline.length_s:g} s"
                raise ServiceStateNotReached(name, wanted, self.query(name), why) from error
            if result.ok:
                return self._arrive(name, wanted, deadline, before)
            facts = self.query(name)
            if facts is not None and facts.state is wanted:
                return facts
            # A service on its way from one state to another takes no order (1061, or 1056 to one that stops): an
            # agent that restarts itself meets this at any time. Whether it comes to rest is what the wait is for.
            passing = facts is not None and (
                result.exit_code in (in_place, TAKES_NO_ORDER) or facts.state in ON_ITS_WAY
            )
            if not passing or deadline.passed:
                why = f"because `sc {verb}` ended with exit code {result.exit_code}"
                raise ServiceStateNotReached(name, wanted, facts, why)
            deadline.pause(POLL_S)

    def _arrive(
        self, name: str, wanted: ServiceState, deadline: Deadline, before: int | None
    ) -> ServiceFacts:
        """Wait for the state. `before`: the process of a service that is to stop; another one means that it did."""
        while True:
            facts, pid = self._look(name)
            if facts is not None and facts.state is wanted:
                return facts
            if before and pid and pid != before and facts is not None and facts.state is ServiceState.RUNNING:
                return facts
            if deadline.passed:
                raise ServiceStateNotReached(name, wanted, facts, f"within {deadline.length_s:g} s")
            deadline.pause(POLL_S)
