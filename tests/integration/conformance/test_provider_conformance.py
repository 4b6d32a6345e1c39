"""What every provider's machines are and do, seen through WinRM and from the host alone.

docs/providers.md is the contract in words. A new provider passes this unchanged by adding itself to `kinds.py`.
"""

import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.guest.guest import Guest
from harness.machines import kept
from harness.machines.capabilities import CutsPower
from harness.machines.cleaning import reclaim_run
from harness.machines.intent import IntentFile
from harness.machines.provider import Machine, MachineProvider
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.machine import Fault, HostPort, MachineState
from harness.state import StateDirectory
from tests.integration.conformance.conftest import CLIENT, SERVER, Create, MakeSpec, Open
from tests.integration.conformance.kinds import Kind, Traces
from tests.programs import bounded

REBOOT_S = 900.0
MOST_CUTS = 3
KEY = "HKLM\\Software\\BvtConformance"
SERVICE = {
    "process": 0,
    "token": 0,
    "parent": 0,
    "visible": False,
    "image": "c:/windows/system32/services.exe",
}
USER = {"process": 1, "token": 1, "station": "winsta0", "visible": True}
"""What who.c says of itself as a service, and as a program of a user: as on Windows."""


def says(guest: Guest, command: str) -> str:
    """What cmd.exe in the guest prints for a command that must succeed."""
    done = guest.run(command, timeout_s=180, shell=True)
    assert done.ok, f"{command}: {done.exit_code} {done.stderr}"
    return done.stdout.strip()


@pytest.mark.in_turn("boots of an emulated machine", days=3, emulated=True)
def test_a_reboot_is_another_boot_of_the_same_computer(create: Create, open_guest: Open) -> None:
    machine = create()
    guest = open_guest(machine)
    before, who = guest.boot(), guest.version()
    says(guest, f"reg add {KEY} /v Kept /d survives /f")
    start_who(machine, guest)
    told(guest, "type C:\\who.txt")
    says(guest, "del C:\\who.txt")
    after = guest.reboot(Deadline.after(REBOOT_S))
    assert after != before
    assert guest.boot() == after
    assert guest.version() == who
    value = guest.registry.value(KEY, "Kept")
    assert value is not None
    assert value.data == "survives"
    assert (
        says(guest, f'type "{machine.media_root}candidate\\A long name with spaces.txt"') == "from the host"
    )
    assert SERVICE.items() <= told(guest, "type C:\\who.txt").items()
    condition = machine.condition()
    assert (condition.state, condition.fault, condition.boots) == (MachineState.RUNNING, Fault.NONE, 2)
    machine.destroy()


@pytest.mark.slow_when_emulated
def test_a_power_cut_loses_what_was_not_saved(create: Create, open_guest: Open) -> None:
    """A registry is saved now and then: one that was saved right before the cut proves nothing, so it is cut again."""
    machine = create()
    assert isinstance(machine, CutsPower)
    guest = open_guest(machine)
    says(guest, f"reg add {KEY} /v Saved /d 1 /f")
    boot, cuts, lost = guest.reboot(Deadline.after(REBOOT_S)), 0, False
    while not lost and cuts < MOST_CUTS:
        says(guest, f"reg add {KEY} /v Unsaved{cuts} /d 1 /f")
        machine.cut_power(Deadline.after(REBOOT_S))
        before, boot = boot, guest.await_boot(boot, Deadline.after(REBOOT_S))
        assert boot != before
        lost = guest.registry.value(KEY, f"Unsaved{cuts}") is None
        cuts += 1
    assert lost
    assert guest.registry.value(KEY, "Saved") is not None
    condition = machine.condition()
    assert (condition.state, condition.fault, condition.boots) == (
        MachineState.RUNNING,
        Fault.NONE,
        2 + cuts,
    )
    machine.destroy()


def start_who(machine: Machine, guest: Guest) -> None:
    """Install who.c as a service that starts with the system, and start it."""
    says(guest, f'copy "{machine.media_root}tools\\who.exe" C:\\who.exe')
    says(guest, 'sc create who binPath= "C:\\who.exe who" start= auto')
    says(guest, "sc start who")


def told(guest: Guest, command: str) -> dict[str, object]:
    """What who.c says, once it has said it."""
    # Each question keeps an emulated guest from what it is asked about.
    Deadline.after(180).poll(
        lambda: guest.run(command, timeout_s=180, shell=True).ok, command, interval_s=1.0
    )
    facts: dict[str, object] = json.loads(says(guest, command).lower())
    return facts


def test_a_killed_host_process_is_the_labs_fault_and_leaves_evidence(
    create: Create, kind: Kind, traces: Traces, state: StateDirectory, tmp_path: Path
) -> None:
    machine = create()
    intent = next(i for i in traces.intents_of(machine.machine_id))
    os.kill(kind.host_process(intent), signal.SIGKILL)
    Deadline.after(60).poll(lambda: machine.condition().state is MachineState.GONE, "the loss being noticed")
    condition = machine.condition()
    assert condition.fault is Fault.HOST
    assert condition.reason
    assert condition.guest_alive is not True
    assert machine.collect(tmp_path / "machine")
    machine.destroy()
    machine.destroy()
    assert traces.of(machine.machine_id) == []
    machine.collect(tmp_path / "later")  # nothing is left to save, and that is no error


