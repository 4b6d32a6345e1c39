"""MSIs that are not one package of one cabinet: several cabinets, none, cabinets and files beside them."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.candidate import payload_signatures, read_candidate
from harness.candidate.kinds import compound_kind, foreign_kind
from harness.candidate.source import read_head, read_source, source_folder
from harness.files import sha256_of
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile
from harness.planning.media import lay_out_media
from harness.rundir.directory import RunDirectory
from tests.programs import ended_well
from tests.unit.candidate.cabinets import split_cabinets
from tests.unit.candidate.conftest import Installers, run

NAMES = {"a longer name.exe", "driver.sys"}
NO_FILES = [f"DELETE FROM `File` WHERE `File` = '{key}'" for key in ("program", "signed", "readme")]
"""libmsi deletes only some rows at once."""


def edited(installers: Installers, into: Path, *arguments: str) -> Path:
    """A copy of the plain MSI, changed by msibuild."""
    made = Path(shutil.copy(installers.plain, into))
    run(into, "msibuild", made.name, *arguments)
    return made


def queries(*texts: str) -> list[str]:
    return [part for text in texts for part in ("-q", text)]


def programs(msi: Path, work: Path) -> set[str]:
    return {Path(each.path).name for each in payload_signatures(msi, work)}


def test_a_file_on_no_medium_is_neither_asked_for_beside_the_msi_nor_unpacked(
    installers: Installers, tmp_path: Path
) -> None:
    msi = edited(installers, tmp_path, *queries("UPDATE `File` SET `Sequence` = 9 WHERE `File` = 'readme'"))
    source = read_source(msi)
    assert source.of_no_medium == {"readme"}
    assert not source.beside
    assert programs(msi, tmp_path / "work") == NAMES


def spanning(installers: Installers, folder: Path, *, embedded: bool) -> Path:
    """An MSI of one program that begins in one cabinet and ends in the other."""
    data = installers.exe.read_bytes()
    names = ("one.cab", "two.cab")
    for name, cabinet in zip(names, split_cabinets("program", data, names), strict=True):
        (folder / name).write_bytes(cabinet)
    mark = "#" if embedded else ""
    streams = [part for name in names for part in ("-a", name, name)] if embedded else []
    changes = queries(
        "DELETE FROM `File` WHERE `File` = 'signed'",
        "DELETE FROM `File` WHERE `File` = 'readme'",
        f"UPDATE `File` SET `Sequence` = 1, `FileSize` = {len(data)}",
        f"UPDATE `Media` SET `Cabinet` = '{mark}one.cab', `LastSequence` = 1",
        f"INSERT INTO `Media` (`DiskId`, `LastSequence`, `DiskPrompt`, `Cabinet`) VALUES (2, 2, '2', '{mark}two.cab')",
    )
    return edited(installers, folder, *streams, *changes)


def test_a_program_that_spans_two_cabinets_is_unpacked_whole(installers: Installers, tmp_path: Path) -> None:
    msi = spanning(installers, tmp_path, embedded=True)
    for name in ("one.cab", "two.cab"):
        (tmp_path / name).unlink()
    (program,) = payload_signatures(msi, tmp_path / "work")
    assert sha256_of(program.file) == sha256_of(installers.exe)
    assert read_source(msi).beside == ()


def test_spanning_cabinets_beside_the_msi_belong_to_the_release(
    installers: Installers, profile: AgentProfile, tmp_path: Path
) -> None:
    msi = spanning(installers, tmp_path, embedded=False)
    candidate = read_candidate(msi, profile)
    assert [each.name for each in candidate.beside] == ["one.cab", "two.cab"]
    assert programs(msi, tmp_path / "work") == {"a longer name.exe"}
    (tmp_path / "two.cab").unlink()
    with pytest.raises(
        ConfigurationError, match=r"installs from the file two\.cab beside it, which is not there"
    ):
        read_candidate(msi, profile)


def external(installers: Installers, folder: Path) -> Path:
    """The plain MSI with its cabinet beside it."""
    cabinet = ended_well(["msiinfo", "extract", installers.plain, "a.cab"], 60)
    (folder / "A.CAB").write_bytes(cabinet)
    return edited(installers, folder, *queries("UPDATE `Media` SET `Cabinet` = 'a.cab'"))


def test_a_cabinet_beside_the_msi_is_sealed_and_copied_along(
    installers: Installers, profile: AgentProfile, tmp_path: Path
) -> None:
    msi = external(installers, tmp_path)
    candidate = read_candidate(msi, profile)
    (beside,) = candidate.beside
    assert (beside.name, beside.sha256) == (
        "a.cab",
        sha256_of(tmp_path / "A.CAB"),
    )  # Windows finds it in any case
    directory = RunDirectory.create(tmp_path / "run")
    probe = tmp_path / "probe.exe"
    probe.write_bytes(b"MZ")
    lay_out_media(directory, candidate, probe)
    copied = directory.copy_of(candidate).parent / "a.cab"
    assert sha256_of(copied) == beside.sha256
    assert programs(directory.copy_of(candidate), tmp_path / "work") == NAMES
    copied.write_bytes(b"torn")  # by a preparation that was ended half-way
    lay_out_media(directory, candidate, probe)
    assert sha256_of(copied) == beside.sha256


def test_a_cabinet_that_changed_since_the_plan_is_refused(
    installers: Installers, profile: AgentProfile, tmp_path: Path
) -> None:
    candidate = read_candidate(external(installers, tmp_path), profile)
    (tmp_path / "A.CAB").write_bytes(b"another")
    (tmp_path / "probe.exe").write_bytes(b"MZ")
    with pytest.raises(
        ConfigurationError, match=r"a\.cab, beside the candidate, changed while the run was prepared"
    ):
        lay_out_media(RunDirectory.create(tmp_path / "run"), candidate, tmp_path / "probe.exe")


def test_uncompressed_files_beside_the_msi_are_found_by_the_directory_table(
    installers: Installers, profile: AgentProfile, tmp_path: Path
) -> None:
    source = tmp_path / "Tiny Agent"  # the folder above it is the source's root
    source.mkdir()
    for name, origin in (("a longer name.exe", installers.exe), ("driver.sys", installers.signed_exe)):
        shutil.copy(origin, source / name)
    shutil.copy(installers.folder / "readme.txt", source / "readme.exe")
    msi = edited(
        installers,
        tmp_path,
        *queries("UPDATE `File` SET `Attributes` = 8192", "UPDATE `Media` SET `Cabinet` = ''"),
    )
    candidate = read_candidate(msi, profile)
    assert {Path(each.name).name for each in candidate.beside} == {
        "a longer name.exe",
        "driver.sys",
        "readme.exe",
    }
    assert programs(msi, tmp_path / "work") == NAMES


def test_a_key_that_is_a_path_leads_nowhere(installers: Installers, tmp_path: Path) -> None:
    folder = tmp_path / "Tiny Agent"
    folder.mkdir()
    shutil.copy(installers.exe, folder / "odd.exe")
    columns = "`File`, `Component_`, `FileName`, `FileSize`, `Attributes`, `Sequence`"
    row = f"'../../outside', 'c', 'odd.exe', {installers.exe.stat().st_size}, 8192, 9"
    msi = edited(installers, tmp_path, *queries(*NO_FILES, f"INSERT INTO `File` ({columns}) VALUES ({row})"))
    (found,) = payload_signatures(msi, tmp_path / "deep" / "work")
    assert found.file.is_relative_to(tmp_path / "deep" / "work")
    assert not list(tmp_path.rglob("outside*"))


@pytest.mark.parametrize(
    "changes",
    [
        [*NO_FILES, "DELETE FROM `Media`"],
        ["DROP TABLE `File`"],
        ["DROP TABLE `File`", "DROP TABLE `Media`"],
        [*NO_FILES, "UPDATE `Media` SET `Cabinet` = 'gone.cab'"],
    ],
)
def test_an_msi_without_files_holds_no_program(
    installers: Installers, profile: AgentProfile, tmp_path: Path, changes: list[str]
) -> None:
    msi = edited(installers, tmp_path, *queries(*changes))
    assert read_candidate(msi, profile).beside == ()
    assert payload_signatures(msi, tmp_path / "work") == ()


@pytest.mark.parametrize("name", ["..\\\\secret.cab", "/etc/passwd", "C:\\\\x.cab"])
def test_nothing_outside_the_msis_folder_is_read(
    installers: Installers, profile: AgentProfile, tmp_path: Path, name: str
) -> None:
    msi = edited(installers, tmp_path, *queries(f"UPDATE `Media` SET `Cabinet` = '{name}'"))
    with pytest.raises(ConfigurationError, match="is no file beside it"):
        read_candidate(msi, profile)


def test_a_patch_a_transform_and_a_merge_module_are_named(
    installers: Installers, profile: AgentProfile, tmp_path: Path
) -> None:
    msi = edited(
        installers, tmp_path, "-s", "Patch", "M", "{11111111-2222-3333-4444-777777777777}",
        "{11111111-2222-3333-4444-888888888888}",
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"a patch \(\.msp\)"):
        read_candidate(msi, profile)
    for digit, words in ((0x86, r"a patch \(\.msp\)"), (0x82, r"a transform \(\.mst\)")):
        other = tmp_path / "other.msi"
        other.write_bytes(
            installers.plain.read_bytes().replace(
                b"\x84\x10\x0c\0\0\0\0\0\xc0", bytes([digit]) + b"\x10\x0c\0\0\0\0\0\xc0"
            )
        )
        with pytest.raises(ConfigurationError, match=words) as caught:
            read_candidate(other, profile)
        assert "no installer; profile 'tiny' expects an MSI" in str(caught.value)
    module = edited(
        installers, tmp_path,
        *queries("CREATE TABLE `ModuleSignature` (`ModuleID` CHAR(72) NOT NULL PRIMARY KEY `ModuleID`)"),
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="a merge module"):
        read_candidate(module, profile)


def zipped(*names: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "x" * 100)

    return write


def written(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("a.zip", zipped("setup.msi"), "a ZIP archive"),
        ("a.msix", zipped("app.exe", "AppxManifest.xml"), "an MSIX or APPX package"),
        ("a.jar", zipped("META-INF/MANIFEST.MF"), "a Java archive"),
        ("a.cab", written(b"MSCF" + bytes(60)), "a cabinet"),
        ("a.7z", written(b"7z\xbc\xaf\x27\x1c"), "a 7z archive"),
        ("a.deb", written(b"!<arch>\ndebian-binary"), "a package of Debian"),
        ("agent", written(b"\x7fELF" + bytes(60)), "a program for Linux or another Unix (ELF)"),
        ("a.ps1", written(b"Write-Host 1\r\n"), "a PowerShell script"),
        ("a.ps1", written("Write-Host 1".encode("utf-16")), "a PowerShell script"),
        ("a.sh", written(b"#!/bin/sh\n"), "a script"),
        ("a.msi", written(b"<!DOCTYPE html><html>404"), "an HTML page"),
        ("a.exe", written(b"MZ" + bytes(100)), "a program for DOS or 16-bit Windows"),
        ("a.msi", written(b"hello"), "a text file"),
    ],
)
def test_what_is_no_installer_is_named_in_one_sentence(
    profile: AgentProfile, tmp_path: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(ConfigurationError) as caught:
        read_candidate(path, profile)
    assert str(caught.value).startswith(f"{path}: the file is {words}")
    assert str(caught.value).endswith("no installer; profile 'tiny' expects an MSI.")


def test_a_library_and_a_driver_are_no_installers(
    installers: Installers, exe_profile: AgentProfile, tmp_path: Path
) -> None:
    raw = bytearray(installers.exe.read_bytes())
    at = int.from_bytes(raw[0x3C:0x40], "little")
    library, driver = bytearray(raw), bytearray(raw)
    library[at + 23] |= 0x20
    driver[at + 92 : at + 94] = b"\x01\0"
    for data, words in ((library, "a library"), (driver, "a driver")):
        path = tmp_path / "a.exe"
        path.write_bytes(data)
        with pytest.raises(ConfigurationError, match=f"the file is {words}.*expects an EXE"):
            read_candidate(path, exe_profile)


@given(st.binary(max_size=300))
def test_any_head_of_a_cabinet_is_read(data: bytes) -> None:
    for head in (data, b"MSCF" + data):
        continues, following = read_head(head)
        assert isinstance(continues, bool)
        assert isinstance(following, str)


@given(
    st.binary(max_size=3000),
    st.sampled_from([b"", b"PK\x03\x04", b"MZ", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
)
def test_any_file_has_a_kind_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(head + data)
    assert isinstance(foreign_kind(path), str)
    assert isinstance(compound_kind(path), str)


def test_a_folder_of_the_source_is_named_by_the_second_half() -> None:
    folders = {
        "TARGETDIR": {"Directory_Parent": "", "DefaultDir": "SourceDir"},
        "PF": {"Directory_Parent": "TARGETDIR", "DefaultDir": ".:PROGRA~1|Program Files"},
        "A": {"Directory_Parent": "PF", "DefaultDir": "AGENT|Agent One:AGT|Agent Source"},
        "B": {"Directory_Parent": "A", "DefaultDir": "."},
        "LOOP": {"Directory_Parent": "LOOP2", "DefaultDir": "x"},
        "LOOP2": {"Directory_Parent": "LOOP", "DefaultDir": "y"},
    }
    assert source_folder("B", folders, short=False) == ("Program Files", "Agent Source")
    assert source_folder("B", folders, short=True) == ("PROGRA~1", "AGT")
    assert len(source_folder("LOOP", folders, short=True)) == 2
