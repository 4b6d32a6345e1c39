"""The guest layer against a real Wine machine over HTTPS and NTLM: commands, files, evidence, reboots."""

import json
from pathlib import Path

import pytest

from harness.guest.guest import Guest
from harness.guest.recording import record
from harness.guest.services import ServiceStateNotReached
from harness.guest.winrm.exchange import CommandTimedOut
from harness.guest.winrm.shell import RemoteShell
from harness.machines.provider import Machine
from harness.model.errors import GuestFault
from harness.model.masking import MASK
from harness.probe.answers.system import Boot, Version
from harness.probe.reading import read_value
from tests.integration.guest.conftest import soon

pytestmark = pytest.mark.wine


@pytest.mark.parametrize("code", [0, 1, 255, 256, 1605, 0x80070643, 0xFFFFFFFF])
def test_exit_codes_are_whole(guest: Guest, code: int) -> None:
    signed = code - 2**32 if code >= 2**31 else code
    assert guest.run(["cmd.exe", "/c", "exit", str(signed)]).exit_code == code


@pytest.mark.parametrize(
    "name", ["Program Files (x86)", "Bits & Pieces", "100% (sure)", "a;b,c=d", "caret^tree", "bang!"]
)
def test_a_program_runs_wherever_it_is_and_sees_its_arguments(guest: Guest, name: str) -> None:
    program = f"C:\\{name}\\cmd copy.exe"
    guest.write_file(f"C:\\{name}\\anchor", b"")
    assert guest.run(["cmd.exe", "/c", "copy", "/y", "C:\\windows\\system32\\cmd.exe", program]).ok
    for arguments in (["/c", "exit", "7"], ["/c", 'echo "two words"&exit 7']):
        assert guest.run([program, *arguments]).exit_code == 7


def test_the_server_is_as_strict_as_windows(
    guest: Guest, machine: Machine, request: pytest.FixtureRequest
) -> None:
    """Without the mark that the guest layer sets, `cmd /c` takes the outer quotes away; a small quota is met."""
    windows = request.config.getoption("--winrm") == "windows"
    notes: list[str] = []
    shell = RemoteShell(machine.winrm, notes.append)
    line = '"C:\\windows\\system32\\cmd.exe" /c exit "7"'
    assert (shell.run(line, soon()).exit_code == 7) == (not windows)
    for _ in range(16):
        shell.run("hostname", soon())
    shell.close()
    assert any("2150859174" in note for note in notes) == windows


def test_what_the_guest_says_of_itself_is_recorded(guest: Guest, machine: Machine) -> None:
    recorded = record(guest, [machine.machine_id])
    assert recorded["absent service"].exit_code not in (0, None)
    assert "CurrentBuild" in recorded["versions"].stdout
    assert machine.machine_id not in str(recorded)


def test_a_shell_line_runs_in_cmd_and_where_it_is_told(guest: Guest) -> None:
    result = guest.run("cd & echo second", cwd="C:\\Program Files")
    assert result.stdout.split("\r\n")[:2] == ["C:\\Program Files", "second"]
    assert guest.run("exit 7", shell=True).exit_code == 7


def test_unicode_survives_in_both_directions(guest: Guest) -> None:
    assert guest.run("echo Zoë 日本", shell=True).stdout.strip() == "Zoë 日本"


def test_a_command_that_hangs_is_terminated(guest: Guest) -> None:
    with pytest.raises(CommandTimedOut, match="ping"):
        guest.run(["ping.exe", "-n", "60", "127.0.0.1"], timeout_s=1)
    assert not [process for process in guest.processes() if process.name.lower() == "ping.exe"]


def test_a_service_has_as_long_to_report_as_on_windows(guest: Guest) -> None:
    """Windows' manager waits 30 s for it, Wine's own 10 s."""
    guest.run(["sc", "create", "BvtNever", "binPath=", "C:\\windows\\system32\\ping.exe -n 60 127.0.0.1"])
    try:
        with pytest.raises(ServiceStateNotReached, match="`sc start` did not end within 13 s"):
            guest.services.start("BvtNever", soon(13))
    finally:
        guest.run(["sc", "delete", "BvtNever"])


def test_thousands_of_files_are_asked_for_at_once(guest: Guest) -> None:
    paths = [f"C:\\agent\\{'library' * 4}{number}" for number in range(4000)]
    assert [facts.path for facts in guest.files(*paths)] == paths


def test_files_keep_every_byte(guest: Guest) -> None:
    path = "C:\\bvt\\deep er\\Zoë.bin"
    content = bytes(range(256)) * 2000
    guest.write_file(path, content)
    assert guest.read_file(path, limit_bytes=10**6) == content
    assert guest.read_file(path, limit_bytes=5) == content[:5]
    assert guest.files(path, "C:\\nope")[0].size == len(content)
    guest.write_file(path, b"")
    assert guest.read_file(path, limit_bytes=5) == b""
    assert guest.delete(path)
    assert not guest.delete(path)
    with pytest.raises(GuestFault) as caught:
        guest.read_file(path, limit_bytes=5)
    assert caught.value.code == 2


def test_several_questions_take_one_round_trip(guest: Guest) -> None:
    boot, version, wrong = guest.batch(["boot"], ["version"], ["no-such-question"])
    assert read_value("boot", Boot, boot).identity == guest.boot().identity
    assert read_value("version", Version, version).build == 19045
    assert "error" in wrong
    with pytest.raises(GuestFault, match="no such command"):
        guest.probe("no-such-question")


def test_evidence_is_collected_and_what_is_missing_noted(
    guest: Guest, tmp_path: Path, transcript_file: Path
) -> None:
    for name in ("one.log", "two.log", "other.txt"):
        guest.write_file(f"C:\\evidence\\{name}", name.encode())
    saved = guest.collect(
        ["C:\\evidence\\*.log", "C:\\evidence\\one.log", "C:\\nowhere\\x.log"], tmp_path / "e"
    )
    assert sorted(path.name for path in saved) == ["one-2.log", "one.log", "two.log"]
    assert (tmp_path / "e" / "one.log").read_bytes() == b"one.log"
    assert "nothing collected for C:\\\\nowhere\\\\x.log" in transcript_file.read_text()


def test_a_reboot_is_proven_by_a_new_boot_identity(guest: Guest) -> None:
    before = guest.boot()
    after = guest.reboot(soon())
    assert after != before
    assert guest.boot() == after
    guest.ready(soon())


def test_the_transcript_has_every_command_and_no_secret(
    guest: Guest, machine: Machine, transcript_file: Path
) -> None:
    guest.run(["cmd.exe", "/c", "echo", machine.winrm.password.get_secret_value()])
    text = transcript_file.read_text()
    assert machine.winrm.password.get_secret_value() not in text
    entries = [json.loads(line) for line in text.splitlines()]
    assert MASK in entries[-1]["stdout"]
    assert sum(entry.get("duration_s", 0) for entry in entries) == pytest.approx(guest.guest_s, abs=0.1)
