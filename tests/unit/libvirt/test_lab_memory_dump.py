"""The memory dump of a crashed guest: which formats are tried, and what is said when none works."""

import threading
from pathlib import Path
from typing import cast

import libvirt
import pytest

from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.observe import evidence as evidence_module
from harness.machines.libvirt.observe import memory_dump
from harness.machines.libvirt.observe.evidence import collect_evidence
from harness.machines.libvirt.observe.memory_dump import COMPRESSED, ELF, WINDOWS, dump_memory
from harness.machines.libvirt.options import pool_options
from harness.model.errors import DeadlineExceeded, InfrastructureError, MachineLost
from harness.model.matrix import Pool
from harness.model.substrate import GuestSystem, Substrate
from tests.unit.libvirt.test_lab_dump_header import header as dump_header


class CrashedDomain:
    """A domain that can be dumped in some formats, and has nothing else to show."""

    def __init__(self, *formats: int) -> None:
        self.formats, self.tried = formats, list[int]()
        self.memory_kib = 64
        self.written = {ELF.number: b"\x7fELF and memory", WINDOWS.number: dump_header()}

    def name(self) -> str:
        return "m"

    def maxMemory(self) -> int:  # noqa: N802
        return self.memory_kib

    def coreDumpWithFormat(self, path: str, number: int, flags: int) -> None:  # noqa: N802
        assert flags == libvirt.VIR_DUMP_MEMORY_ONLY
        self.tried.append(number)
        Path(path).write_bytes(self.written.get(number, b"memory"))
        if number not in self.formats:
            raise libvirt.libvirtError("this format is not supported")

    def XMLDesc(self, _flags: int) -> str:  # noqa: N802
        return "<domain/>"


class OneHost:
    """A host with that domain or none."""

    uri = "private:unit"

    def __init__(self, domain: CrashedDomain | None, directory: Path) -> None:
        self._domain, self.log_directory = domain, directory

    def domain(self, _name: str) -> CrashedDomain | None:
        return self._domain

    def connection(self) -> object:
        raise libvirt.libvirtError("no screen")


@pytest.fixture(autouse=True)
def no_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does its QEMU answer questions."""

    def refuse(_domain: object) -> str:
        raise libvirt.libvirtError("no monitor")

    monkeypatch.setattr(evidence_module, "registers", refuse)


def host_with(domain: CrashedDomain | None, directory: Path) -> Host:
    return cast(Host, OneHost(domain, directory))


def test_a_compressed_dump_is_preferred(tmp_path: Path) -> None:
    domain = CrashedDomain(COMPRESSED.number, ELF.number)
    evidence = dump_memory(host_with(domain, tmp_path), "m", GuestSystem.WINE, tmp_path)
    assert domain.tried == [COMPRESSED.number]
    assert (evidence.path, evidence.size) == ("memory.dump", 6)
    assert (tmp_path / "memory.dump").stat().st_mode & 0o777 == 0o600


def test_windows_own_format_comes_first_and_tells_the_stop_code(tmp_path: Path) -> None:
    domain = CrashedDomain(WINDOWS.number, ELF.number)
    evidence = dump_memory(host_with(domain, tmp_path), "m", GuestSystem.WINDOWS, tmp_path)
    assert (domain.tried, evidence.path) == ([WINDOWS.number], "memory.dmp")
    assert "for WinDbg" in evidence.what
    assert "stop code 0x000000D1" in evidence.what
    assert (tmp_path / "memory.dmp").stat().st_mode & 0o777 == 0o600


def test_without_the_guests_driver_there_is_an_elf_core_and_how_to_convert_it(tmp_path: Path) -> None:
    domain = CrashedDomain(COMPRESSED.number, ELF.number)
    evidence = dump_memory(host_with(domain, tmp_path), "m", GuestSystem.WINDOWS, tmp_path)
    assert domain.tried == [WINDOWS.number, ELF.number]  # no debugger for Windows reads a kdump
    assert evidence.path == "memory.elf"
    for said in ("no Windows crash dump", "this format is not supported", "elf2dmp memory.elf memory.dmp"):
        assert said in evidence.what
    assert not (tmp_path / "memory.dmp").exists()


def test_what_is_no_dump_of_windows_is_not_called_one(tmp_path: Path) -> None:
    domain = CrashedDomain(WINDOWS.number, ELF.number)
    domain.written[WINDOWS.number] = b"PAGEDU64 and nothing more"
    evidence = dump_memory(host_with(domain, tmp_path), "m", GuestSystem.WINDOWS, tmp_path)
    assert evidence.path == "memory.elf"
    assert "does not begin as a dump" in evidence.what
    domain.written[ELF.number] = b""
    with pytest.raises(InfrastructureError, match=r"memory.elf is no ELF file"):
        dump_memory(host_with(domain, tmp_path), "m", GuestSystem.WINDOWS, tmp_path)
    assert not list(tmp_path.glob("memory.*"))


def test_a_dump_that_the_disk_has_no_room_for_is_not_begun(tmp_path: Path) -> None:
    domain = CrashedDomain(COMPRESSED.number)
    domain.memory_kib = 1 << 50
    with pytest.raises(InfrastructureError, match=r"A dump needs .* MB are free"):
        dump_memory(host_with(domain, tmp_path), "m", GuestSystem.WINE, tmp_path)
    assert domain.tried == []


def test_a_dump_that_cannot_be_made_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    domain = CrashedDomain()
    found = collect_evidence(
        host_with(domain, tmp_path), "m", tmp_path, "", tmp_path / "out", memory_of=GuestSystem.WINE
    )
    assert "memory: this format is not supported" in (tmp_path / "out" / "missing.txt").read_text()
    assert not (tmp_path / "out" / "memory.dump").exists()
    assert {item.path for item in found} == {"domain.xml", "missing.txt"}


def test_a_dump_that_does_not_end_is_given_up_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain, ended = CrashedDomain(), threading.Event()

    def stuck(path: str, _number: int, _flags: int) -> None:
        Path(path).write_bytes(b"half of it")
        ended.wait(20)

    monkeypatch.setattr(domain, "coreDumpWithFormat", stuck)
    monkeypatch.setattr(memory_dump, "DUMP_S", 0.2)
    with pytest.raises(DeadlineExceeded, match="the dump of m's memory did not happen"):
        dump_memory(host_with(domain, tmp_path), "m", GuestSystem.WINE, tmp_path)
    assert not (tmp_path / "memory.dump").exists()
    ended.set()


def test_without_a_request_no_memory_is_saved(tmp_path: Path) -> None:
    domain = CrashedDomain(COMPRESSED.number)
    collect_evidence(host_with(domain, tmp_path), "m", tmp_path, "", tmp_path / "out")
    assert domain.tried == []


def test_a_machine_that_is_gone_has_no_memory(tmp_path: Path) -> None:
    with pytest.raises(MachineLost):
        dump_memory(host_with(None, tmp_path), "m", GuestSystem.WINE, tmp_path)


@pytest.mark.parametrize(
    ("options", "windows", "wine"),
    [({}, True, False), ({"memory_dump": True}, True, True), ({"memory_dump": False}, False, False)],
)
def test_the_memory_of_windows_is_kept_unless_the_pool_says_otherwise(
    options: dict[str, bool], windows: bool, wine: bool
) -> None:
    found = pool_options(Pool(provider="libvirt", substrates=(Substrate.TCG,), options=options))
    assert (found.dumps(GuestSystem.WINDOWS), found.dumps(GuestSystem.WINE)) == (windows, wine)
