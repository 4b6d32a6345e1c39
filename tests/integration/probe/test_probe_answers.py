"""Every question of the probe, asked of a real Wine and read as typed data."""

import hashlib
import socket

import pytest
from pydantic import JsonValue

from harness.guest.access_control import read_sddl
from harness.probe.answers.accounts import Group, User
from harness.probe.answers.files import FileFacts, Tree
from harness.probe.answers.processes import Process, Socket
from harness.probe.answers.registry import KeyContents, KeyFacts, UninstallEntry
from harness.probe.answers.services import Service
from harness.probe.answers.stimulus import Stimulus
from harness.probe.answers.system import Boot, Clock, ClockSet, CrashFile, Environment, PendingRename, Version
from harness.probe.answers.tasks import Task
from harness.probe.reading import ProbeFailed, read_batch, read_value
from tests.integration.probe.conftest import Probe, windows_path

pytestmark = pytest.mark.wine


def test_a_kept_probe_answers_one_batch_after_another(probe: Probe) -> None:
    given = b"boot\nservices PlugPlay\n\nfile C:\\windows\nwrite C:\\x.txt\n\nversion\n"
    done = probe.run("serve", stdin=given)
    first, second = map(read_batch, done.stdout.splitlines())
    assert list(first) == ["boot", "services PlugPlay"]
    assert read_value("file", list[FileFacts], second["file C:\\windows"])[0].exists
    with pytest.raises(ProbeFailed, match="needs a process of its own"):
        read_value("write", Tree, second["write C:\\x.txt"])
    assert done.returncode == 0  # what was not ended by an empty line is no question


def test_a_kept_probe_gives_stimuli_that_no_process_has_to_hold(probe: Probe) -> None:
    given = ["stimulate file_change --nonce kept", "file C:\\bvt-stimulus\\kept.txt"]
    taken = ["unstimulate file_change --nonce kept", "file C:\\bvt-stimulus\\kept.txt"]
    held = "stimulate process_start --nonce kept"
    asked = "".join(f"{line}\n" for line in (*given, "", *taken, "", held, ""))
    there, gone, refused = map(read_batch, probe.run("serve", stdin=asked.encode()).stdout.splitlines())
    assert read_value("stimulate", Stimulus, there[given[0]]).nonce == "kept"
    assert read_value("file", list[FileFacts], there[given[1]])[0].exists
    assert not read_value("file", list[FileFacts], gone[taken[1]])[0].exists
    with pytest.raises(ProbeFailed, match="needs a process of its own"):
        read_value("stimulate", Stimulus, refused[held])


def test_one_batch_answers_many_questions(probe: Probe) -> None:
    shapes: dict[str, object] = {
        "version": Version,
        "boot": Boot,
        "clock": Clock,
        "processes": list[Process],
        "sockets": list[Socket],
        "services": list[Service],
        "drivers": list[Service],
        "tasks": list[Task],
        "groups": list[Group],
        "environment": Environment,
        "pending-renames": list[PendingRename],
        "uninstall-entries": list[UninstallEntry],
        "crashes": list[CrashFile],
    }
    answers = read_batch(probe.run("batch", "--", *shapes).stdout)
    assert list(answers) == list(shapes)
    for command, shape in shapes.items():
        assert read_value(command, shape, answers[command]) is not None  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["batch", "serve"])
def test_a_question_may_name_thousands_of_files(probe: Probe, command: str) -> None:
    """Such as every file of an agent, whose paths are longer together than one reading of the input."""
    question = "file " + " ".join(f"C:\\\\agent\\\\{'library' * 4}{number}" for number in range(4000))
    answers = read_batch(probe.run(command, stdin=f"{question}\nboot\n\n".encode()).stdout)
    assert len(read_value("file", list[FileFacts], answers[question])) == 4000
    assert answers["boot"]


def test_an_input_without_an_end_is_refused(probe: Probe) -> None:
    with pytest.raises(ProbeFailed, match="longer than 16 MiB"):
        read_batch(probe.run("batch", stdin=b"x" * (1 << 24)).stdout)


