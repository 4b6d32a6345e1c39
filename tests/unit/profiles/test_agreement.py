"""A profile is read against the MSI's tables: its mistakes are refused with line and value before any machine."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.candidate.msi_contents import MsiContents, read_contents
from harness.config.load import load_profile
from harness.model.candidate import Platform
from harness.model.errors import ConfigurationError
from harness.model.gate import USAGE_EXIT_CODE, exit_code_of
from harness.model.profile import AgentProfile
from harness.planning.preparation import make_plan
from harness.planning.request import RunRequest
from harness.profiles.agreement import given_properties, msi_problems
from tests.unit.profiles.msi_making import make_beat

RIGHT: dict[str, Any] = {
    "schema_version": 1,
    "name": "beat",
    "title": "Acme Beat",
    "status": "exercised",
    "product_name": "Acme Beat",
    "installer": {
        "properties": {"SERVERURL": "{backend_url}", "TOKEN": "{enrol_secret}", "REBOOT": "ReallySuppress"}
    },
    "install_dir": "C:\\Program Files\\Acme\\Beat",
    "data_dirs": ["C:\\ProgramData\\Acme\\Beat Data", "C:\\ProgramData\\Acme\\Cache"],
    "services": [{"name": "acmebeat"}],
    "files": [{"path": "C:\\Program Files\\Acme\\Beat\\acme-beat.exe"}],
    "registry": [{"key": "HKLM\\Software\\Acme\\Beat", "name": "ServerUrl"}],
    "registry_roots": ["HKLM\\Software\\Acme"],
    "unsigned_programs": {"acme-helper.exe": "signed in the next release"},
}


@pytest.fixture(scope="module")
def msi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_beat(tmp_path_factory.mktemp("beat"))


@pytest.fixture(scope="module")
def beat(msi: Path) -> MsiContents:
    return read_contents(msi, Platform.X64, {})


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> MsiContents:
    made = make_beat(tmp_path_factory.mktemp("coded"), code=True)
    return read_contents(made, Platform.X64, {})


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> MsiContents:
    made = make_beat(tmp_path_factory.mktemp("started"), starts=True)
    return read_contents(made, Platform.X64, {})


def written(folder: Path, changes: dict[str, Any]) -> Path:
    """The right profile with these keys (dotted paths) changed."""
    document: dict[str, Any] = yaml.safe_load(yaml.safe_dump(RIGHT))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place: Any = document
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        place[int(last) if isinstance(place, list) else last] = value
    file = folder / "beat.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return file


def refusal(msi: MsiContents, file: Path) -> ConfigurationError | None:
    try:
        load_profile(str(file), also=lambda profile: msi_problems(profile, msi))
    except ConfigurationError as error:
        return error
    return None


ACCEPT = "not_in_msi"
PROGRAM = "C:\\Program Files\\Acme\\Beat"
MISTAKES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    # changes; the key; words of the message; the MSI's value
    "product name": (
        {"product_name": "Acme Beet"},
        "product_name",
        "the MSI is 'Acme Beat' by 'Acme'",
        "Acme Beat",
    ),
    "service": (
        {"services.0.name": "AcmeBeats"},
        "services[0].name",
        "installs no service 'AcmeBeats'",
        "AcmeBeat",
    ),
    "service that nothing makes": (
        {"services": [{"name": "AcmeBeat"}, {"name": "Watchdog"}]},
        "services[1].name",
        "installs no service 'Watchdog', and nothing in it runs that could make it",
        "",
    ),
    "driver that nothing makes": (
        {"drivers": [{"name": "acmeflt"}]},
        "drivers[0].name",
        "no driver 'acmeflt'",
        "",
    ),
    "file name": (
        {"files.0.path": f"{PROGRAM}\\acme-beet.exe"},
        "files[0].path",
        "installs no file",
        f"{PROGRAM}\\acme-beat.exe",
    ),
    "file in another folder": (
        {"files.0.path": "C:\\Program Files\\Acme\\acme-beat.exe"},
        "files[0].path",
        "installs no file",
        f"{PROGRAM}\\acme-beat.exe",
    ),
    "registry key": (
        {"registry.0.key": "HKLM\\Software\\Acmee\\Beat"},
        "registry[0].key",
        "writes nothing into the key",
        "HKLM\\Software\\Acme\\Beat",
    ),
    "32-bit view": (
        {"registry.0.key": "HKLM\\Software\\WOW6432Node\\Acme\\Beat"},
        "registry[0].key",
        "writes nothing into the key",
        "HKLM\\Software\\Acme\\Beat",
    ),
    "registry value": (
        {"registry.0.name": "ServerUrls"},
        "registry[0].name",
        "writes no value 'ServerUrls'",
        "ServerUrl",
    ),
    "registry root": (
        {"registry_roots.0": "HKLM\\Software\\Acmee"},
        "registry_roots[0]",
        "would never be found left",
        "HKLM\\Software\\Acme",
    ),
    "property": (
        {"installer.properties.SERVERURI": "{backend_url}"},
        "installer.properties.SERVERURI",
        "knows no property 'SERVERURI'",
        "It takes",
    ),
    "property mistyped": (
        {"installer.properties": {"SERVERULR": "{backend_url}"}},
        "installer.properties.SERVERULR",
        "knows no property 'SERVERULR'",
        "SERVERURL",
    ),
    "property of a scenario": (
        {"installer.scenario_properties": {"fresh": {"TOKENS": "x"}}},
        "installer.scenario_properties.fresh.TOKENS",
        "knows no property 'TOKENS'",
        "",
    ),
    "install folder": (
        {"install_dir": "C:\\Program Files\\Acme\\Agent"},
        "install_dir",
        "puts nothing into",
        PROGRAM,
    ),
    "the other Program Files": (
        {"install_dir": "C:\\Program Files (x86)\\Acme\\Beat", "files": []},
        "install_dir",
        "puts nothing into",
        PROGRAM,
    ),
    "data folder": (
        {"data_dirs.0": "C:\\ProgramData\\Acme\\Beat Dta"},
        "data_dirs[0]",
        "puts nothing into",
        "C:\\ProgramData\\Acme\\Beat Data",
    ),
    "unsigned program": (
        {"unsigned_programs": {"acme-helpr.exe": "signed in the next release"}},
        "unsigned_programs.acme-helpr.exe",
        "nothing would be excused",
        "acme-helper.exe",
    ),
    "accepted difference": (
        {ACCEPT: {"AcmeBaet": "made by the agent itself"}},
        f"{ACCEPT}.AcmeBaet",
        "names no 'AcmeBaet'",
        "Did you mean",
    ),
}


def test_the_right_profile_is_accepted(beat: MsiContents, coded: MsiContents, tmp_path: Path) -> None:
    file = written(tmp_path, {})
    assert refusal(beat, file) is None
    assert refusal(coded, file) is None


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_line_and_the_msis_value(
    name: str, beat: MsiContents, tmp_path: Path
) -> None:
    changes, key, words, value = MISTAKES[name]
    file = written(tmp_path, changes)
    error = refusal(beat, file)
    assert error is not None
    assert exit_code_of(error) == USAGE_EXIT_CODE
    assert error.key == key
    last = key.rstrip("]").replace("[", ".").split(".")[-1] if "unsigned" not in key else "acme-helpr.exe"
    line = file.read_text().splitlines()[(error.line or 0) - 1]
    assert words in error.sentence
    assert value in str(error)
    assert f"{file}:{error.line}: {key}: " in str(error)
    assert (last in line) or last.isdecimal() or last in ("name", "path", "key")


def test_a_profile_of_another_agent_altogether_is_refused_by_its_product(beat: MsiContents) -> None:
    error = refusal(beat, Path(__file__).parents[3] / "agents" / "reference.yaml")
    assert error is not None
    assert error.key == "product_name"
    assert "the MSI is 'Acme Beat' by 'Acme', the profile is for 'BVT Reference Agent'" in str(error)
    assert "more in line" in str(error)


@pytest.mark.parametrize("name", [name for name in MISTAKES if name != "accepted difference"])
def test_every_difference_can_be_accepted_with_a_reason(name: str, beat: MsiContents, tmp_path: Path) -> None:
    changes, key, _, _ = MISTAKES[name]
    named = {
        "product name": "Acme Beet",
        "service": "AcmeBeats",
        "service that nothing makes": "watchdog",
        "driver that nothing makes": "acmeflt",
        "registry key": "HKLM\\Software\\Acmee\\Beat\\ServerUrl",
        "32-bit view": "HKLM\\Software\\WOW6432Node\\Acme\\Beat\\ServerUrl",
        "registry value": "HKLM\\Software\\Acme\\Beat\\ServerUrls",
    }.get(name)
    if named is None:
        value = next(iter(changes.values()))
        named = (
            value if isinstance(value, str) and "{" not in value else key.split(".", key.count(".") - 0)[-1]
        )
        named = "acme-helpr.exe" if "unsigned" in name else named
    file = written(tmp_path, {**changes, ACCEPT: {named: "this candidate makes it in another way"}})
    assert refusal(beat, file) is None


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({"services": [{"name": "AcmeBeat"}, {"name": "Watchdog"}]}, True),
        ({"drivers": [{"name": "acmeflt"}]}, True),
        ({"installer.properties.PROXY": "x"}, True),
        ({"install_dir": "C:\\Acme"}, True),
        ({"services.0.name": "AcmeBeats"}, False),
        ({"installer.properties": {"SERVERULR": "{backend_url}"}}, False),
    ],
)
def test_code_may_make_what_no_table_holds_but_a_mistype_is_still_one(
    changes: dict[str, Any], accepted: bool, coded: MsiContents, tmp_path: Path
) -> None:
    assert (refusal(coded, written(tmp_path, changes)) is None) is accepted


def test_an_agent_that_is_started_may_make_a_second_service(started: MsiContents, tmp_path: Path) -> None:
    assert (
        refusal(started, written(tmp_path, {"services": [{"name": "AcmeBeat"}, {"name": "Watchdog"}]}))
        is None
    )
    wrong = refusal(started, written(tmp_path, {"services": [{"name": "Watchdog"}]}))
    assert wrong is not None
    assert "Its services are 'AcmeBeat'" in str(wrong)


@pytest.mark.parametrize(
    "changes",
    [
        # What the agent makes itself, and what a candidate may have lost, is for the checks to find.
        {"files": [{"path": f"{PROGRAM}\\state.db"}]},
        {"files": [{"path": f"{PROGRAM}\\acme-beat.log"}]},
        {"registry": [{"key": "HKLM\\Software\\Acme\\Beat", "name": "DeviceId"}]},
        {"registry": [{"key": "HKLM\\Software\\Acme\\Beat\\State", "name": "Token"}]},
        {"registry_roots": ["HKLM\\Software\\Acme\\Beat\\State", "HKLM\\Software\\Classes\\acme"]},
        {"data_dirs": ["C:\\ProgramData\\Acme\\Beat"]},
        {"services": [{"name": "AcmeBeat", "start": "demand", "display_name": "Something else"}]},
        {"unsigned_programs": {"*.exe": "signed in the next release"}},
        {"installer.properties.ADDLOCAL": "All"},
    ],
)
def test_what_may_be_right_is_not_refused(changes: dict[str, Any], beat: MsiContents, tmp_path: Path) -> None:
    assert refusal(beat, written(tmp_path, changes)) is None


def test_a_folder_may_be_named_by_a_property(msi: Path, tmp_path: Path) -> None:
    changes = {"installer.properties.INSTALLDIR": "D:\\Beat", "install_dir": "D:\\Beat", "files": []}
    profile, _ = load_profile(str(written(tmp_path, changes)))
    assert not msi_problems(profile, read_contents(msi, Platform.X64, given_properties(profile)))
    assert msi_problems(profile, read_contents(msi, Platform.X64, {}))


@pytest.mark.parametrize("name", ["service", "property mistyped"])
def test_a_plan_is_refused(name: str, msi: Path, tmp_path: Path) -> None:
    changes, key, words, _ = MISTAKES[name]
    make_plan(RunRequest(candidate=msi, profile=str(written(tmp_path, {}))))
    with pytest.raises(ConfigurationError, match=words) as refused:
        make_plan(RunRequest(candidate=msi, profile=str(written(tmp_path, changes))))
    assert refused.value.key == key


def test_names_that_differ_in_their_numbers_are_two_names(beat: MsiContents, tmp_path: Path) -> None:
    profile, _ = load_profile(str(written(tmp_path, {})))
    two = beat.model_copy(update={"code": ("Do",), "services": _named(beat, "AcmeBeat2")})
    assert not msi_problems(profile, two)


def _named(contents: MsiContents, name: str) -> tuple[Any, ...]:
    return (contents.services[0].model_copy(update={"name": name}),)


CONTENTS = MsiContents(
    platform=Platform.X86,
    product_name="Acme Beat",
    product_name_known=True,
    files=("C:\\Program Files (x86)\\Acme\\Beat\\beat.exe",),
    folders=("C:\\Program Files (x86)\\Acme\\Beat",),
)


def profile_of(**changes: Any) -> AgentProfile:
    keys = ("name", "title", "status", "product_name", "install_dir")
    return AgentProfile.model_validate({key: RIGHT[key] for key in keys} | changes)


def test_a_32_bit_package_may_go_to_either_program_files() -> None:
    files = [{"path": f"{PROGRAM}\\beat.exe"}]
    assert not msi_problems(profile_of(files=files), CONTENTS)
    assert msi_problems(profile_of(files=files), CONTENTS.model_copy(update={"platform": Platform.X64}))


@pytest.mark.parametrize(
    "changes",
    [
        {"product_name_known": False},
        {"product_name": "[Brand] Beat"},
        {"entry_names": ("Acme Beat",)},
    ],
)
def test_a_product_name_that_only_an_installation_knows_is_not_refused(changes: dict[str, Any]) -> None:
    contents = CONTENTS.model_copy(update={"product_name": "Beat Setup"})
    assert msi_problems(profile_of(), contents)
    assert not msi_problems(profile_of(), contents.model_copy(update=changes))


def test_a_folder_that_only_an_installation_knows_is_not_refused() -> None:
    elsewhere = profile_of(install_dir="C:\\Acme")
    assert msi_problems(elsewhere, CONTENTS)
    assert not msi_problems(elsewhere, CONTENTS.model_copy(update={"every_file_known": False}))
