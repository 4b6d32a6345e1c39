"""What a Windows guest's agent is asked, played by one that only notes it down. No Windows runs here."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import libvirt
import libvirt_qemu
import pytest

from harness.machines.libvirt.clone.personal import Person, personalise
from harness.machines.libvirt.clone.settle import POWERSHELL, settle
from harness.machines.libvirt.image.manifest import Hardware, ImageManifest, WinRMEndpoint
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.substrate import GuestSystem
from harness.model.windows import ProductType, WindowsVersion

MANIFEST = ImageManifest(
    name="win11-24h2",
    guest_system=GuestSystem.WINDOWS,
    recipe_digest="a" * 64,
    built=datetime(2026, 1, 1, tzinfo=UTC),
    files={},
    hardware=Hardware(),
    winrm=WinRMEndpoint(port=5986, username="bvt", tls=True),
)
WIN11 = WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=26100)


class Domain:
    """Stands for the domain; only its name is asked."""

    def name(self) -> str:
        return "bvt-0123456789"


class Agent:
    """A guest agent that runs nothing. `exit_codes`: of its programs in their order; the last is every later one's."""

    def __init__(
        self,
        exit_code: int | None = 0,
        errors: str = "",
        *,
        output: str = "",
        exit_codes: tuple[int | None, ...] = (),
    ) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._exit_codes, self._errors, self._output = list(exit_codes or (exit_code,)), errors, output

    def __call__(self, _domain: object, request: str, _timeout: int, _flags: int) -> str:
        message = json.loads(request)
        self.asked.append((message["execute"], message.get("arguments", {})))
        code = self._exit_codes[0]
        if message["execute"] == "guest-exec-status" and len(self._exit_codes) > 1:
            self._exit_codes.pop(0)
        answers: dict[str, dict[str, Any]] = {
            "guest-exec": {"pid": 4},
            "guest-exec-status": {
                "exited": code is not None,
                "exitcode": code,
                "out-data": base64.b64encode(self._output.encode()).decode(),
                "err-data": base64.b64encode(self._errors.encode()).decode(),
            },
        }
        return json.dumps({"return": answers.get(message["execute"], {})})


@pytest.fixture
def domain() -> libvirt.virDomain:
    return cast(libvirt.virDomain, Domain())


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Callable[[Agent], Agent]:
    def play(agent: Agent) -> Agent:
        monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", agent)
        return agent

    return play


def test_a_windows_template_waits_for_winrm_and_idle_processors(
    domain: libvirt.virDomain, played: Callable[[Agent], Agent]
) -> None:
    agent = played(Agent())
    settle(domain, GuestSystem.WINDOWS, Deadline.after(5))
    command, arguments = agent.asked[0]
    assert (command, arguments["path"]) == ("guest-exec", POWERSHELL)
    assert "WinRM" in arguments["arg"][-1]
    assert "PercentIdleTime" in arguments["arg"][-1]


def test_a_wine_template_runs_its_own_script(
    domain: libvirt.virDomain, played: Callable[[Agent], Agent]
) -> None:
    agent = played(Agent())
    settle(domain, GuestSystem.WINE, Deadline.after(5))
    assert agent.asked[0][1]["path"] == "/usr/lib/bvt/settle"


def test_a_guest_that_does_not_settle_is_no_template(
    domain: libvirt.virDomain, played: Callable[[Agent], Agent]
) -> None:
    played(Agent(exit_code=1, errors="Cannot find any service with service name 'WinRM'."))
    with pytest.raises(InfrastructureError, match="Cannot find any service"):
        settle(domain, GuestSystem.WINDOWS, Deadline.after(5))
    played(Agent(exit_code=None))
    with pytest.raises(DeadlineExceeded):
        settle(domain, GuestSystem.WINDOWS, Deadline.after(0.1))


def test_a_windows_clone_gets_the_clock_and_a_password_of_its_own(
    domain: libvirt.virDomain, played: Callable[[Agent], Agent]
) -> None:
    agent = played(Agent())
    person = Person.new("bvt-0123456789")
    personalise(domain, MANIFEST, WIN11, person)
    asked = dict(agent.asked)
    assert abs(asked["guest-set-time"]["time"] / 1e9 - datetime.now(UTC).timestamp()) < 60
    told = asked["guest-set-user-password"]
    assert told["username"] == "bvt"
    assert base64.b64decode(told["password"]).decode() == person.password.get_secret_value()
    assert told["crypted"] is False


def test_a_servers_administrator_gets_a_password_that_nobody_keeps(
    domain: libvirt.virDomain, played: Callable[[Agent], Agent]
) -> None:
    agent, person = played(Agent()), Person.new("bvt-0123456789")
    server = WIN11.model_copy(update={"product_type": ProductType.SERVER})
    personalise(domain, MANIFEST, server, person)
    personalise(domain, MANIFEST, server, person)
    told = [arguments for command, arguments in agent.asked if command == "guest-set-user-password"]
    assert [entry["username"] for entry in told] == ["bvt", "Administrator", "bvt", "Administrator"]
    assert len({entry["password"] for entry in told}) == 3  # the person's own, and two that differ


def test_a_clients_administrator_stays_as_it_is(
    domain: libvirt.virDomain, played: Callable[[Agent], Agent]
) -> None:
    agent = played(Agent())
    personalise(domain, MANIFEST, WIN11, Person.new("bvt-0123456789"))
    assert [a["username"] for c, a in agent.asked if c == "guest-set-user-password"] == ["bvt"]


def test_a_password_satisfies_windows_whatever_chance_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda _length: "onlylowercaseletters")
    password = Person.new("bvt-0123456789").password.get_secret_value()
    kinds = (str.islower, str.isupper, str.isdigit, lambda character: not character.isalnum())
    assert all(any(kind(character) for character in password) for kind in kinds)
