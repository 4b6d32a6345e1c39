"""Services and installers on a real Wine machine: what succeeds, what fails, what hangs, what is lost."""

import contextlib
import threading
from pathlib import Path

import pytest

from harness.cell.familiar import Familiar, Question
from harness.guest.facts import ServiceState
from harness.guest.guest import Guest
from harness.guest.msi.exit_codes import MsiOutcome
from harness.guest.msi.result import InstallerHangs
from harness.guest.services import ServiceStateNotReached
from harness.guest.system_tools import SC
from harness.guest.transcript import Transcript
from harness.machines.provider import Machine
from harness.machines.wine.machine import WineMachine
from harness.model.errors import CandidateError, GuestFault
from tests.integration.guest.conftest import Cutter, soon

pytestmark = pytest.mark.wine

SERVICE = "BvtRefAgent"
VERSION = "1.0.0"


def test_a_missing_service_is_no_service(guest: Guest) -> None:
    assert guest.services.query("NoSuchService") is None
    with pytest.raises(ServiceStateNotReached, match="does not exist"):
        guest.services.start("NoSuchService", soon(5))
    assert not guest.services.reaches("NoSuchService", ServiceState.RUNNING, soon(0.2))


def test_who_takes_a_system_program_away_is_blamed_and_not_the_lab(guest: Guest) -> None:
    """The harness orders services by `sc.exe`; that it answered on the same machine before is what tells."""

    def state(of: Guest) -> str:
        found = of.services.query_by_sc("PlugPlay")
        assert found is not None
        return found.state.name

    question = Question(f"{SC} query PlugPlay", state)
    familiar = Familiar()
    familiar.put(guest, [question])
    program = guest.read_file(SC, limit_bytes=1 << 22)
    assert guest.delete(SC)
    try:
        with pytest.raises(GuestFault) as seen:
            guest.services.query_by_sc("PlugPlay")
        judged = familiar.judge(seen.value, guest)
        assert isinstance(judged, CandidateError)
        assert f"the guest no longer answers `{SC} query" in str(judged)
    finally:
        guest.write_file(SC, program)
    assert guest.services.query_by_sc("PlugPlay") == guest.services.query("PlugPlay")
    fault = GuestFault("something else")
    fresh = Familiar()
    fresh.put(guest, [question])
    assert fresh.judge(fault, guest) is fault


def test_the_agent_is_installed_controlled_and_removed(guest: Guest) -> None:
    installed = guest.msi.install("D:\\candidate\\agent.msi", {"ENROLSECRET": "a b;c"}, soon())
    assert (installed.exit_code, installed.meaning.outcome) == (0, MsiOutcome.SUCCESS), installed.log_excerpt
    (entry,) = [e for e in guest.uninstall_entries() if e.display_name == "BVT Reference Agent"]
    assert entry.display_version == VERSION
    secret = guest.registry.value("HKLM\\Software\\BVT\\ReferenceAgent", "ENROLSECRET")
    assert secret is not None
    assert secret.data == "a b;c"
    services = guest.services
    assert services.wait_state(SERVICE, ServiceState.RUNNING, soon()).type & 0x10
    assert services.stop(SERVICE, soon()).state is ServiceState.STOPPED
    assert services.start(SERVICE, soon()).state is ServiceState.RUNNING
    details = services.details(SERVICE)
    assert details is not None
    assert details.manager is not None
    assert details.manager.pid_alive
    assert SERVICE in {service.name for service in services.all()}
    repaired = guest.msi.repair(entry.key, soon())
    assert repaired.succeeded, repaired.log_excerpt
    removed = guest.msi.uninstall(entry.key, soon())
    assert removed.succeeded, removed.log_excerpt
    assert services.query(SERVICE) is None
    again = guest.msi.uninstall(entry.key, soon())
    assert again.meaning.outcome is MsiOutcome.NOT_INSTALLED


def test_a_package_that_cannot_be_installed_says_why(guest: Guest) -> None:
    corrupt = guest.msi.install("D:\\candidate\\corrupt.msi", {}, soon())
    assert not corrupt.succeeded
    assert "corrupt" in corrupt.meaning.text
    missing = guest.msi.install("D:\\candidate\\missing.msi", {}, soon())
    assert missing.meaning.outcome is MsiOutcome.BAD_PACKAGE


def test_an_installer_is_not_lost_with_the_connection(machine: Machine, tmp_path: Path) -> None:
    assert isinstance(machine, WineMachine)
    relay, was_cut = Cutter(machine.winrm.port), threading.Event()

    def cut() -> None:
        """Once the harness knows that the installer was started, and waits for its end."""
        soon().poll(lambda: "--detach" in transcript.path.read_text(), "the start")
        relay.cut()
        was_cut.set()

    access = machine.winrm.model_copy(update={"port": relay.port})
    transcript = Transcript(tmp_path / "transcript.jsonl", cell="test/guest", machine=machine.machine_id)
    threading.Thread(target=cut, daemon=True).start()
    with (
        transcript,
        contextlib.closing(relay),
        contextlib.closing(Guest(access, transcript, media_root=machine.media_root)) as guest,
    ):
        result = guest.msi.run_installer(
            ["cmd.exe", "/c", "ping -n 8 127.0.0.1 >nul & echo done & exit 3010"], soon()
        )
        assert was_cut.is_set()
        assert result.reboot_needed
        assert guest.read_file(result.log_path, limit_bytes=100).strip() == b"done"


def test_an_installer_that_hangs_is_ended_and_named(guest: Guest) -> None:
    with pytest.raises(InstallerHangs, match="ping"):
        guest.msi.run_installer(["ping.exe", "-n", "60", "127.0.0.1"], soon(6))
    assert not [process for process in guest.processes() if process.name.lower() == "ping.exe"]
