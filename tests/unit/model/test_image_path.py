"""Image paths as installers write them into the registry of services."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.image_path import (
    full_path,
    is_short_for,
    lies_below,
    may_start_another,
    program_of,
    same_program,
)

FOLDER = "C:\\Program Files\\Agent"


@pytest.mark.parametrize(
    ("written", "program"),
    [
        (r"C:\Program Files\Agent\svc.exe", r"C:\Program Files\Agent\svc.exe"),
        (r'"C:\Program Files\Agent\svc.exe" --run "a b"', r"C:\Program Files\Agent\svc.exe"),
        (r"C:\Program Files\Agent\svc.exe -k x", r"C:\Program Files\Agent\svc.exe"),
        (r"\??\C:\Program Files\Agent\drv.sys", r"C:\Program Files\Agent\drv.sys"),
        (r"\\?\C:\Program Files\Agent\svc.exe /x", r"C:\Program Files\Agent\svc.exe"),
        (r"\DosDevices\C:\Agent\drv.sys", r"C:\Agent\drv.sys"),
        (r"\Device\HarddiskVolume3\Program Files\Agent\drv.sys", r"C:\Program Files\Agent\drv.sys"),
        (r"%ProgramFiles%\Agent\svc.exe", r"C:\Program Files\Agent\svc.exe"),
        (r'"%ProgramFiles%\Agent\svc.exe" -x', r"C:\Program Files\Agent\svc.exe"),
        (r"%PROGRAMFILES(X86)%\Agent\svc.exe", r"C:\Program Files (x86)\Agent\svc.exe"),
        (r"%SystemDrive%\Agent\svc.exe", r"C:\Agent\svc.exe"),
        (r"%Nobody%\svc.exe", r"C:\Windows\%Nobody%\svc.exe"),
        (r"C:\PROGRA~1\Agent\svc.exe", r"C:\Program Files\Agent\svc.exe"),
        (r"C:\PROGRA~2\Agent\svc.exe", r"C:\Program Files (x86)\Agent\svc.exe"),
        (r"C:\Program Files\\Agent\\svc.exe", r"C:\Program Files\Agent\svc.exe"),
        (r"C:/Program Files/Agent/svc.exe", r"C:\Program Files\Agent\svc.exe"),
        (r"C:\Program Files\Other\..\Agent\svc.exe", r"C:\Program Files\Agent\svc.exe"),
        (r"\SystemRoot\System32\drivers\a.sys", r"C:\Windows\System32\drivers\a.sys"),
        (r"system32\drivers\a.sys", r"C:\Windows\system32\drivers\a.sys"),
        (r"%SystemRoot%\system32\svchost.exe -k netsvcs -p", r"C:\Windows\system32\svchost.exe"),
        ("svchost.exe -k x", r"C:\Windows\System32\svchost.exe"),
        (r'C:\Tools\svc --name "My Service"', r"C:\Tools\svc"),
        (r"C:\Program Files\Agent\svc -k x", r"C:\Program Files\Agent\svc"),
        (r"C:\Tools\svc D:\data\x.exe", r"C:\Tools\svc"),
        (r"C:\Tools\svc -x y.exe", r"C:\Tools\svc"),
        (r"C:\Tools\svc run y", r"C:\Tools\svc"),
        (r"C:\Agent - Beta\svc.exe --x", r"C:\Agent - Beta\svc.exe"),
        (r"C:\agent.exe.d\My Agent\svc.exe", r"C:\agent.exe.d\My Agent\svc.exe"),
        ("", ""),
        ('"', ""),
    ],
)
def test_the_program_is_found(written: str, program: str) -> None:
    assert program_of(written) == program


def test_what_is_there_tells_a_path_from_its_arguments() -> None:
    there = {r"c:\tools\run.d\my svc.exe", r"c:\tools\run.exe"}
    assert program_of(r"C:\Tools\run.d\my svc x.exe", lambda path: path.lower() in there).endswith(
        "my svc.exe"
    )
    assert program_of(r"C:\Tools\run a\b.exe", lambda path: path.lower() in there) == r"C:\Tools\run.exe"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"C:\Program Files\Agent\svc.exe", True),
        (r"%ProgramFiles%\Agent\svc.exe", True),  # the system expands it, and then it has a space
        (r"C:\agent.exe.d\My Agent\svc.exe", True),
        (r"C:\Program Files\Agent\svc -k x", True),
        (r'"C:\Program Files\Agent\svc.exe" -k x', False),
        (r'C:\Tools\svc --name "My Service"', False),
        (r"C:\Tools\svc.exe --data C:\My Data", False),
        (r"C:\PROGRA~1\Agent\svc.exe", False),
        (r"\??\C:\Program Files\Agent\drv.sys", False),  # a driver's path has no arguments
        ("", False),
    ],
)
def test_an_unquoted_space_in_the_program_itself_lets_another_start(written: str, expected: bool) -> None:
    assert may_start_another(written) is expected


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        (r"C:\PROGRA~1\MYAGEN~1\svc.exe", r"C:\Program Files\My Agent", True),
        (r"c:\program files\my agent\SVC.EXE", r"C:\Program Files\My Agent", True),
        (r"C:\Program Files\MYAGEN~1\svc.exe", r"C:\Program Files\Your Agent", False),
        (r"C:\Program Files\My Agent", r"C:\Program Files\My Agent", False),
        (r"C:\Program Files\My Agent Two\svc.exe", r"C:\Program Files\My Agent", False),
    ],
)
def test_a_short_name_is_below_the_folder_that_it_stands_for(path: str, folder: str, expected: bool) -> None:
    assert lies_below(full_path(path), folder) is expected


@pytest.mark.parametrize(
    ("name", "long", "expected"),
    [
        ("LONGNA~1.EXE", "long name.exe", True),
        ("LONGNA~1.CON", "long name.config", True),
        ("LONGNA~1", "long name.exe", False),
        ("a.b", "a.b", False),  # no short name
        ("A_B~1", "a+b", True),
    ],
)
def test_a_short_name_holds_the_first_letters(name: str, long: str, expected: bool) -> None:
    assert is_short_for(name, long) is expected


def test_programs_are_compared_as_windows_does() -> None:
    assert same_program(r"c:\x\SVC", r"C:\X\svc.exe")
    assert same_program(r"C:\MYAGEN~1\svc.exe", r"C:\My Agent\svc.exe")
    assert not same_program(r"C:\x\svc.exe", r"C:\x\svc2.exe")
    assert not same_program(r"C:\x\svc.exe", r"C:\x\y\svc.exe")


NAMES = st.text(
    st.characters(exclude_characters='\\/:*?"<>|%~\0', categories=["L", "N", "Zs", "P"]), min_size=1
)


@given(st.lists(NAMES.map(str.strip).filter(lambda name: name.strip(". ")), min_size=1, max_size=5))
def test_a_quoted_path_is_the_program_itself(names: list[str]) -> None:
    path = "C:\\" + "\\".join(names) + "\\svc.exe"
    assert program_of(f'"{path}" --x') == full_path(path)
    assert not may_start_another(f'"{path}" --x')
    assert lies_below(full_path(path), "C:\\" + "\\".join(names))


@given(st.text(max_size=200))
def test_anything_has_some_answer(text: str) -> None:
    program = program_of(text)
    assert program == program_of(text)
    assert may_start_another(text) in (True, False)
    lies_below(program, FOLDER)
