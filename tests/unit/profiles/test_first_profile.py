"""`bvt init` drafts a profile that `bvt plan` accepts, from MSIs that are laid out as other teams' are.

They are made here, by Debian's wixl and msibuild; no package of the registries that the tests reach carries an MSI.
"""

import os
import subprocess
from pathlib import Path

import pytest

from harness.cli.init import init
from harness.config.load import load_profile
from harness.model.candidate import InstallerKind
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile
from harness.model.profile.services import StartType
from harness.planning.preparation import make_plan
from harness.planning.request import RunRequest
from harness.profiles.draft import profile_name
from harness.profiles.draft_frame import quoted
from harness.profiles.first_profile import first_profile
from tests.unit.profiles.msi_making import make_beat, make_moved, make_narrow, make_searched


def drafted(msi: Path, folder: Path) -> tuple[AgentProfile, str]:
    """The draft, once `plan` has accepted it."""
    name, text = first_profile(msi)
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    prepared = make_plan(RunRequest(candidate=msi, profile=str(file)))
    assert prepared.plan.cells
    return prepared.profile, text


def test_a_plain_agent_is_described_whole(tmp_path: Path) -> None:
    profile, text = drafted(make_beat(tmp_path, starts=True), tmp_path)
    assert profile.name == "acme-beat"
    assert profile.install_dir == "C:\\Program Files\\Acme\\Beat"
    assert profile.data_dirs == ("C:\\ProgramData\\Acme\\Beat Data",)
    (service,) = profile.services
    assert (service.name, service.start, service.account, service.running) == (
        "AcmeBeat",
        StartType.AUTO,
        "LocalSystem",
        True,
    )
    assert service.image_path == "C:\\Program Files\\Acme\\Beat\\acme-beat.exe"
    assert [file.path.rpartition("\\")[2] for file in profile.files] == ["acme-beat.exe", "acme-helper.exe"]
    assert {value.name for value in profile.registry} == {"ServerUrl", "Token"}
    assert profile.registry_roots == ("HKLM\\Software\\Acme\\Beat",)
    assert "#   SERVERURL: \"{backend_url}\"  # default 'https://beat.example'" in text
    assert '#   TOKEN: "{enrol_secret}"  # kept out of logs' in text
    for word in ("check_in", "telemetry", "keeps"):
        assert word in text[text.index("# TODO: the agent at its backend") :]


def test_a_32_bit_product_is_described_where_windows_puts_it(tmp_path: Path) -> None:
    profile, text = drafted(make_narrow(tmp_path), tmp_path)
    assert profile.name == "watcher-s-32"
    assert profile.platform == "Intel"
    assert profile.install_dir == "C:\\Program Files (x86)\\Watcher's"
    assert {file.path for file in profile.files} == {
        "C:\\Program Files (x86)\\Watcher's\\watch.exe",
        "C:\\Program Files (x86)\\Watcher's\\lib\\a long name.dll",
    }
    assert profile.services[0].running is False
    equal = {value.name: value.equals for value in profile.registry}
    assert equal == {"Home": None, "Level": "3", "Version": "{version}", "Format": None}
    assert profile.registry_roots == ("HKLM\\Software\\WOW6432Node\\Müller\\Watcher",)
    # Whichever version comes next: the profile fits it.
    assert profile.product_name == "Watcher's 32 3.1.4"
    assert "product_name: 'Watcher''s 32 {version}'" in text


def test_a_service_that_nothing_starts_is_not_said_to_run(tmp_path: Path) -> None:
    """It starts at the next boot; a draft that has it running would fail a good candidate."""
    profile, text = drafted(make_beat(tmp_path), tmp_path)
    assert profile.services[0].start is StartType.AUTO
    assert profile.services[0].running is False
    assert "running: false  # TODO: true if it runs once it is installed" in text
    (tmp_path / "code").mkdir()
    assert drafted(make_beat(tmp_path / "code", code=True), tmp_path)[0].services[0].running


def test_what_not_every_installation_has_is_named_and_not_demanded(tmp_path: Path) -> None:
    msi = make_beat(tmp_path, starts=True)
    run = ["msibuild", str(msi)]
    for sql in (
        "INSERT INTO `Feature` (`Feature`, `Feature_Parent`, `Level`, `Attributes`) VALUES ('More', 'All', 1000, 0)",
        "DELETE FROM `FeatureComponents` WHERE `Component_` = 'helper'",
        "INSERT INTO `FeatureComponents` (`Feature_`, `Component_`) VALUES ('More', 'helper')",
        "UPDATE `Component` SET `Attributes` = 272 WHERE `Component` = 'program'",
    ):
        run += ["-q", sql]
    subprocess.run(run, check=True, timeout=60)
    profile, text = drafted(msi, tmp_path)
    assert [file.path.rpartition("\\")[2] for file in profile.files] == ["acme-beat.exe"]
    assert "#   C:\\Program Files\\Acme\\Beat\\acme-helper.exe: only with feature More" in text
    stays = "# Its component is permanent, so it stays: C:\\Program Files\\Acme\\Beat\\acme-beat.exe"
    assert stays in text


