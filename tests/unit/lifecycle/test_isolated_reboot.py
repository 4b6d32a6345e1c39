"""A host that is isolated when it is rebooted: whether that can be shown, since when it counts, and its release."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from harness.backend.interface import BackendFeature
from harness.cell.check import NotApplicable, NotTested
from harness.checks import test_reboot as reboot_checks
from harness.lifecycle import isolation, reboots
from harness.lifecycle.dirt import isolated_reboot
from harness.lifecycle.dirt.isolated import isolating
from harness.lifecycle.lasting import Lasting
from harness.lifecycle.reboots import Reboots
from harness.model.errors import GuestUnreachable, InfrastructureError
from harness.model.machine import HostPort, MachineCondition, MachineState
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.model.steps import Step
from harness.model.substrate import GuestSystem
from tests.unit.cell.stand_ins import PROFILE

FEATURES = frozenset({BackendFeature.CONFIGURE, BackendFeature.STATUS, BackendFeature.HEARTBEAT})
SAYS = '"isolated":true'
STEP = Step(action=Phase.REBOOT, dirt=("isolated-reboot",))


class Host:
    """A host whose agent isolates it; machine, guest and backend in one."""

    name = "stand-in"
    guest_system = GuestSystem.WINE
    features = FEATURES

    def __init__(self, *, neighbour: bool = True, way: bool = True, says: str = SAYS) -> None:
        self.address = HostPort(host="10.0.2.101", port=80) if neighbour else None
        self.way, self.says, self.ignorant = way, says, ""
        self.isolated, self.met, self.moment = False, 0, 0.0
        self.configured: list[bool] = []
        self.lines: list[tuple[float, str]] = []

    def neighbour(self) -> HostPort | None:
        return self.address

    def contacts(self) -> list[float]:
        return [0.0] * self.met

    def reaches(self, _: HostPort, **__: object) -> Any:
        through = self.way and not self.isolated
        self.met += through
        return SimpleNamespace(reached=through)

    def condition(self) -> MachineCondition:
        return MachineCondition(state=MachineState.RUNNING, guest_alive=True)

    def run(self, _: object) -> Any:
        return SimpleNamespace(stdout=self.says)

    def ignorance(self, _: object) -> str:
        return self.ignorant

    def configure(self, _: str, configuration: Any) -> float:
        self.isolated = configuration["response"]["isolate"]
        self.configured.append(self.isolated)
        self.tell("engaged" if self.isolated else "released")
        return self.moment

    def tell(self, state: str) -> None:
        self.moment += 1
        words = PROFILE.response_actions["isolate" if state == "engaged" else "release"].status_contains
        self.lines.append((self.moment + 0.5, words))

    def wait_status(self, _: str, contains: str, *__: object, after: float) -> Any:
        told = [words for at, words in self.lines if at > after and contains in words]
        return SimpleNamespace(message=told[0]) if told else None


def profile(*, release: bool = True, shown: bool = True, below_wine: bool = True) -> AgentProfile:
    actions = dict(PROFILE.response_actions)
    isolate = actions["isolate"]
    actions["isolate"] = isolate.model_copy(
        update={"below_wine": below_wine, "shown_by": isolate.shown_by if shown else None}
    )
    if not release:
        del actions["release"]
    return PROFILE.model_copy(update={"response_actions": actions})


def on(host: Host, declared: AgentProfile) -> Any:
    session = SimpleNamespace(
        **dict.fromkeys(("machine", "guest", "backend"), host),
        profile=declared,
        cell=SimpleNamespace(id="c", steps=(STEP,), reboots=1),
        expected_boots=1,
        notes={},
        within=lambda seconds: SimpleNamespace(length_s=seconds),
        recorder=SimpleNamespace(stopwatch=SimpleNamespace(waiting=nullcontext)),
    )
    session.note = session.notes.__setitem__
    return SimpleNamespace(session=session, endpoint=None, lasting=Lasting(), render=lambda part: part)


@pytest.mark.parametrize(
    ("declared", "change", "raised", "why"),
    [
        (profile(release=False), {}, NotTested, "no response action 'release'"),
        (profile(below_wine=False), {}, NotApplicable, "Wine has no packet filter"),
        (profile(), {"ignorant": "it tells no times"}, NotApplicable, "it tells no times"),
        (
            profile(),
            {"features": FEATURES - {BackendFeature.HEARTBEAT}},
            NotApplicable,
            "offers no heartbeat",
        ),
    ],
)
def test_no_host_is_isolated_where_nobody_could_tell_or_release_it(
    declared: AgentProfile, change: dict[str, object], raised: type[Exception], why: str
) -> None:
    host = Host()
    for name, value in change.items():
        setattr(host, name, value)
    with pytest.raises(raised, match=why), isolated_reboot.soil(on(host, declared)):
        pass
    assert not host.configured


def test_a_host_that_no_check_released_is_released_once_before_the_next_step() -> None:
    host = Host()
    timeline = on(host, profile())
    with isolated_reboot.soil(timeline):
        assert host.isolated
    assert host.isolated, "it is to be looked at after the reboot"
    timeline.lasting.end()
    timeline.lasting.end()
    assert host.configured == [True, False]


def test_what_fails_at_the_release_is_left_to_what_is_looked_at_next() -> None:
    def fails() -> None:
        raise InfrastructureError("gone")

    lasting, done = Lasting(), list[str]()
    lasting.until_ended(lambda: done.append("first"))
    lasting.until_ended(fails)
    lasting.end()
    assert done == ["first"]


@pytest.mark.parametrize("release", [True, False])
def test_a_host_that_lets_nobody_in_is_released_where_the_profile_says_how(release: bool) -> None:
    host = Host()
    timeline = on(host, profile(release=release))
    with (
        pytest.raises(NotApplicable, match="so nothing can be done"),
        isolating(timeline, "uninstall", "nothing can be done"),
    ):
        raise GuestUnreachable("no answer")
    timeline.lasting.end()
    assert host.configured == ([True, False] if release else [True])


def looked(
    host: Host, declared: AgentProfile, monkeypatch: pytest.MonkeyPatch, *, forgets: bool = False
) -> None:
    """Isolate the host, reboot it, and have the check look. Raises what that says."""
    monkeypatch.setattr(isolation, "HasNeighbour", Host)
    timeline = on(host, declared)
    with isolated_reboot.soil(timeline):
        since = host.moment + 0.9
    if forgets:
        host.isolated = False
    reboot_checks.test_isolation_lasts(
        timeline.session,
        timeline,
        SimpleNamespace(asked_at=since),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("neighbour", "shown"), [(True, True), (True, False), (False, True)])
def test_one_word_is_enough(neighbour: bool, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(neighbour=neighbour)
    looked(host, profile(shown=shown), monkeypatch)
    assert host.configured == [True, False]


def test_where_nobody_has_a_word_it_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(neighbour=False)
    with pytest.raises(NotApplicable, match="names no command that shows it"):
        looked(host, profile(shown=False), monkeypatch)
    assert host.configured == [True, False]


@pytest.mark.parametrize(
    ("host", "why"),
    [(Host(says=""), "does not say"), (Host(), r"10\.0\.2\.101:80 was reached, by its own record")],
)
def test_either_word_tells_of_a_host_that_is_isolated_no_more(
    host: Host, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match=why):
        looked(host, profile(), monkeypatch, forgets=True)
    assert host.configured == [True, False]


def test_a_way_that_is_dead_after_the_release_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotApplicable, match=r"after it, 10\.0\.2\.101:80 was not reached"):
        looked(Host(way=False), profile(shown=False), monkeypatch)


def test_a_line_from_before_the_host_was_isolated_is_held_against_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [10.0]
    monkeypatch.setattr(reboots, "time", SimpleNamespace(time=lambda: now[0]))

    @contextmanager
    def dirty(_: Phase) -> Iterator[bool]:
        now[0] += 5  # so long it takes until the agent confirms that its host is isolated
        yield True

    session = SimpleNamespace(cell=SimpleNamespace(reboots=1))
    timeline: Any = SimpleNamespace(session=session, installation=None, dirty=dirty, reboot_now=object)
    made = Reboots(timeline)
    assert made.asked_at == 15
    assert made._began_at == 10, "what is told again after it was told before the machine was made dirty"
