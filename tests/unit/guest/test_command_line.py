import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guest.command_line import (
    CMD_SPECIAL,
    argv_line,
    for_winrm,
    in_directory,
    installer_line,
    join,
    needs_cmd,
    quote,
    through_cmd,
)


def split_like_msvcrt(line: str) -> list[str]:
    """The receiving side: Microsoft, "Parsing C command-line arguments", for everything after the program."""
    arguments: list[str] = []
    current: list[str] = []
    inside = started = False
    at = 0
    while at < len(line):
        c = line[at]
        if c == "\\":
            run = len(line[at:]) - len(line[at:].lstrip("\\"))
            at += run
            if at < len(line) and line[at] == '"':
                current.append("\\" * (run // 2))
                if run % 2:
                    current.append('"')
                    at += 1
            else:
                current.append("\\" * run)
            started = True
            continue
        if c == '"':
            inside, started = not inside, True
        elif c in " \t\n\v" and not inside:
            if started:
                arguments.append("".join(current))
            current, started = [], False
        else:
            current.append(c)
            started = True
        at += 1
    return [*arguments, "".join(current)] if started else arguments


@given(st.lists(st.text()))
def test_arguments_survive_the_way_to_the_program(arguments: list[str]) -> None:
    line = join(["program.exe", *arguments])
    assert split_like_msvcrt(line.removeprefix("program.exe")) == arguments


@given(st.text(alphabet=st.characters(exclude_characters='"')))
def test_what_cmd_would_interpret_is_inside_quotes(argument: str) -> None:
    outside = "".join(quote(argument).split('"')[::2])
    assert not CMD_SPECIAL & set(outside)


def test_a_set_up_program_reads_its_options_as_people_write_them() -> None:
    given = ["setup.exe", "/S", "/SERVER=10.0.2.100:443", "/DIR=C:\\a b", "--list=a,b;c", "a = b", "=a b"]
    said = 'setup.exe /S /SERVER=10.0.2.100:443 /DIR="C:\\a b" --list=a,b;c "a = b" "=a b"'
    assert argv_line(given) == said
    assert split_like_msvcrt(said.removeprefix("setup.exe")) == given[1:]


def test_plain_arguments_stay_as_they_are() -> None:
    assert join(["sc.exe", "query", r"C:\a\b"]) == r"sc.exe query C:\a\b"


def test_a_program_with_a_space_is_quoted_and_one_with_a_quote_refused() -> None:
    assert argv_line([r"C:\Program Files\x.exe"]) == r'"C:\Program Files\x.exe"'
    with pytest.raises(ValueError, match="cannot hold a quote"):
        join(['a"b'])
    with pytest.raises(ValueError, match="needs a program"):
        join([])


def read_by_cmd(line: str) -> str:
    """What `cmd /c LINE` runs. Microsoft, "cmd", on how it treats quotes; Wine's does the same."""
    if not line.startswith('"'):
        return line.removeprefix("@")
    inner = line[1 : line.index('"', 1)]
    if line.count('"') == 2 and " " in inner and not set(inner) & set("&<>()@^|"):
        return line
    last = line.rindex('"')
    return line[1:last] + line[last + 1 :]


PROGRAMS = st.sampled_from(
    ["a.exe", r"C:\a.exe", r"C:\Program Files\A\a.exe", r"C:\Program Files (x86)\A\a.exe", r"C:\P&P\a.exe"]
)


@given(PROGRAMS, st.lists(st.text(alphabet=st.characters(exclude_characters="%"))))
def test_cmd_runs_what_was_meant(program: str, arguments: list[str]) -> None:
    sent = join([program, *arguments])
    meant = argv_line([program, *arguments])
    assert read_by_cmd(sent) == meant
    assert needs_cmd(sent) or sent == meant  # without a mark CreateProcess gets it as it is
    assert for_winrm(sent) == sent


def test_a_line_that_somebody_else_wrote_is_kept_too() -> None:
    line = r'"C:\Program Files\Agent\unins000.exe" /SILENT "/LOG=C:\a b.log"'
    assert read_by_cmd(for_winrm(line)) == line


def test_cmd_gets_the_command_whole() -> None:
    command = in_directory("dir /b", "C:\\a b")
    assert command == 'cd /d "C:\\a b" && dir /b'
    assert read_by_cmd(through_cmd(command)) == command
    assert needs_cmd(through_cmd('"C:\\a b\\x.exe" "y" && exit 3'))


def test_a_path_that_holds_an_equals_sign_is_quoted_as_a_whole() -> None:
    """`copy` of `cmd` parts its arguments at `=`, `;` and `,`."""
    assert quote("C:\\a;b,c=d\\cmd copy.exe") == '"C:\\a;b,c=d\\cmd copy.exe"'


@pytest.mark.parametrize(
    ("arguments", "nsis", "line"),
    [
        (["D:\\a.exe", "/S", "/D=C:\\Program Files\\A B"], True, "D:\\a.exe /S /D=C:\\Program Files\\A B"),
        (["D:\\a.exe", "/D=C:\\Program Files\\A B", "/S"], True, 'D:\\a.exe /D="C:\\Program Files\\A B" /S'),
        (["D:\\a.exe", "/S", "/D=C:\\Program Files\\A B"], False, 'D:\\a.exe /S /D="C:\\Program Files\\A B"'),
        (["C:\\A B\\u.exe", "/S", "_?=C:\\A B"], False, '"C:\\A B\\u.exe" /S _?=C:\\A B'),
        (["D:\\a.exe", "/S", "/DIR=C:\\A B"], True, 'D:\\a.exe /S /DIR="C:\\A B"'),
        (["D:\\a.exe"], True, "D:\\a.exe"),
    ],
)
def test_nsis_takes_the_rest_of_the_line_for_its_folder(arguments: list[str], nsis: bool, line: str) -> None:
    """In quotes it is no folder, and the installation ends without a word."""
    assert installer_line(arguments, nsis=nsis) == line
