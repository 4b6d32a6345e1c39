"""What the agent takes, opens and runs outside of its own places."""

import pytest

from harness.lifecycle.elsewhere import (
    called_strangers,
    files_elsewhere,
    many_elsewhere,
    open_entries,
    run_from_open_folders,
    strangers,
    undeclared_services,
    unreported,
    values_below,
    values_not_below,
)
from harness.model.machine import HostPort
from harness.model.profile.backend import CheckIn
from harness.probe.answers.processes import Socket
from harness.probe.answers.system import Environment
from harness.residue.change import Change, Kind, Where
from harness.residue.surroundings import Surroundings
from tests.unit.lifecycle.test_altered import seen
from tests.unit.lifecycle.test_inspection import PROFILE, inspection

BACKEND = "10.0.0.1"
ITS_PORT = HostPort(host=BACKEND, port=443)


def file(path: str, size: int, kind: Kind = Kind.ADDED) -> Change:
    return Change(kind=kind, where=Where.FILE, path=path, size=size, sha256="a" * 64)


def connection(remote: str | None, *, pid: int | None = 1, state: str = "established") -> Socket:
    return Socket(
        protocol="tcp",
        local_address="10.0.0.2",
        local_port=50000,
        remote_address=remote,
        remote_port=443,
        state=state,
        pid=pid,
    )


def test_what_an_installer_without_tables_laid_out_elsewhere_is_its_payload() -> None:
    installed = {f"c:\\program files\\common files\\acme\\{number}.dat" for number in range(400)}
    now = {*installed, "c:\\windows\\temp\\new.tmp"}
    assert many_elsewhere(now, installed, lists_its_files=False) == {"c:\\windows\\temp\\new.tmp"}
    assert many_elsewhere(now, installed, lists_its_files=True) == now


def test_only_new_files_that_nobody_else_answers_for_take_room_elsewhere() -> None:
    changes = [
        file("C:\\Users\\Public\\cache.bin", 30),
        file("C:\\Windows\\Temp\\trace.log", 5),
        file("C:\\Windows\\Installer\\1a2b.msi", 100),
        file(f"{PROFILE.install_dir}\\a.dll", 100),
        file(f"{PROFILE.data_dirs[0]}\\a.db", 100),
        file("C:\\Windows\\System32\\drivers\\packed.sys", 100),
        file("C:\\Windows\\win.ini", 100, Kind.CHANGED),
        file("C:\\bvt\\probe.exe", 100),
    ]
    packed = {"c:\\windows\\system32\\drivers\\packed.sys"}
    found = files_elsewhere(changes, PROFILE, packed)
    assert found == {"c:\\users\\public\\cache.bin": 30, "c:\\windows\\temp\\trace.log": 5}


@pytest.mark.parametrize(
    ("socket", "expected"),
    [
        (connection("198.51.100.7"), ["198.51.100.7:443"]),
        (connection("198.51.100.7", state="syn_sent"), ["198.51.100.7:443"]),
        (connection("::ffff:198.51.100.7"), ["::ffff:198.51.100.7:443"]),
        (connection(BACKEND), []),
        (connection(f"::ffff:{BACKEND}"), []),
        (connection("127.0.0.1"), []),
        (connection("10.0.0.2"), []),
        (connection("169.254.169.254"), []),
        (connection("fe80::1%7"), []),
        (connection("203.0.113.9"), []),
        (connection("198.51.100.7", pid=3), []),
        (connection("198.51.100.7", pid=None), []),
        (connection(None, state="listen"), []),
    ],
)
def test_who_nobody_named_is_a_stranger(socket: Socket, expected: list[str]) -> None:
    named = PROFILE.model_copy(update={"check_in": CheckIn(talks_to=("203.0.113.*",))})
    assert strangers(inspection(socket), named, ITS_PORT) == expected


def test_another_port_of_its_backends_host_is_named_or_a_stranger() -> None:
    other = HostPort(host=BACKEND, port=8443)
    named = PROFILE.model_copy(update={"check_in": CheckIn(talks_to=(f"{BACKEND}:443",))})
    assert strangers(inspection(connection(BACKEND)), PROFILE, other) == [f"{BACKEND}:443"]
    assert strangers(inspection(connection(BACKEND)), named, other) == []


