"""Processes of others that are gone, and the look that first missed them."""

from types import SimpleNamespace
from typing import Any

from harness.lifecycle.others import Ended
from harness.model.substrate import GuestSystem
from harness.probe.answers.processes import Process
from harness.residue.snapshot import process_name, standing

SVCHOST = "c:\\windows\\system32\\svchost.exe (process 120)"


def test_each_is_named_with_the_first_look_that_missed_it() -> None:
    ended = Ended()
    ended.begin({"a", "b", "c"}, boots=1)
    ended.look({"a", "b", "new"}, 1, "in use")
    ended.look({"a"}, 1, "after the uninstall")
    assert ended.missed == {"c": "in use", "b": "after the uninstall"}


def test_after_a_boot_all_processes_are_others() -> None:
    ended = Ended()
    ended.begin({"a"}, boots=1)
    ended.look(set(), 2, "in use")
    assert ended.missed == {}


def test_a_machine_that_is_replaced_begins_anew() -> None:
    ended = Ended()
    ended.begin({"a"}, boots=1)
    ended.look(set(), 1, "in use")
    ended.begin({"b"}, boots=1)
    ended.look({"b"}, 1, "in use")
    assert ended.missed == {}


def process(pid: int, ppid: int, name: str) -> Process:
    path = f"C:\\Windows\\System32\\{name}"
    return Process(
        pid=pid, ppid=ppid, name=name, path=path, command_line=None, started=None, session=0, threads=1
    )


RUNNING = [
    process(64, 48, "services.exe"),
    process(120, 64, "svchost.exe"),
    process(260, 64, "rpcss.exe"),
    process(700, 0, "bvt-probe.exe"),
]


def service(name: str, pid: int, start: int) -> Any:
    manager = SimpleNamespace(state=4, start=start, delayed_start=False, pid=pid, pid_alive=True)
    return SimpleNamespace(name=name, manager=manager)


def test_on_windows_the_processes_of_services_that_run_for_good_stand() -> None:
    services = [service("Dhcp", 120, 2), service("Spooler", 260, 3)]
    assert standing(RUNNING, services, GuestSystem.WINDOWS) == {SVCHOST}


def test_on_wine_all_that_its_service_manager_started_stand() -> None:
    found = standing(RUNNING, [], GuestSystem.WINE)
    assert found == {process_name(each) for each in RUNNING[:3]}
    assert SVCHOST in found
