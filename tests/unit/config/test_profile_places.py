"""Folders, files and keys that a profile names: where they may be, and how they are written."""

from pathlib import Path

import pytest

from harness.config import load_profile
from tests.unit.config.tiny import GOOD, refusal


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
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
            "  - {name: TinyAgent, start: auto}",
            "  - {name: TinyAgent, image_path: '\"C:\\Tiny\\a b.exe\" --run'}",
            7,
            "services[0].image_path: '\"C:\\Tiny\\a b.exe\" --run' is a command line; name the program alone,"
            " without quotes and arguments: C:\\Tiny\\a b.exe",
        ),
        (
            "  - {name: TinyAgent, start: auto}",
            "  - {name: TinyAgent, image_path: 'C:\\Tiny\\a b.exe -k net'}",
            7,
            "without quotes and arguments: C:\\Tiny\\a b.exe",
        ),
        (
            "  - {name: TinyAgent, start: auto}",
            "  - {name: TinyAgent, image_path: 'C:\\Tiny\\a.exe run C:\\Tiny'}",
            7,
            "without quotes and arguments: C:\\Tiny\\a.exe",
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
        (
            "C:\\Program Files\\Tiny",
            "C:\\Windows",
            5,
            "install_dir: 'C:\\Windows' also holds what is not the",
        ),
        (
            "title: Tiny agent",
            "title: T\ndata_dirs: ['C:/ProgramData/']",
            3,
            "data_dirs[0]: 'C:\\ProgramData' also holds what is not the agent's. Name the",
        ),
        (
            "title: Tiny agent",
            "title: T\nregistry_roots: ['HKLM\\Software\\Microsoft']",
            3,
            "registry_roots[0]: 'HKLM\\Software\\Microsoft' also holds what is not the agent's",
        ),
        (
            "title: Tiny agent",
            "title: T\nsecrets: [{kind: file, path: 'C:\\ProgramData\\*', reason: it is so by design}]",
            3,
            "secrets[0].path: 'C:\\ProgramData\\*' is also where others look. Say exactly where",
        ),
    ],
)
def test_a_place_that_cannot_be_meant_is_one_sentence_with_its_line(
    place: Path, old: str, new: str, line: int, words: str
) -> None:
    caught = refusal(place, old, new)
    assert caught.line == line, str(caught)
    assert words in str(caught)


@pytest.mark.parametrize(
    "written", ["C:\\Program Files\\Tiny\\", "C:/Program Files/Tiny", "'C:\\\\Program Files\\\\Tiny'"]
)
def test_a_folder_is_written_in_one_way_only(place: Path, written: str) -> None:
    changed = GOOD.replace("C:\\Program Files\\Tiny", written, 1)
    assert changed != GOOD
    (place / "agents" / "tiny.yaml").write_text(changed)
    assert load_profile("tiny", [place])[0].install_dir == "C:\\Program Files\\Tiny"


@pytest.mark.parametrize(
    "program",
    [
        "C:\\Acme.com - Agent\\a.exe",
        "C:\\Tiny\\a.exe of old\\b.exe",
        "\\SystemRoot\\system32\\drivers\\tiny.sys",
        "C:\\Tiny\\agent",
    ],
)
def test_a_services_program_may_be_called_as_it_likes(program: str, tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(GOOD.replace("start: auto", f"image_path: '{program}'"))
    profile, _ = load_profile(str(file))
    assert profile.services[0].image_path == program