def test_who_is_called_for_a_moment_is_named_or_a_stranger() -> None:
    neighbour = HostPort(host="10.0.0.9", port=80)
    listens = connection(None, state="listen").model_copy(update={"local_port": 9000})
    called = (
        "10.0.0.1:443",
        "10.0.0.1:8080",
        "10.0.0.9:80",
        "10.0.0.2:9000",
        "198.51.100.7:443",
        "10.0.0.1:1",
        "169.254.169.254:80",
        "198.51.100.7:514/udp",
        "10.0.0.1:1/udp",
        "203.0.113.1:53/udp",
        "203.0.113.1:53",
    )
    named = PROFILE.model_copy(update={"check_in": CheckIn(talks_to=("*:1", "*:53/udp"))})
    looks = [inspection(listens)]
    assert called_strangers(called, looks, named, ITS_PORT, neighbour) == [
        "10.0.0.1:8080",
        "198.51.100.7:443",
        "198.51.100.7:514/udp",
        "203.0.113.1:53",
    ]
    assert called_strangers((), looks, named, ITS_PORT, None) == []


def test_keys_and_values_elsewhere_are_not_the_agents_and_not_of_its_services() -> None:
    def new(path: str) -> Change:
        return Change(kind=Kind.ADDED, where=Where.REGISTRY, path=path, value="x", now="1")

    services = "HKLM\\System\\CurrentControlSet\\Services"
    own = [
        new(f"{PROFILE.registry_roots[0]}\\Cache"),
        new(f"{services}\\{PROFILE.services[0].name}\\Parameters"),
    ]
    others = [new("HKLM\\Software\\Classes\\Cache"), new(f"{services}\\EventLog\\Application\\X")]
    files = [Change(kind=Kind.ADDED, where=Where.FILE, path="C:\\x")]
    gone = [others[0].model_copy(update={"kind": Kind.REMOVED})]
    assert values_not_below([*own, *others, *files, *gone], PROFILE) == others


def test_a_service_is_declared_or_was_there_before() -> None:
    assert undeclared_services(seen(), (), PROFILE) == []
    none = PROFILE.model_copy(update={"services": ()})
    assert undeclared_services(seen(), (), none) == ["bvtrefagent"]
    assert undeclared_services(seen(), ("BvtRefAgent",), none) == []


def test_what_runs_where_every_user_may_write_is_named() -> None:
    programs = [
        "c:\\windows\\temp\\helper.exe",
        "c:\\users\\public\\a.exe",
        "c:\\users\\x\\appdata\\local\\temp\\b.exe",
        "c:\\windows\\system32\\cmd.exe",
        f"{PROFILE.install_dir}\\refagent.exe".lower(),
    ]
    assert run_from_open_folders(programs, PROFILE) == sorted(programs[:3])


def test_who_tells_of_nearly_all_is_to_tell_of_all_and_who_tells_of_few_tells_of_what_is_new() -> None:
    there = ["a", "b", "c", "d"]
    assert unreported(there, {"a", "b", "c"}) == (["d"], 4)
    assert unreported(there, {"a", "b", "c", "d", "e"}) == ([], 4)
    assert unreported(there, {"a"}) == ([], 0)


def test_the_host_that_is_played_is_a_stranger_though_the_connection_has_its_address() -> None:
    """Within a Wine machine both ends of a connection to it bear its address."""
    to_it = connection("10.0.0.2")
    assert strangers(inspection(to_it), PROFILE, ITS_PORT) == []
    assert strangers(inspection(to_it), PROFILE, ITS_PORT, "10.0.0.2") == ["10.0.0.2:443"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("C:\\ProgramData\\Acme\\tools", True),
        ('"C:\\Users\\Public\\bin\\"', True),
        ("%ProgramData%\\Acme", True),
        ("C:\\ProgramData\\There", False),
        (PROFILE.install_dir, False),
        (f"{PROFILE.data_dirs[0]}\\bin", False),
        ("C:\\Program Files\\Other", False),
        ("", False),
    ],
)
def test_path_names_no_folder_where_every_user_may_put_a_program(entry: str, expected: bool) -> None:
    def path(text: str) -> Surroundings:
        return Surroundings(Environment(process={}, machine={"Path": text}, user={}), {})

    before = "%SystemRoot%\\system32;C:\\ProgramData\\There"
    assert bool(open_entries(path(before), path(f"{before};{entry}"), PROFILE)) is expected


def test_only_new_values_of_its_own_keys_are_counted() -> None:
    def value(path: str, kind: Kind = Kind.ADDED) -> Change:
        return Change(kind=kind, where=Where.REGISTRY, path=path, value="seen")

    changes = [
        value("HKLM\\Software\\Acme"),
        value("hklm\\software\\acme\\State"),
        value("HKLM\\Software\\Acme", Kind.CHANGED),
        value("HKLM\\Software\\Acmeister"),
        file("HKLM\\Software\\Acme\\file", 1),
    ]
    assert values_below(changes, ["HKLM\\Software\\Acme"]) == 2
