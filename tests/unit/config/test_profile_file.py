from pathlib import Path

import pytest

from harness.config import find_matrix, load_profile, search_path
from harness.config.load import known_profiles
from harness.config.profile_rules import scenario_problems
from harness.model.errors import ConfigurationError
from harness.model.matrix import Matrix, Pool, Scenario, WindowsImage
from harness.model.report import Phase
from harness.model.substrate import Substrate
from tests.unit.config.tiny import GOOD, refusal


def test_a_profile_is_found_by_name_and_by_path(place: Path) -> None:
    by_name = load_profile("tiny", [place])
    assert by_name == load_profile(str(place / "agents" / "tiny.yaml"), [])
    assert by_name[0].services[0].name == "TinyAgent"


def test_an_unknown_profile_lists_the_known_ones(place: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"unknown agent profile 'tyny'. Did you mean 'tiny'\? Known .*: tiny"
    ):
        load_profile("tyny", [place])
    with pytest.raises(ConfigurationError, match="Known profiles: tiny"):
        load_profile("zzz", [place])
    with pytest.raises(ConfigurationError, match="which has none"):
        load_profile("tiny", [place / "agents"])


def test_the_first_place_wins(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "agents").mkdir()
    (other / "agents" / "tiny.yaml").write_text(GOOD)
    assert known_profiles([other, place])["tiny"].is_relative_to(other)


def test_the_search_begins_in_the_current_directory(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.chdir(place)
    assert search_path()[0] == place
    assert load_profile("tiny")[0].name == "tiny"
    assert find_matrix() != place / "matrix.yaml"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("name: tiny", "name: other", 1, "must be its file's name, 'tiny', not 'other'"),
        (
            "name: tiny",
            "name: Tiny",
            1,
            "expected a name of small letters, digits and hyphens that begins with a letter",
        ),
        ("start: auto", "start: automatic", 7, "found 'automatic'. Did you mean 'auto'?"),
        ("restart_service: tinyagent", "restart_service: TinyAgnt", 9, "Did you mean 'TinyAgent'?"),
        ("{backend_host}", "{backend_hots}", 9, "unknown placeholder {backend_hots}"),
        ("{backend_host}", "{", 9, "has a brace without its partner"),
        ("{backend_host}", "{0d0c9f47-1111}", 9, "is written twice: {{0d0c9f47-1111}}"),
        ("title: Tiny agent", "title: Tiny agent\nplatform: x46", 3, "Known: x64, Intel, Arm64"),
        (
            "title: Tiny agent",
            "title: T\nversion_command: [t]\nversion_pattern: '('",
            4,
            "is not a regular expression",
        ),
        (
            "title: Tiny agent",
            "title: T\nversion_command: [t]\nversion_pattern: v",
            4,
            "has no group in parentheses",
        ),
        ("title: Tiny agent", "title: T\nversion_pattern: (.*)", 3, "no version_command"),
        ("title: Tiny agent", "title: T\ninstaller: {unsigned: no}", 3, "unsigned"),
        ("title: Tiny agent", "title: T\ninstaller:\n  unsigned: yes it is", 4, "10"),
        (
            "title: Tiny agent",
            "title: T\ninstaller:\n  reboot_after: {update: because of a driver}",
            4,
            "update",
        ),
        ("title: Tiny agent", "title: T\ninstaller:\n  reboot_after: {install: why}", 4, "10"),
        ("title: Tiny agent", "title: T\nunsigned_programs: {a.exe: ''}", 3, "10"),
        ("title: Tiny agent", "title: Tiny agent\ninstaller: {kind: exe}", 3, "'declared_version'"),
        ("title: Tiny agent", 'title: T\ninstaller: {declared_version: "1"}', 3, "for EXE installers only"),
        (
            "title: Tiny agent",
            'title: T\ninstaller: {kind: exe, declared_version: "1", install_arguments: [/q], uninstall_command: [u],'
            " properties: {BACKEND: x}}",
            3,
            "installer.properties: this key is for MSI installers only. Hand an EXE over what it needs in install_a",
        ),
        (
            "title: Tiny agent",
            'title: T\ninstaller: {kind: exe, declared_version: "1", install_arguments: [/q], uninstall_command: [u],'
            " uninstall_properties: {PASSWORD: x}}",
            3,
            "installer.uninstall_properties: this key is for MSI installers only. Hand an EXE over what it",
        ),
        (
            "  - {name: TinyAgent, start: auto}",
            "  - name: a\n  - name: A",
            7,
            "the service 'a' is listed twice",
        ),
        ("title: Tiny agent", "title: T\ncheck_in: {deadline_s: 0}", 3, "expected more than 0"),
        ("title: Tiny agent", "title: T\ninstaller: {timeout_s: 0}", 3, "expected more than 0"),
        ("title: Tiny agent", "title: T\ninstaller: {timeout_s: 100000}", 3, "expected at most 86400"),
        ("start: auto", "start_deadline_s: -5", 7, "services[0].start_deadline_s: expected more than 0"),
        ("start: auto", "start: automatic", 7, "services[0].start: expected 'boot'"),
        ("start: auto", "recovery: [restrat]", 7, "Did you mean 'restart'?"),
        ("product_name: Tiny Agent", 'product_name: ""', 4, "product_name: expected at least 1 character"),
        (
            "title: Tiny agent",
            "title: T\ndiagnostics: {status: []}",
            3,
            "diagnostics.status: expected at least",
        ),
    ],
)
def test_a_broken_profile_is_one_sentence_with_its_line(
    place: Path, old: str, new: str, line: int, words: str
) -> None:
    caught = refusal(place, old, new)
    assert caught.line == line, str(caught)
    assert words in str(caught)


def test_every_profile_that_ships_loads() -> None:
    for name in known_profiles(search_path()):
        assert load_profile(name)[0].name == name


SCENARIOS = Matrix(
    images={"win": WindowsImage(product_name="Windows", major=10, minor=0, build=26100)},
    scenarios={name: Scenario(title=name, phases=(Phase.INSTALL,)) for name in ("fresh", "offline")},
    axes={},
    pools={"embedded": Pool(provider="wine", substrates=(Substrate.WINE,))},
)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("frsh", "Did you mean 'fresh'? Known: fresh, offline."),
        ("upgrade", "Known: fresh, offline."),
        ("Fresh", "Did you mean 'fresh'? Known: fresh, offline."),
    ],
)
def test_properties_for_a_scenario_that_the_matrix_does_not_have_are_refused(
    place: Path, name: str, hint: str
) -> None:
    written = f"title: T\ninstaller:\n  scenario_properties:\n    fresh: {{A: b}}\n    {name}: {{A: c}}\n"
    (place / "agents" / "tiny.yaml").write_text(GOOD.replace("title: Tiny agent\n", written, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_profile("tiny", [place], scenario_problems(SCENARIOS, Path("other/matrix.yaml")))
    assert str(caught.value) == (
        f"{place}/agents/tiny.yaml:6: installer.scenario_properties.{name}: other/matrix.yaml has no scenario"
        f" {name!r}, so these properties would never be set. {hint}"
    )


def test_properties_for_scenarios_of_the_matrix_load(place: Path) -> None:
    written = "title: T\ninstaller: {scenario_properties: {offline: {A: b}}}\n"
    (place / "agents" / "tiny.yaml").write_text(GOOD.replace("title: Tiny agent\n", written, 1))
    profile, _ = load_profile("tiny", [place], scenario_problems(SCENARIOS, Path("matrix.yaml")))
    assert profile.installer.scenario_properties == {"offline": {"A": "b"}}
