import hashlib
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.candidate import installed_files, payload_signatures, read_candidate, read_signature
from harness.candidate.authenticode import parse_verification
from harness.candidate.msi import parse_idt, parse_summary, table
from harness.candidate.payload import directory_path, long_name
from harness.candidate.pe import is_pe
from harness.candidate.signed_data import bare_signature, signed_content
from harness.candidate.tool import ToolTimedOut, run_tool
from harness.model.candidate import InstallerKind, Platform, Signature
from harness.model.errors import ConfigurationError, DeadlineExceeded, HarnessError, ToolMissing
from harness.model.profile import AgentProfile
from tests.programs import ended_well
from tests.unit.candidate.conftest import Installers


def test_an_msi_tells_everything_about_itself(installers: Installers, profile: AgentProfile) -> None:
    candidate = read_candidate(installers.plain, profile)
    assert candidate.kind is InstallerKind.MSI
    assert (candidate.version, candidate.product_name, candidate.manufacturer) == (
        "1.2.3",
        "Tiny Ägent",
        "Prüf GmbH",
    )
    assert candidate.product_code == "{11111111-2222-3333-4444-555555555555}"
    assert candidate.upgrade_code == "{AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE}"
    assert candidate.platform is Platform.X64
    assert candidate.sha256 == hashlib.sha256(installers.plain.read_bytes()).hexdigest()
    assert candidate.size == installers.plain.stat().st_size
    assert candidate.signature == Signature(present=False)
    assert candidate.stopped_on_uninstall == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pipe.msi", "this is no ordinary file. Save the installer"),
        ("a" * 300, "cannot be read: File name too long"),
    ],
)
def test_what_cannot_be_an_installer_is_the_users_mistake_and_never_waited_for(
    name: str, words: str, profile: AgentProfile, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.msi")
    with pytest.raises(ConfigurationError, match=words):
        read_candidate(tmp_path / name, profile)


CONTROL = """\
ServiceControl\tName\tEvent\tArguments\tWait\tComponent_
s72\tl255\ti2\tL255\tI2\ts72
ServiceControl\tServiceControl
1\tWaits\t32\t\t1\tc
2\tDeleted\t128\t\t\tc
3\tAsked\t32\t\t0\tc
4\tStarted\t3\t\t1\tc
5\t[NAME]\t32\t\t1\tc
"""


def test_an_msi_tells_which_services_its_uninstall_waits_for(
    installers: Installers, profile: AgentProfile, tmp_path: Path
) -> None:
    msi = tmp_path / "controls.msi"
    msi.write_bytes(installers.plain.read_bytes())
    (tmp_path / "ServiceControl.idt").write_text(CONTROL)
    subprocess.run(["msibuild", msi, "-i", tmp_path / "ServiceControl.idt"], check=True, timeout=60)
    assert read_candidate(msi, profile).stopped_on_uninstall == ("Waits", "Deleted")


def test_reading_a_table_that_holds_files_lays_none_where_the_user_stands(
    installers: Installers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    msi, source, here = tmp_path / "holds.msi", tmp_path / "source", tmp_path / "here"
    msi.write_bytes(installers.plain.read_bytes())
    (source / "Binary").mkdir(parents=True)
    (source / "Binary" / "code.bin").write_bytes(b"MZ")
    (source / "Binary.idt").write_text("Name\tData\ns72\tv0\nBinary\tName\ncode\tcode.bin\n")
    ended_well(["msibuild", msi, "-i", "Binary.idt"], cwd=source)
    here.mkdir()
    monkeypatch.chdir(here)
    assert [row["Name"] for row in table(Path("../holds.msi"), "Binary", "Name")] == ["code"]
    assert not list(here.iterdir())


@pytest.mark.parametrize("which", ["signed", "signed_exe"])
def test_a_signature_is_read_with_its_signer(installers: Installers, which: str) -> None:
    signature = read_signature(getattr(installers, which))
    assert (signature.present, signature.intact, signature.digest_algorithm) == (True, True, "SHA256")
    assert "Test Publisher" in signature.subject
    assert "Test Publisher" in signature.issuer


@pytest.mark.parametrize(("which", "marker"), [("signed", b"MSCF"), ("signed_exe", b".text")])
def test_a_file_changed_after_signing_is_not_intact(
    installers: Installers, tmp_path: Path, which: str, marker: bytes
) -> None:
    raw = bytearray(getattr(installers, which).read_bytes())
    raw[raw.index(marker) + 60] ^= 1
    changed = tmp_path / "changed.bin"
    changed.write_bytes(raw)
    signature = read_signature(changed)
    assert signature.present
    assert not signature.intact


@pytest.mark.parametrize("which", ["signed", "signed_exe"])
def test_a_forged_digest_is_not_intact_though_it_fits_the_file(
    installers: Installers, tmp_path: Path, which: str
) -> None:
    """The file is changed and the digest in the signature is set to match; only the key cannot be forged."""
    path: Path = getattr(installers, which)
    said = run_tool("osslsigncode", "verify", "-in", path, needed_for="the test").out
    raw = bytearray(path.read_bytes())
    marker = b"MSCF" if which == "signed" else b".text"
    old = bytes.fromhex(digests(said)[1])
    raw[raw.index(marker) + 60] ^= 1
    forged = tmp_path / "forged.bin"
    forged.write_bytes(raw)
    new = bytes.fromhex(
        digests(run_tool("osslsigncode", "verify", "-in", forged, needed_for="the test").out)[1]
    )
    assert raw.count(old) == 1
    forged.write_bytes(bytes(raw).replace(old, new))
    said = run_tool("osslsigncode", "verify", "-in", forged, needed_for="the test").out
    assert parse_verification(said).intact, "the forgery must be good enough to deceive the digest comparison"
    assert not read_signature(forged).intact


def digests(said: str) -> list[str]:
    """Current and calculated, as `osslsigncode verify` prints them."""
    pattern = r"(?:Current|Calculated) (?:DigitalSignature|message digest)\s*: ([0-9A-F]{64})"
    return re.findall(pattern, said)


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader_of_signatures(raw: bytes) -> None:
    signed_content(raw)
    assert bare_signature(raw) in (raw, raw[8:])


def test_the_header_that_one_osslsigncode_leaves_before_a_programs_signature_is_taken_off() -> None:
    signature = b"\x30\x82\x07\x5e" + bytes(100)
    assert bare_signature(b"\x70\x07\x00\x00\x00\x02\x02\x00" + signature) == signature
    assert bare_signature(signature) == signature


def test_an_exe_is_taken_at_its_profiles_word(installers: Installers, exe_profile: AgentProfile) -> None:
    candidate = read_candidate(installers.exe, exe_profile)
    assert (candidate.kind, candidate.version) == (InstallerKind.EXE, "7.8")
    assert candidate.product_name == exe_profile.product_name


def test_an_exe_without_a_declared_version_is_refused(
    installers: Installers, exe_profile: AgentProfile
) -> None:
    installer = exe_profile.installer.model_copy(update={"declared_version": None})
    with pytest.raises(ConfigurationError, match="declares no version"):
        read_candidate(installers.exe, exe_profile.model_copy(update={"installer": installer}))


def test_each_wrong_file_has_its_own_sentence(
    installers: Installers, tmp_path: Path, profile: AgentProfile, exe_profile: AgentProfile
) -> None:
    (tmp_path / "empty.msi").touch()
    (tmp_path / "text.msi").write_text("hello")
    (tmp_path / "head.msi").write_bytes(installers.plain.read_bytes()[:8])
    (tmp_path / "cut.msi").write_bytes(installers.plain.read_bytes()[:9000])
    for path, wanted, words in (
        (tmp_path / "none.msi", profile, "no such file"),
        (tmp_path, profile, "a directory"),
        (tmp_path / "empty.msi", profile, "is empty"),
        (tmp_path / "text.msi", profile, "a text file, no installer"),
        (tmp_path / "head.msi", profile, "damaged or incomplete"),
        (tmp_path / "cut.msi", profile, "damaged or incomplete"),
        (installers.exe, profile, "is an EXE installer; profile 'tiny' expects an MSI"),
        (installers.plain, exe_profile, "is an MSI installer; profile 'tiny' expects an EXE"),
        (installers.x86, profile, "is for platform Intel; profile 'tiny' expects x64"),
    ):
        with pytest.raises(ConfigurationError, match=words) as caught:
            read_candidate(path, wanted)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("missing", ["ProductVersion", "ProductCode", "ProductName"])
def test_an_msi_without_what_windows_installer_needs_is_refused(
    installers: Installers, tmp_path: Path, profile: AgentProfile, missing: str
) -> None:
    path = tmp_path / "bare.msi"
    path.write_bytes(installers.plain.read_bytes())
    query = f"DELETE FROM `Property` WHERE `Property` = '{missing}'"
    ended_well(["msibuild", path, "-q", query], 30)
    with pytest.raises(ConfigurationError, match=f"has no {missing}"):
        read_candidate(path, profile)


def test_a_missing_tool_is_named_with_its_package(
    installers: Installers, profile: AgentProfile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unread = shutil.copyfile(installers.plain, tmp_path / "unread.msi")
    with unread.open("ab") as file:  # what was read is remembered, wherever it lies
        file.write(bytes(512))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"msiinfo is not installed .*apt-get install msitools"):
        read_candidate(unread, profile)


def test_a_tool_that_hangs_is_ended_at_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "msiinfo"
    fake.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolTimedOut, match=r"reading with msiinfo did not end within 0\.2 s") as ended:
        run_tool("msiinfo", needed_for="reading", timeout_s=0.2)
    assert not isinstance(ended.value, DeadlineExceeded)  # which a check would lay at the candidate's door


def test_what_an_msi_installs_is_listed_with_its_place(installers: Installers) -> None:
    files = {entry.name: entry for entry in installed_files(installers.plain)}
    assert set(files) == {"a longer name.exe", "driver.sys", "readme.exe"}
    assert files["driver.sys"].directory == "ProgramFiles64Folder/Tiny Agent"
    assert files["a longer name.exe"].size == installers.exe.stat().st_size


def test_every_program_in_the_msi_is_checked_by_content_not_by_name(
    installers: Installers, tmp_path: Path
) -> None:
    found = {
        Path(entry.path).name: entry.signature for entry in payload_signatures(installers.plain, tmp_path)
    }
    assert set(found) == {"a longer name.exe", "driver.sys"}
    assert found["driver.sys"].intact
    assert not found["a longer name.exe"].present


def test_an_msi_whose_cabinet_is_damaged_cannot_be_unpacked(installers: Installers, tmp_path: Path) -> None:
    raw = bytearray(installers.plain.read_bytes())
    at = raw.index(b"MSCF")
    raw[at : at + 300] = random.Random(7).randbytes(300)  # the same each time
    damaged = tmp_path / "damaged.msi"
    damaged.write_bytes(raw)
    with pytest.raises(ConfigurationError, match="lists 3 files, but only 0"):
        payload_signatures(damaged, tmp_path / "work")


@settings(max_examples=25)
@given(st.data())
def test_a_damaged_msi_is_read_or_refused_in_one_sentence(
    installers: Installers, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(installers.plain.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        # Beyond the header, which would only make it another kind of file.
        raw[data.draw(st.integers(64, len(raw) - 1))] = data.draw(st.integers(0, 255))
    damaged = tmp_path_factory.getbasetemp() / "fuzzed.msi"
    damaged.write_bytes(raw)
    profile = AgentProfile.model_validate(
        {"name": "t", "title": "t", "status": "exercised", "product_name": "t", "install_dir": "C:\\t",
         "services": [{"name": "t"}]}
    )  # fmt: skip
    try:
        read_candidate(damaged, profile)
        installed_files(damaged)
    except HarnessError as error:
        assert "\n" not in str(error)  # noqa: PT017 - being read is right as well


@given(st.text(max_size=300))
def test_no_text_from_a_tool_breaks_a_parser(text: str) -> None:
    parse_idt(text)
    parse_summary(text)
    assert not parse_verification(text).intact


def test_names_and_directories_follow_the_tables() -> None:
    parents = {
        "TARGETDIR": ("", "SourceDir"),
        "ProgramFiles64Folder": ("TARGETDIR", "."),
        "Vendor": ("ProgramFiles64Folder", "VEND~1|Vendor Ltd:source"),
        "Same": ("Vendor", "."),
        "Own": ("TARGETDIR", "own"),
        "Loop": ("Pool", "a"),
        "Pool": ("Loop", "b"),
    }
    assert long_name("README~1.TXT|read me first.txt") == "read me first.txt"
    assert directory_path("Same", parents) == "ProgramFiles64Folder/Vendor Ltd"
    assert directory_path("Own", parents) == "own"
    assert directory_path("nowhere", parents) == ""
    assert directory_path("Loop", parents) == "b/a"


def test_a_portable_executable_is_known_by_its_two_headers(tmp_path: Path, installers: Installers) -> None:
    assert is_pe(installers.exe)
    for content in (b"", b"MZ", b"MZ" + b"\0" * 100, b"MZ" + b"\xff" * 100, b"ZM" + b"\0" * 100):
        (tmp_path / "x").write_bytes(content)
        assert not is_pe(tmp_path / "x")
