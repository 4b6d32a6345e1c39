from pathlib import Path

import pytest

from harness.config import find_matrix, load_profile, search_path
from harness.config.load import known_profiles
from harness.config.profile_rules import scenario_problems
from harness.model.errors import ConfigurationError
from harness.model.matrix import Matrix, Pool, Scenario, WindowsImage
from harness.model.report import Phase
from harness.model.substrate import Substrate

GOOD = """\
name: tiny
title: Tiny agent
status: exercised
product_name: Tiny Agent
install_dir: C:\\Program Files\\Tiny
services:
  - {name: TinyAgent, start: auto}
guest_files:
  - {path: C:\\t.ini, content: "{backend_host}", restart_service: tinyagent}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "tiny.yaml").write_text(GOOD)
    return tmp_path


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
    with pytest.raises(ConfigurationError, match="which holds none"):
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
        (
            "title: Tiny agent",
            "title: T\ntelemetry: {proces: {query: q, columns: {a: b}}}",
            3,
            "unknown stimulus",
        ),
        (
            "C:\\Program Files\\Tiny",
            "'%ProgramFiles%\\Tiny'",
            5,
            "'%ProgramFiles%\\Tiny' holds an environment variable",
        ),
        (
            "C:\\Program Files\\Tiny",
            "Program Files\\Tiny",
            5,
            "install_dir: 'Program Files\\Tiny' is not an absolute",
        ),
        ("C:\\Program Files\\Tiny", "'C:\\'", 5, "is not an absolute path below a drive"),
        ("C:\\Program Files\\Tiny", "C:\\Tiny\\..", 5, "is a whole drive"),
        ("C:\\Program Files\\Tiny", "C:\\Tiny*", 5, "a character that Windows does not allow"),
        (
            "title: Tiny agent",
            "title: T\ndata_dirs: ['C:Tiny']",
            3,
            "data_dirs[0]: 'C:Tiny' is not an absolute",
        ),
        (
            "title: Tiny agent",
            "title: T\nfiles: [{path: '%windir%\\a'}]",
            3,
            "files[0].path: '%windir%\\a' holds an environment variable; write the whole path; for a 64-bit service"
            " it is C:\\Windows\\a",
        ),
        (
            "title: Tiny agent",
            "title: T\nlogs: ['%LocalAppData%\\Tiny\\*.log']",
            3,
            "logs[0]: '%LocalAppData%\\Tiny\\*.log' holds an environment variable; what %LocalAppData% is differs",
        ),
        (
            "title: Tiny agent",
            "title: T\nkeeps: [{kind: file, path: '%ProgramData%\\Tiny', reason: it is so by design}]",
            3,
            "it is C:\\ProgramData\\Tiny",
        ),
        (
            "title: Tiny agent",
            "title: T\nversion_command: ['%ProgramFiles(x86)%\\a.exe', '%x%']",
            3,
            "version_command: '%ProgramFiles(x86)%\\a.exe' holds",
        ),
        (
            "title: Tiny agent",
            "title: T\nhealth: {error_logs: {'%TEMP%\\a.log': it is so by design}}",
            3,
            "it is C:\\Windows\\Temp\\a.log",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {user: {query: q, columns: {a: "{nonce}", b: "{nmae}"}}}',
            3,
            "telemetry.user.columns.b: the stimulus 'user' gives no fact {nmae}. Did you mean 'name'?",
        ),
        (
            "title: Tiny agent",
            "title: T\ntelemetry: {user: {query: q, columns: {a: b}}}",
            3,
            "telemetry.user.columns: no column holds a fact of the stimulus alone",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {process_start: {query: q, columns: {path: "{path}"}}}',
            3,
            "One of cmdline, nonce, pid must be in a column.",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {user: {query: q, columns: {a: "{name"}}}',
            3,
            "telemetry.user.columns.a: '{name' has a brace without its partner; write placeholders as {name}",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {user: {query: q, columns: {a: "{name:>20}"}}}',
            3,
            "telemetry.user.columns.a: the placeholder {name} has more in its braces than a name",
        ),
        ("title: Tiny agent", "title: T\ncheck_in: {deadline_s: 0}", 3, "expected more than 0"),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {}, changed: {}}",
            3,
            "'effect_query' must say",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {}, invalid: {x: y}}",
            3,
            "'refusal_contains' must",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {}, invalid: {x: y}, refusal_contains: ' '}",
            3,
            "'refusal_contains' must",
        ),
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
        ("C:\\t.ini", "t.ini", 9, "guest_files[0].path: 't.ini' is not an absolute path"),
        (
            "title: Tiny agent",
            "title: T\nregistry_roots: ['HKXX\\Software\\Tiny']",
            3,
            "registry_roots[0]: 'HKXX\\Software\\Tiny' is not a key below a hive",
        ),
        (
            "title: Tiny agent",
            "title: T\nregistry: [{key: 'HKLM\\%a%', name: b}]",
            3,
            "'HKLM\\%a%' holds a quote or a percent sign",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: }, changed: {schedule: {a: 1}}, effect_query: b}",
            3,
            "configuration.changed schedules no query 'b', so no result would arrive. Known: a.",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {users: {snapshot: true}}}}\n"
            'telemetry: {user: {query: users, action: added, columns: {a: "{nonce}"}}}',
            4,
            "telemetry.user.action: configuration.base schedules 'users' to send snapshots,"
            " so no row with action 'added' would ever arrive.",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {users: {snapshot: false}}}}\n"
            'telemetry: {user: {query: users, action: snapshot, columns: {a: "{nonce}"}}}',
            4,
            "telemetry.user.action: configuration.base schedules 'users' to send differences,"
            " so no row with action 'snapshot' would ever arrive.",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {processes: {}}}}\n"
            'telemetry: {user: {query: processs, columns: {a: "{nonce}"}}}',
            4,
            "telemetry.user.query: configuration.base schedules no query 'processs', so no row would ever arrive."
            " Did you mean 'processes'?",
        ),
        *(
            (
                "title: Tiny agent",
                f"title: T\nkeeps: [{{kind: {kind}, path: '{path}', reason: for support}}]",
                3,
                words,
            )
            for kind, path, words in (
                ("file", "*", "keeps[0].path: '*' excuses what is none of the agent's, too"),
                ("file", "C:\\", "'C:\\' excuses what is none"),
                ("file", "C:\\Program Files", "excuses what is none"),
                ("file", "C:\\ProgramData\\*.txt", "excuses what is none"),
                ("file", "tiny.log", "'tiny.log' is not an absolute path below a drive"),
                ("service", "*", "excuses what is none"),
                ("task", "*", "excuses what is none"),
                ("registry", "HKLM\\Software\\*", "excuses what is none"),
                ("registry", "HKLM\\Software\\Tiny", "is none of registry_roots"),
                ("user", "tiny", "Write 'user tiny' or 'group tiny'."),
                ("person", "tiny", "expected 'file', 'registry'"),
            )
        ),
        *(
            (old, new, line, words)
            for old, new, line, words in (
                (
                    "C:\\Program Files\\Tiny",
                    "C:\\Windows",
                    5,
                    "install_dir: 'C:\\Windows' holds what is none of the",
                ),
                (
                    "title: Tiny agent",
                    "title: T\ndata_dirs: ['C:/ProgramData/']",
                    3,
                    "data_dirs[0]: 'C:\\ProgramData' holds what is none of the agent's, too. Name the",
                ),
                (
                    "title: Tiny agent",
                    "title: T\nregistry_roots: ['HKLM\\Software\\Microsoft']",
                    3,
                    "registry_roots[0]: 'HKLM\\Software\\Microsoft' holds what is none of the agent's",
                ),
                (
                    "title: Tiny agent",
                    "title: T\nsecrets: [{kind: file, path: 'C:\\ProgramData\\*', reason: it is so by design}]",
                    3,
                    "secrets[0].path: 'C:\\ProgramData\\*' is also where others look. Say exactly where",
                ),
            )
        ),
    ],
)
def test_a_broken_profile_is_one_sentence_with_its_line(
    place: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in GOOD
    (place / "agents" / "tiny.yaml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_profile("tiny", [place])
    assert caught.value.line == line, str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "written", ["C:\\Program Files\\Tiny\\", "C:/Program Files/Tiny", "'C:\\\\Program Files\\\\Tiny'"]
)
def test_a_folder_is_written_in_one_way_only(place: Path, written: str) -> None:
    changed = GOOD.replace("C:\\Program Files\\Tiny", written, 1)
    assert changed != GOOD
    (place / "agents" / "tiny.yaml").write_text(changed)
    assert load_profile("tiny", [place])[0].install_dir == "C:\\Program Files\\Tiny"


def test_queries_may_come_from_where_the_profile_does_not_say(place: Path) -> None:
    asked = 'telemetry: {user: {query: other, columns: {a: "{nonce}"}}}\n'
    for base in ("{}", "{schedule: {a: {}}, packs: {p: {}}}", "{schedule: [a]}"):
        (place / "agents" / "tiny.yaml").write_text(f"{GOOD}{asked}configuration: {{base: {base}}}\n")
        assert load_profile("tiny", [place])[0].telemetry["user"].query == "other"


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


@pytest.mark.parametrize(
    ("scheduled", "action", "expected"),
    [
        ("snapshot: true", "", "snapshot"),
        ("snapshot: true", "action: snapshot,", "snapshot"),
        ("interval: 2", "", "added"),
        ("interval: 2", "action: removed,", "removed"),
    ],
)
def test_rows_of_a_query_that_is_sent_whole_are_expected_as_such(
    place: Path, scheduled: str, action: str, expected: str
) -> None:
    further = (
        f"configuration: {{base: {{schedule: {{users: {{{scheduled}}}}}}}}}\n"
        f'telemetry: {{user: {{query: users, {action} columns: {{a: "{{nonce}}"}}}}}}\n'
    )
    (place / "agents" / "tiny.yaml").write_text(GOOD + further)
    assert load_profile("tiny", [place])[0].telemetry["user"].action == expected
