"""A restart of the agent's services: those that depend on others are stopped before them, and started after them.

Windows stops no service while one that depends on it runs (1051, ERROR_DEPENDENT_SERVICES_RUNNING).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.lifecycle.timeline import Timeline
from harness.lifecycle.written_files import STOP_S
from harness.model.profile import AgentProfile
from harness.probe.answers.services import Service

RUNNING = 4
"""SERVICE_RUNNING."""
ENDS_S = 10.0
"""How long the process of a service may take to end that says that it is stopped."""


def restart(
    timeline: Timeline,
    *,
    stopped: Callable[[Sequence[str]], None] | None = None,
    stops_within_s: float = STOP_S,
) -> list[str]:
    """Stop and start all services that the profile lets be restarted, and what depends on them; their names.

    `stopped`: called while they do not run. Raises `ServiceStateNotReached`.
    """
    services, names = timeline.session.guest.services, restarted(timeline)
    with timeline.session.recorder.stopwatch.waiting():
        for name in names:
            services.stop(name, timeline.session.within(stops_within_s))
        if stopped:
            stopped(names)
        for name in reversed(names):
            services.start(name, timeline.session.within(starts_within(timeline.session.profile, name)))
    return names


def restarted(timeline: Timeline) -> list[str]:
    """The services that a restart concerns, in the order in which they are stopped."""
    return order_of_stopping(timeline.session.profile, timeline.inspection.services)


def in_which_process(timeline: Timeline, names: Iterable[str]) -> dict[str, int]:
    """Processes that must end with these services, by name: those that they share with no other service."""
    concerned = {name.lower() for name in names}
    others = {
        each.manager.pid
        for name, each in timeline.inspection.services.items()
        if name not in concerned and each.manager is not None
    }
    found = {name: timeline.process_of(name) for name in names}
    return {name: process for name, process in found.items() if process and process not in others}


def starts_within(profile: AgentProfile, name: str) -> float:
    """How many seconds the service has to start; `STOP_S` for one that the profile does not name."""
    declared = (each.start_deadline_s for each in profile.services if each.name.lower() == name.lower())
    return next(declared, STOP_S)


def order_of_stopping(profile: AgentProfile, known: Mapping[str, Service]) -> list[str]:
    """Names of the services to stop, dependents first. Pure.

    `known`: all services by their names in lower case, as seen while they ran. One that a service needs which must not
    be restarted is not restarted either.
    """
    declared = {each.name.lower(): each for each in profile.services}
    needs = {name: _needed(service) for name, service in known.items()}
    for name, each in declared.items():
        needs.setdefault(name, {other.lower() for other in each.depends_on or ()})
    stays = {name for name, each in declared.items() if each.running and not each.survives_restart}
    held = {name for each in stays for name in _below(each, needs)}
    wanted = [name for name, each in declared.items() if each.running and name not in stays | held]
    runs = {name for name, each in known.items() if each.manager and each.manager.state == RUNNING}
    above = [
        name
        for name in needs
        if name in runs and name not in declared and _below(name, needs) & set(wanted) and name not in held
    ]
    shown = {name: known[name].name for name in known} | {name: declared[name].name for name in declared}
    return [shown[name] for name in _dependents_first([*wanted, *above], needs)]


def _needed(service: Service) -> set[str]:
    by_registry = service.registry.depend_on_service if service.registry else None
    by_manager = service.manager.dependencies if service.manager else None
    return {name.lower() for name in (by_registry or by_manager or ())}


def _below(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """Everything that a service needs, also by what it needs."""
    found: set[str] = set()
    while more := {each for one in found | {name} for each in needs.get(one, ())} - found:
        found |= more
    return found


def _dependents_first(names: Sequence[str], needs: Mapping[str, set[str]]) -> list[str]:
    ordered: list[str] = []
    for name in names:
        last = max((ordered.index(each) for each in ordered if name in _below(each, needs)), default=-1)
        first = min(
            (ordered.index(each) for each in ordered if each in _below(name, needs)), default=len(ordered)
        )
        ordered.insert(last + 1 if last >= 0 else first, name)
    return ordered