def test_a_destroyed_machine_leaves_no_process_file_or_domain(create: Create, traces: Traces) -> None:
    machine = create()
    assert traces.of(machine.machine_id)
    machine.destroy()
    machine.destroy()
    assert traces.of(machine.machine_id) == []
    assert machine.condition().state is MachineState.GONE


def test_a_kept_machine_stays_reachable_until_it_is_reclaimed_and_reclaiming_copes_with_any_intent(
    create: Create, provider: MachineProvider, open_guest: Open, traces: Traces, state: StateDirectory
) -> None:
    machine = create()
    machine.keep()
    found = kept.load(state, machine.machine_id)
    assert (state.kept / f"{machine.machine_id}.json").stat().st_mode & 0o777 == 0o600
    assert found.access == machine.winrm
    assert CLIENT.dotted in says(open_guest(machine), "ver")
    intent = next(i for i in traces.intents_of(machine.machine_id))
    assert intent.kept
    assert not intent.orphaned
    assert reclaim_run(state, intent.run_id) == []  # the end of a run spares it
    assert machine.condition().state is MachineState.RUNNING

    # A killed writer leaves any prefix of the resources behind, and the file may be reclaimed twice.
    path = state.intents / f"{machine.machine_id}.json"
    names = list(intent.resources)
    for length in range(len(names) + 1):
        known = {name: intent.resources[name] for name in names[:length]}
        IntentFile(state.intents, intent.model_copy(update={"resources": known}))
        provider.reclaim(path)
        assert not path.exists()
        assert list(provider.reclaim(path)) == []
    assert traces.of(machine.machine_id) == []


def test_a_deadline_that_passes_leaves_nothing(
    provider: MachineProvider, make_spec: MakeSpec, traces: Traces
) -> None:
    before = traces.nameless()
    spec = make_spec()
    with pytest.raises(InfrastructureError) as raised:
        provider.create(spec, Deadline.after(0.05))
    assert str(raised.value)
    assert traces.intents(spec.run_id) == []
    assert traces.nameless() <= before


CREATOR = """
import sys
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.state import StateDirectory
provider = load_provider(Pool.model_validate_json(sys.argv[1]), StateDirectory.default())
spec = MachineSpec.model_validate_json(sys.argv[2])
provider.prepare(spec.image, lambda _: None)
print("creating", flush=True)
provider.create(spec, Deadline.after(120))
"""


@pytest.mark.in_turn("kills while an emulated machine is made", days=3, emulated=True)
@pytest.mark.parametrize("later_s", [0.0, 0.05, 0.3])
def test_a_process_killed_while_it_makes_a_machine_leaves_an_intent_that_names_everything(
    kind: Kind,
    provider: MachineProvider,
    make_spec: MakeSpec,
    traces: Traces,
    state: StateDirectory,
    later_s: float,
) -> None:
    before = traces.nameless()
    spec = make_spec()
    arguments = [kind.pool.model_dump_json(), spec.model_dump_json()]
    with bounded(
        subprocess.Popen([sys.executable, "-c", CREATOR, *arguments], stdout=subprocess.PIPE)
    ) as creator:
        assert creator.stdout is not None
        assert creator.stdout.readline() == b"creating\n"
        Deadline.after(60).poll(lambda: bool(traces.intents(spec.run_id)), "the intent", interval_s=0.001)
        time.sleep(later_s)
        begun = {intent.machine_id for intent in traces.intents(spec.run_id)}
        creator.kill()
    assert begun
    assert traces.nameless() <= before
    intents = traces.intents(spec.run_id)
    assert all(intent.orphaned for intent in intents)
    # What has no intent any more was removed by its own watchman, whole: nothing had been asked of it yet.
    gone = begun - {intent.machine_id for intent in intents}
    Deadline.after(60).poll(lambda: not any(map(traces.of, gone)), "the end of what has no intent")
    for intent in intents:
        path = state.intents / f"{intent.machine_id}.json"
        provider.reclaim(path)
        provider.reclaim(path)
        assert traces.of(intent.machine_id) == []


def test_there_is_room_for_a_machine_and_the_doctor_speaks(provider: MachineProvider) -> None:
    assert provider.capacity(1024, 1) >= 1
    findings = provider.findings()
    assert findings
    assert all(finding.ok or not finding.required for finding in findings)
    assert all(finding.remedy for finding in findings if finding.required and not finding.ok)


def test_an_unknown_image_and_an_unknown_option_are_the_users_mistakes(
    kind: Kind, provider: MachineProvider, state: StateDirectory
) -> None:
    with pytest.raises(ConfigurationError, match="win95"):
        provider.prepare("win95", lambda _: None)
    option = f"no-such-option-{secrets.token_hex(2)}"
    with pytest.raises(ConfigurationError, match="option"):
        load_provider(kind.pool.model_copy(update={"options": {option: 1}}), state)


