import json
from pathlib import Path

from harness.guest.facts import CommandResult
from harness.guest.transcript import KEEP_CHARS, Transcript, shortened
from harness.model.errors import OutcomeUnknown
from harness.model.masking import MASK


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def result(stdout: str = "", command: str = "cmd") -> CommandResult:
    return CommandResult(command=command, exit_code=1, stdout=stdout, stderr="", duration_s=0.5)


def test_every_command_is_one_line_at_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "t.jsonl"
    transcript = Transcript(path, cell="win10/fresh", machine="bvt-1")
    transcript.command(result("a\u2028b\nc"))
    (line,) = lines(path)
    assert line["cell"] == "win10/fresh"
    assert line["machine"] == "bvt-1"
    assert line["exit_code"] == 1
    assert line["stdout"] == "a\u2028b\nc"


def test_secrets_never_reach_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, cell="c", machine="m", secrets=["hunter2", "hunter2-long", ""]) as transcript:
        transcript.command(result("it is hunter2-long", command="set P=hunter2"))
        transcript.failure("run hunter2", 1.0, OutcomeUnknown("broke at hunter2"))
        transcript.note("hunter2!")
        transcript.hide("later")
        transcript.note("later")
    text = path.read_text()
    assert "hunter2" not in text
    assert "later" not in text
    assert f"it is {MASK}" in text
    assert "-long" not in text


def test_a_secret_across_the_cut_is_masked_too(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, cell="c", machine="m", secrets=["hunter2"]) as transcript:
        transcript.command(result("x" * (KEEP_CHARS - 3) + "hunter2" + "y" * 3 * KEEP_CHARS))
    assert "hun" not in path.read_text()


def test_long_output_keeps_head_and_tail_and_says_how_much_is_gone(tmp_path: Path) -> None:
    text = "a" * KEEP_CHARS + "b" * 100 + "c" * KEEP_CHARS
    assert "100 of" in shortened(text)
    assert shortened(text).startswith("a" * KEEP_CHARS)
    assert shortened(text).endswith("c" * KEEP_CHARS)
    assert shortened("short") == "short"


def test_lone_surrogates_do_not_stop_the_record(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Transcript(path, cell="c", machine="m") as transcript:
        transcript.note("bad \ud800 name")
    assert "bad" in path.read_text()


def test_every_form_of_a_secret_is_masked(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    with Transcript(path, cell="c", machine="m", secrets=["pass/word"]) as transcript:
        transcript.note("GET /?key=pass%2Fword")
    assert "%2F" not in path.read_text()
