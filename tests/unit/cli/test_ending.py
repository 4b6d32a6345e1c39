"""How a command ends."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from harness.cli import main as main_module
from harness.cli.ending import ends
from harness.model.errors import CandidateError, ConfigurationError, InfrastructureError


def code_of(error: BaseException) -> int:
    def command() -> int:
        raise error

    with pytest.raises(typer.Exit) as ended:
        ends(command)()
    return ended.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("wrong"), 2),
        (CandidateError("bad"), 1),
        (InfrastructureError("lost"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_the_class_of_an_error_is_its_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(error) == code
    assert capsys.readouterr().err.startswith("bvt: ")


def test_ctrl_c_before_a_command_has_begun_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main_module, "application", interrupted)
    with pytest.raises(SystemExit) as ended:
        main_module.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "bvt: interrupted\n"


@pytest.mark.parametrize("error", [ValueError("who knows"), OSError(errno.ENOSPC, "No space left", "/disk")])
def test_what_nobody_foresaw_is_kept_even_where_no_state_can_be(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BVT_HOME", "/dev/null")
    assert code_of(error) == 4
    said = capsys.readouterr().err
    details = Path(next(word for word in said.split() if word.endswith((".txt", ".txt."))).rstrip("."))
    assert type(error).__name__ in details.read_text()


def test_a_reader_that_leaves_is_not_a_failed_candidate() -> None:
    program = (
        "from harness.cli.output import Output\n"
        "console = Output()\n"
        "for number in range(20_000): console.print(number)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "0\n"
    writer.stdout.close()
    assert writer.wait(30) == 0
    assert writer.stderr is not None
    assert writer.stderr.read() == ""
    writer.stderr.close()