def test_media_that_is_not_there_is_the_users_mistake_and_leaves_nothing(
    provider: MachineProvider, make_spec: MakeSpec, traces: Traces, tmp_path: Path
) -> None:
    spec = make_spec().model_copy(update={"media": tmp_path / "none"})
    with pytest.raises(ConfigurationError, match="media directory"):
        provider.create(spec, Deadline.after(10))
    assert traces.intents(spec.run_id) == []


@dataclass(frozen=True)
class Pair:
    """Two machines at once: a client with a backend, a server without. Their tests come last: until then they would take
    processors from the others."""

    client: Machine
    server: Machine
    client_guest: Guest
    server_guest: Guest


@pytest.fixture(scope="module")
def pair(create: Create, make_spec: MakeSpec, open_guest: Open, listening: Callable[[], HostPort]) -> Pair:
    specs = [make_spec(CLIENT, backend=listening()), make_spec(SERVER)]
    with ThreadPoolExecutor(2) as threads:
        client, server = threads.map(create, specs)
    return Pair(client, server, open_guest(client), open_guest(server))


def test_each_machine_is_the_windows_version_that_was_asked_for(pair: Pair) -> None:
    for guest, expected in ((pair.client_guest, CLIENT), (pair.server_guest, SERVER)):
        assert f"{expected.dotted}" in says(guest, "ver")
        found = guest.version()
        assert (found.build, found.product_type) == (expected.build, expected.product_type.value)
        assert found.product_name == expected.product_name


def test_a_machine_says_what_it_really_is(pair: Pair, kind: Kind, provider: MachineProvider) -> None:
    assert isinstance(pair.client, Machine)
    assert pair.client.substrate in kind.pool.substrates
    assert pair.client.image == provider.prepare(kind.image, lambda _: None)
    assert pair.client.image.digest
    for machine in (pair.client, pair.server):
        condition = machine.condition()
        assert (condition.state, condition.fault, condition.boots) == (MachineState.RUNNING, Fault.NONE, 1)
        assert condition.guest_alive is not False


def test_the_media_drive_has_the_hosts_files_and_cannot_be_written(pair: Pair, media: Path) -> None:
    root = pair.client.media_root
    file = f'"{root}candidate\\A long name with spaces.txt"'
    assert says(pair.client_guest, f"type {file}") == "from the host"
    for attempt in (f"echo x > {root}new.txt", f"echo x > {file}", f"del {file}"):
        pair.client_guest.run(attempt, timeout_s=60, shell=True)
    assert says(pair.client_guest, f"type {file}") == "from the host"
    assert not pair.client_guest.files(f"{root}new.txt")[0].exists
    assert sorted(path.name for path in media.iterdir()) == ["candidate", "tools"]


def test_the_one_way_out_leads_to_the_backend(pair: Pair, listening: Callable[[], HostPort]) -> None:
    talk = f"{pair.client.media_root}tools\\talk.exe"
    address = pair.client.backend_address
    assert address is not None
    assert says(pair.client_guest, f"{talk} {address.host} {address.port} hello 20") == "HELLO"
    assert says(pair.client_guest, f"{talk} {address.host} {address.port} again 20") == "AGAIN"
    elsewhere = listening()
    for host in ("127.0.0.1", "10.0.2.2", address.host):
        done = pair.client_guest.run([talk, host, str(elsewhere.port), "hello", "2"], timeout_s=60)
        assert done.exit_code == 1, f"{host}:{elsewhere.port} of the host answers inside the guest"
    assert pair.server.backend_address is None
    assert (
        pair.server_guest.run([talk, address.host, str(address.port), "hello", "2"], timeout_s=60).exit_code
        == 1
    )


def test_two_machines_are_two_computers(pair: Pair) -> None:
    assert pair.client.machine_id != pair.server.machine_id
    assert pair.client.winrm.password != pair.server.winrm.password
    client, server = pair.client_guest.version(), pair.server_guest.version()
    assert client.machine_guid
    assert server.machine_guid
    assert client.machine_guid != server.machine_guid
    assert client.computer_name != server.computer_name
    assert says(pair.client_guest, "hostname").lower() == (client.computer_name or "").lower()

    says(pair.client_guest, f"reg add {KEY} /v Mine /d yes /f & echo mine > C:\\mine.txt")
    assert not pair.server_guest.registry.exists(KEY)
    assert not pair.server_guest.files("C:\\mine.txt")[0].exists


def test_what_is_saved_of_a_living_machine_has_digests_and_no_password(pair: Pair, tmp_path: Path) -> None:
    evidence = pair.client.collect(tmp_path / "machine")
    assert evidence
    for item in evidence:
        data = (tmp_path / "machine" / item.path).read_bytes()
        assert (item.size, item.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert pair.client.winrm.password.get_secret_value().encode() not in data
        assert item.what


def test_services_are_in_session_0_and_users_programs_are_not(pair: Pair) -> None:
    start_who(pair.client, pair.client_guest)
    assert SERVICE.items() <= told(pair.client_guest, "type C:\\who.txt").items()
    assert USER.items() <= told(pair.client_guest, "C:\\who.exe").items()
