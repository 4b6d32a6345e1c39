"""Reboots as a part of a cell's timeline: in use, as often as the scenario says, and once more after the uninstall."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.backend.interface import BackendFeature, Event
from harness.cell.declared import never_introduced
from harness.guest.facts import BootIdentity
from harness.guest.round_trip import RoundTrip, trees
from harness.lifecycle.once import happened, once
from harness.lifecycle.reports_on import KIND, reports_on
from harness.lifecycle.restart_in_use import told_again
from harness.lifecycle.settings import set_on_service
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.undoing import undo
from harness.model.image_path import program_of
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.probe.answers.processes import Process
from harness.probe.answers.services import Service

ON_ITS_WAY_S = 5.0
"""What came so shortly before a reboot may come once more: a request whose answer was lost is made again."""


@dataclass(frozen=True)
class Series:
    """Reboots made one after the other, each only after the agent was back from the one before."""

    boots: tuple[BootIdentity, ...]
    wanted: int
    down: str = ""
    """The service that did not come up again after the last of them, which ended the series early."""
    silent: bool = False
    """The agent was not seen again after the last of them, which ended the series early."""

    @property
    def words(self) -> str:
        """How a message names the last reboot."""
        return "the reboot" if self.wanted == 1 else f"reboot {len(self.boots)} of {self.wanted}"


@dataclass(frozen=True)
class Remains:
    """What the machine shows of the agent after its uninstall and one more boot."""

    boot: BootIdentity
    services: tuple[str, ...]
    processes: tuple[str, ...]
    files: frozenset[str]


class Reboots:
    """The reboots of one cell, each series made when the first check asks for it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session
        self._began_at = self._asked_at = 0.0

    @once
    def in_use(self) -> Series:
        """Reboot the guest with the agent on it, as often in a row as the scenario says.

        Between two reboots every service must come up and the agent must be seen at its backend. After the last one
        the checks look for that themselves.
        """
        _ = self._timeline.installation
        wanted = self._session.cell.reboots
        boots: list[BootIdentity] = []
        self._began_at = time.time()
        with self._timeline.dirty(Phase.REBOOT):
            self._asked_at = time.time()
            boots.append(self._timeline.reboot_now())
        while True:
            if len(boots) == wanted:
                return Series(tuple(boots), wanted)
            down = self.service_down()
            silent = not down and not self._seen_again()
            if down or silent:
                return Series(tuple(boots), wanted, down, silent)
            boots.append(self._timeline.reboot_now())

    @once
    def after_uninstall(self) -> Remains:
        """Reboot once the candidate is gone, then look for anything of it that came back."""
        _ = self._timeline.after
        boot = self._timeline.reboot_now()
        return self._look_for_remains(boot)

    @once
    def reports_on(self) -> bool:
        """Whether what happens is reported after the last reboot."""
        _ = self.in_use
        given: list[str] = []
        try:
            return reports_on(self._timeline, given)
        finally:
            undo(self._session, [["unstimulate", KIND, "--nonce", nonce] for nonce in given])

    @property
    def asked_at(self) -> float:
        """When the first of those in use was asked for, in seconds since the epoch.

        The machine was by then as the scenario has it: what the agent says of it since is no word from before.
        """
        _ = self.in_use
        return self._asked_at

    def told_again(self) -> Sequence[Event]:
        """Changes of files that were reported before the first reboot, and once more after it."""
        assert happened(self, "in_use"), "there is an after only then"
        session, since = self._session, self._began_at
        events = session.backend.events(session.cell.id, session.profile.telemetry[KIND].query)
        return told_again(settled(events, since), since, self._timeline.nonce)

    def service_down(self) -> str:
        """The first service that does not run again by itself within its deadline; empty if all do."""
        for expected in self._session.profile.services:
            if expected.running:
                found = self._timeline.inspection.service(expected.name)
                delayed = found.manager.delayed_start if found and found.manager else None
                if "delayedautostart" in self._set_on(expected.name):
                    expected = expected.model_copy(update={"delayed": True})
                within_s = expected.starts_within(after_boot=True, delayed=delayed)
                with self._session.recorder.stopwatch.waiting():
                    if not self._timeline.service_comes_up(expected.name, within_s):
                        return expected.name
        return ""

    def _set_on(self, service: str) -> frozenset[str]:
        """What customers set on it before an upgrade."""
        earlier = self._timeline.arrival.earlier
        was_set = earlier is not None and service.lower() in earlier.services
        return set_on_service(self._session.profile, service) if was_set else frozenset()

    def service_words(self, name: str) -> str:
        """What the service manager says of a service that does not run."""
        return self._timeline.service_words(name)

    def _seen_again(self) -> bool:
        session = self._session
        told_nobody = never_introduced(session.profile, session.backend.name)
        if told_nobody or BackendFeature.HEARTBEAT not in session.backend.features:
            return True  # nobody can tell
        with session.recorder.stopwatch.waiting():
            deadline = session.patience(session.profile.check_in.deadline_s)
            return session.backend.wait_seen(session.cell.id, deadline, after=time.time()) is not None

    def _look_for_remains(self, boot: BootIdentity) -> Remains:
        profile = self._session.profile
        roots = (profile.install_dir, *profile.data_dirs)
        questions = [["services"], ["drivers"], ["processes"]]
        asked = RoundTrip(self._session.guest, [*questions, *trees(*roots)])
        everything = asked.read(list[Service], "services") + asked.read(list[Service], "drivers")
        running = (process.path or "" for process in asked.read(list[Process], "processes"))
        return Remains(
            boot=boot,
            services=tuple(sorted(service.name for service in everything if is_agents(service, profile))),
            processes=tuple(sorted({path for path in running if profile.owns(path)})),
            files=frozenset(path.lower() for path in asked.paths(*roots)),
        )


def settled(events: Sequence[Event], since: float) -> list[Event]:
    """Without what came so shortly before that it may have been on its way when the machine went down. Pure."""
    return [each for each in events if not since - ON_ITS_WAY_S < each.received_at <= since]


def is_agents(service: Service, profile: AgentProfile) -> bool:
    """By the profile's names, or by a program that is the agent's. Windows itself adds services at any boot."""
    names = {expected.name.lower() for expected in (*profile.services, *profile.drivers)}
    sides = [side for side in (service.registry, service.manager) if side is not None]
    return service.name.lower() in names or any(
        profile.owns(program_of(side.image_path or "")) for side in sides
    )