def test_tables_that_another_builder_fills_are_followed(tmp_path: Path) -> None:
    profile, text = drafted(make_moved(tmp_path), tmp_path)
    assert profile.install_dir == "C:\\Program Files\\Other\\Vendor X"
    assert {service.name for service in profile.services} == {"AcmeBeat"}
    assert profile.installer.hidden_entry
    # Its key alone makes it, and nothing loads it before the next boot.
    assert [(driver.name, driver.start, driver.running) for driver in profile.drivers] == [
        ("acmeflt", StartType.BOOT, False)
    ]
    beat = next(service for service in profile.services if service.name == "AcmeBeat")
    assert beat.depends_on == ("RpcSs", "Tcpip")
    assert beat.display_name == "Vendor X Beat"
    assert "TODO: it also runs code" not in text


def test_what_only_an_installation_knows_is_left_to_a_person(tmp_path: Path) -> None:
    profile, text = drafted(make_searched(tmp_path), tmp_path)
    assert profile.product_name == 'On "quotes" and: colons #1'
    assert not profile.services
    assert not profile.files
    assert "# TODO: the tables do not say where it is installed." in text
    assert "services and files of its own: DoAnything." in text


@pytest.mark.parametrize(
    ("content", "argument", "uninstaller"),
    [
        (b"NullsoftInst", "/S", "uninstall.exe"),
        (b"Inno Setup Setup Data", "/VERYSILENT", "unins000.exe"),
        (b".wixburn", "/quiet", "uninstall.exe"),
    ],
)
def test_of_an_exe_there_is_a_skeleton(
    content: bytes, argument: str, uninstaller: str, tmp_path: Path
) -> None:
    head = bytearray(b"MZ" + bytes(62))
    head[0x3C] = 0x40
    exe = tmp_path / "Acme Setup-7.2.exe"
    exe.write_bytes(bytes(head) + b"PE\0\0".ljust(128, b"\0") + content)
    name, text = first_profile(exe)
    file = tmp_path / f"{name}.yaml"
    file.write_text(text)
    profile, _ = load_profile(str(file))
    assert profile.installer.kind is InstallerKind.EXE
    assert argument in profile.installer.install_arguments
    assert profile.installer.uninstall_command[0] == f"C:\\Program Files\\Acme\\{uninstaller}"
    assert profile.product_name == "Acme"


@pytest.mark.parametrize(
    ("stem", "folder"),
    [
        ("Agent {beta}-1.0", "Agent beta"),
        ("Agent\u2028services", "Agentservices"),
        ("Agent\x85x", "Agentx"),
        ("Age\tnt", "Agent"),
        ("Agent\t😀", "Agent😀"),
        (os.fsdecode(b"Age\xffnt"), "Agent"),
        ("C:x", "Cx"),
        ("a*b?<%>", "ab"),
        (".", "Agent"),
    ],
)
def test_a_draft_is_valid_whatever_the_file_is_called(stem: str, folder: str, tmp_path: Path) -> None:
    exe = tmp_path / f"{stem}.exe"
    exe.write_bytes(b"MZ".ljust(0x3C, b"\0") + b"\x40\0\0\0PE\0\0")
    name, text = first_profile(exe)
    file = tmp_path / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    assert load_profile(str(file))[0].install_dir == f"C:\\Program Files\\{folder}"


@pytest.mark.parametrize(
    ("product", "version", "name"),
    [
        ("Acme Beat", "1.0", "acme-beat"),
        ("Acme Beat 7.2.0", "7.2.0", "acme-beat"),
        ("7-Zip", "", "zip"),
        ("Ärger & Söhne", "", "rger-s-hne"),
        ("漢字", "", "agent"),
    ],
)
def test_a_profile_is_named_after_its_product(product: str, version: str, name: str) -> None:
    assert profile_name(product, version) == name


@pytest.mark.parametrize(
    "text", ["it's", "a: b # c", "yes", "\u2028", "tab\t", "", "{x}", "C:\\x", '"\t😀\\', "\x85\x07"]
)
def test_every_text_survives_in_yaml(text: str, tmp_path: Path) -> None:
    import yaml

    assert yaml.safe_load(quoted(text)) == text


def test_a_file_that_is_no_installer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(ConfigurationError, match="the file is a text file, no installer"):
        first_profile(tmp_path / "notes.txt")


def test_the_command_writes_below_agents_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    msi = make_beat(tmp_path)
    init(msi)
    file = tmp_path / "agents" / "acme-beat.yaml"
    said = capsys.readouterr().out
    assert "acme-beat.yaml: " in said
    assert "TODOs to look at" in said
    assert "--profile acme-beat" in said
    file.write_text("mine")
    with pytest.raises(ConfigurationError, match=r"the file is there already.*--force"):
        init(msi)
    assert file.read_text() == "mine"
    init(msi, force=True)
    (named := tmp_path / "acme beat.msi").write_bytes(msi.read_bytes())
    capsys.readouterr()
    init(named, out=Path("acme.yaml"))
    assert f"bvt plan '{named}' --profile acme.yaml" in capsys.readouterr().out
    assert file.read_text() != "mine"
    init(msi, out=Path("elsewhere/my-agent.yaml"))
    assert load_profile(str(tmp_path / "elsewhere" / "my-agent.yaml"))[0].name == "my-agent"


def test_what_is_no_installer_is_called_what_it_is(tmp_path: Path) -> None:
    (archive := tmp_path / "agent.exe").write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(ConfigurationError, match="the file is a ZIP archive, no installer"):
        first_profile(archive)


@pytest.mark.parametrize(
    ("out", "words"), [("My Agent.yaml", "cannot be a profile's name"), ("x.txt", "ends with .yaml")]
)
def test_a_name_that_no_profile_may_have_is_refused(
    out: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=words):
        init(make_beat(tmp_path), out=Path(out))
    assert not (tmp_path / out).exists()
