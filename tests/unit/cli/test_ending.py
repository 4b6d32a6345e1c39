"""How a command ends."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from pydantic import field_serializer
from pydantic_core import PydanticSerializationError

from harness.cli import beginning, ending
from harness.cli import main as main_module
from harness.cli.ending import ends
from harness.model.base import Frozen
from harness.model.errors import CandidateError, ConfigurationError, InfrastructureError
from tests.programs import bounded


@pytest.fixture(autouse=True)
def details_of_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they go if the state directory takes none."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


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


class Interrupted(Frozen):
    """A document that somebody interrupts while it is written."""

    place: int = 0

    @field_serializer("place")
    def _stop(self, _place: int) -> int:
        raise KeyboardInterrupt


def test_an_interrupt_that_pydantic_takes_for_an_error_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PydanticSerializationError) as caught:
        Interrupted().model_dump_json()
    assert code_of(caught.value) == 130
    assert capsys.readouterr().err == "bvt: interrupted\n"


@pytest.mark.parametrize("many", [False, True])
def test_what_the_system_has_against_a_path_of_the_command_line_is_a_mistake_in_it(
    capsys: pytest.CaptureFixture[str], many: bool
) -> None:
    too_long = Path("a" * 300)

    def command(place: Path | list[Path]) -> int:
        return (place[0] if isinstance(place, list) else place).is_dir()

    with pytest.raises(typer.Exit) as ended:
        ends(command)([too_long] if many else too_long)
    assert ended.value.exit_code == 2
    assert (
        capsys.readouterr().err
        == f"bvt: {too_long}: the name is too long for this system. Take a shorter one.\n"
    )


def test_what_is_named_and_closed_to_this_user_is_one_too(capsys: pytest.CaptureFixture[str]) -> None:
    def command(place: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(place))

    with pytest.raises(typer.Exit) as ended:
        ends(command)(Path("closed"))
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "bvt: closed: Permission denied. Name another.\n"


def test_a_folder_in_whose_place_a_file_is_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    def command(place: Path) -> None:
        place.parent.mkdir(exist_ok=True)

    with pytest.raises(typer.Exit) as ended:
        ends(command)(tmp_path / "file" / "report.json")
    assert ended.value.exit_code == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_or_broken_disk_is_no_mistake_of_the_command_line(number: int) -> None:
    def command(place: Path) -> int:
        raise OSError(number, "words", str(place))

    with pytest.raises(typer.Exit) as ended:
        ends(command)(Path("named"))
    assert ended.value.exit_code == 4


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException | None], object]:
    """What `main` ends with if this is raised outside any command; the tests' own streams and handlers stay."""
    monkeypatch.setattr(beginning, "begin", lambda: None)
    monkeypatch.setattr(beginning, "let_go", lambda: None)

    def ended(error: BaseException | None) -> object:
        def broken(_: object) -> Callable[..., None]:
            if error is not None:
                raise error
            return lambda *_, **__: None

        monkeypatch.setattr(main_module, "application", broken)
        with pytest.raises(SystemExit) as caught:
            main_module.main()
        return caught.value.code

    return ended


def left_reader() -> SystemExit:
    """The parser's own answer to a reader that left."""
    ended = SystemExit(1)
    ended.__context__ = BrokenPipeError()
    return ended


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (None, 0, ""),
        (SystemExit(3), 3, ""),
        (SystemExit(1), 1, ""),  # a verdict
        (KeyboardInterrupt(), 130, "bvt: interrupted\n"),
        (left_reader(), 141, ""),
        (
            ImportError("No module named 'x'"),
            4,
            "bvt: it cannot start: No module named 'x'. Set the project up",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "from", None, "into"),
            4,
            "bvt: into: No space left",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), 4, "bvt: what was to be written: No space left"),
        (ValueError("who knows"), 4, "bvt: an internal error"),
    ],
)
def test_what_happens_around_a_command_never_looks_like_a_verdict(
    around: Callable[[BaseException | None], object],
    error: BaseException | None,
    code: int,
    said: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("BVT_HOME", str(tmp_path))
    monkeypatch.setattr(ending, "discard_output", lambda: None)
    assert around(error) == code
    assert capfd.readouterr().err.startswith(said)


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
    argv = [sys.executable, "-c", program]
    started = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with bounded(started) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "0\n"
        writer.stdout.close()
        assert writer.wait(60) == 0
        assert writer.stderr is not None
        assert writer.stderr.read() == ""


def test_a_run_goes_on_where_its_words_cannot_be_written_and_another_command_does_not() -> None:
    program = (
        "import sys\nfrom harness.cli.output import Output\n"
        "console = Output(spare=sys.argv[1] == 'spare')\n"
        "for number in range(2000): console.print(number)\n"
        "sys.stderr.write('went on\\n')\n"
    )
    with Path("/dev/full").open("w") as full:
        spare, other = (
            subprocess.run(
                [sys.executable, "-c", program, which],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=300,
            )
            for which in ("spare", "other")
        )
    assert (spare.returncode, spare.stderr) == (
        0,
        "bvt: standard output cannot be written (No space left on device); going on without it\nwent on\n",
    )
    assert other.stderr.splitlines()[-1].startswith("OSError")


def test_details_that_can_be_kept_nowhere_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert code_of(ValueError("who knows")) == 4
    assert "no file, for none can be written (ValueError: who knows)" in capsys.readouterr().err


def test_several_that_met_the_same_full_disk_are_told_as_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BVT_HOME", str(tmp_path))
    full = [OSError(errno.ENOSPC, "No space left on device") for _ in range(2)]
    assert code_of(ExceptionGroup("errors", [full[0], ExceptionGroup("more", [full[1]])])) == 4
    assert "what was to be written: No space left on device. Details are in" in capsys.readouterr().err
    assert code_of(ExceptionGroup("errors", [full[0], ValueError("a defect")])) == 4
    assert "an internal error" in capsys.readouterr().err


def test_what_is_said_stays_one_line_and_cannot_speak_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    beginning.say("a\nname\x1b[31m of \u202etxt\udcff")
    assert capsys.readouterr().err == "bvt: a name\\x1b[31m of \\u202etxt\\udcff\n"


@pytest.mark.parametrize(
    ("columns", "kept"),
    [("0", None), ("1", None), ("-5", None), ("wide", None), ("", None), ("20", "20"), ("300", "300")],
)
def test_a_width_in_which_nothing_can_be_shown_is_as_good_as_none(
    columns: str, kept: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    beginning._take_a_width()
    assert os.environ.get("COLUMNS") == kept


def test_a_current_directory_that_is_gone_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(FileNotFoundError) as caught:
        Path.cwd()
    assert code_of(caught.value) == 2
    assert capsys.readouterr().err == (
        "bvt: the current directory is not there any more. Change into another one.\n"
    )


@pytest.mark.parametrize(("inside", "code"), [(True, 2), (False, 4)])
def test_a_file_in_a_named_folder_is_the_users_only_where_nothing_else_is_done(
    inside: bool, code: int
) -> None:
    def command(_run: Path) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", "named/gate.html")

    with pytest.raises(typer.Exit) as ended:
        ends(command, writes_inside=inside)(Path("named"))
    assert ended.value.exit_code == code