def test_the_sockets_of_a_busy_host_do_not_hold_up_the_answer(probe: Probe) -> None:
    """An old Wine lists them all, and looks for the owner of each among all files that its programs have open."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        for _ in range(1500):
            with socket.create_connection(listening.getsockname()), listening.accept()[0]:
                pass
        seen = probe.ask(list[Socket], "sockets")
    assert "time_wait" not in {each.state for each in seen}


def test_the_boot_is_the_same_until_the_machine_starts_anew(probe: Probe) -> None:
    assert probe.ask(Boot, "boot").identity == probe.ask(Boot, "boot").identity


def test_processes_name_their_command_lines(probe: Probe) -> None:
    own = [each for each in probe.ask(list[Process], "processes") if each.name == "bvt-probe.exe"]
    assert own
    assert own[-1].command_line is not None
    assert own[-1].command_line.endswith("processes")


def test_handles_of_other_processes_are_counted(probe: Probe) -> None:
    counted = {each.name: each.handles for each in probe.ask(list[Process], "processes")}
    assert (counted["services.exe"] or 0) > 10


def test_what_wine_does_not_store_is_null(probe: Probe) -> None:
    (spooler,) = probe.ask(list[Service], "services", "Spooler", "no-such-service")
    assert spooler.manager is not None
    assert spooler.registry is not None
    assert spooler.manager.start == spooler.registry.start
    assert spooler.manager.failure_actions is None
    assert spooler.manager.sddl is None


def test_a_registry_key_is_described_with_its_access_list(probe: Probe) -> None:
    there, missing = probe.ask(
        list[KeyFacts], "keys", "HKEY_LOCAL_MACHINE\\Software", "HKEY_LOCAL_MACHINE\\Software\\NoSuchKey"
    )
    assert there.exists
    assert read_sddl(there.sddl or "").owner
    assert (missing.exists, missing.sddl) == (False, None)


def test_what_is_directly_in_a_registry_key_is_listed(probe: Probe) -> None:
    software, run, missing = probe.ask(
        list[KeyContents],
        "list-keys",
        "HKEY_LOCAL_MACHINE\\Software",
        "HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Windows NT\\CurrentVersion",
        "HKEY_LOCAL_MACHINE\\Software\\NoSuchKey",
    )
    assert {"Microsoft", "Classes"} <= set(software.keys)
    assert "CurrentBuild" in run.values
    assert (missing.exists, missing.keys, missing.values) == (False, (), ())


def test_a_file_is_described_with_its_hash(probe: Probe) -> None:
    path = probe.home / "naïve 日本.txt"
    path.write_bytes(b"content")
    known, unknown = probe.ask(list[FileFacts], "file", windows_path(path), "C:\\no\\such")
    assert known.sha256 == hashlib.sha256(b"content").hexdigest()
    assert known.size == 7
    assert known.sddl
    assert not unknown.exists


def test_a_tree_lists_what_is_below_with_hashes(probe: Probe) -> None:
    (probe.home / "tree" / "inner").mkdir(parents=True)
    (probe.home / "tree" / "inner" / "leaf").write_bytes(b"x")
    tree = probe.ask(Tree, "tree", windows_path(probe.home / "tree"), "--hash")
    assert {entry.path: entry.sha256 for entry in tree.entries} == {
        "inner": None,
        "inner\\leaf": hashlib.sha256(b"x").hexdigest(),
    }
    assert not probe.ask(Tree, "tree", "C:\\no\\such").exists


def test_an_unpaired_surrogate_still_gives_valid_json(probe: Probe) -> None:
    (probe.home / "odd").mkdir()
    answers = read_batch(probe.run("batch", stdin=b'file C:\\x"y"\r\nfile C:\\\xed\xa0\x80\n').stdout)
    assert len(answers) == 2


def test_questions_that_cannot_be_answered_are_errors(probe: Probe) -> None:
    for shape, command in (
        (list[User], "users"),
        (ClockSet, "set-clock"),
        (Tree, "tree"),
        (Version, "nonsense"),
    ):
        with pytest.raises(ProbeFailed):
            probe.ask(shape, command)
    assert probe.run("nonsense").returncode == 3


HELD = ("process_start", "connection", "listening_port")
STORED = ("service", "file_change", "registry_change", "scheduled_task", "permission")
IMPOSSIBLE = ("user", "group", "firewall_rule")


def _facts(answers: dict[str, JsonValue], command: str) -> dict[str, str]:
    return read_value("stimulate", Stimulus, answers[command]).facts


def test_stimuli_happen_and_can_be_undone(probe: Probe) -> None:
    names = HELD + STORED
    acts = [f"stimulate {name} --nonce n0_a-{name} --hold-ms 20000" for name in names]
    answers = read_batch(probe.run("batch", stdin="\n".join(acts).encode()).stdout)
    facts = {name: _facts(answers, act) for name, act in zip(names, acts, strict=True)}
    try:
        lines = {str(each.pid): each.command_line for each in probe.ask(list[Process], "processes")}
        assert lines[facts["process_start"]["pid"]] == facts["process_start"]["cmdline"]
        owners = {
            str(each.local_port): str(each.pid) for each in probe.ask(list[Socket], "sockets") if each.pid
        }
        assert owners[facts["listening_port"]["port"]] == facts["listening_port"]["pid"]
        assert owners[facts["connection"]["local_port"]] == facts["connection"]["pid"]
        assert probe.ask(list[Service], "services", facts["service"]["name"])
        assert [task.name for task in probe.ask(list[Task], "tasks")] == [
            "\\" + facts["scheduled_task"]["name"]
        ]
        (file,) = probe.ask(list[FileFacts], "file", facts["permission"]["path"])
        assert file.sddl is not None
        assert ";;;WD)" in file.sddl
    finally:
        undone = [f"unstimulate {name} --nonce n0_a-{name}" for name in names]
        answers = read_batch(probe.run("batch", stdin="\n".join(undone).encode()).stdout)
    assert all("error" not in str(answer) for answer in answers.values())
    assert probe.ask(list[Service], "services", facts["service"]["name"]) == []
    assert probe.ask(list[Task], "tasks") == []
    assert not probe.ask(Tree, "tree", "C:\\bvt-stimulus").exists


def test_a_file_holds_its_nonce_however_long(probe: Probe) -> None:
    nonce = "n" * 200
    path = probe.ask(Stimulus, "stimulate", "file_change", "--nonce", nonce).facts["path"]
    (file,) = probe.ask(list[FileFacts], "file", path)
    probe.run("unstimulate", "file_change", "--nonce", nonce)
    assert file.sha256 == hashlib.sha256(nonce.encode()).hexdigest()


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_stimulus_that_wine_would_swallow_is_an_error(probe: Probe, name: str) -> None:
    with pytest.raises(ProbeFailed, match="Windows error 50"):
        probe.ask(Stimulus, "stimulate", name, "--nonce", "a")


def test_a_nonce_cannot_carry_a_path(probe: Probe) -> None:
    with pytest.raises(ProbeFailed, match="nonce"):
        probe.ask(Stimulus, "stimulate", "file_change", "--nonce", "..\\..\\x")
