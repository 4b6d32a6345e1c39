"""`bvt transcript`: which run, which cell, which check; every mistake one sentence."""

import json
import os
from pathlib import Path

import pytest

from harness.cli.transcript import latest, transcript
from harness.model.errors import ConfigurationError
from harness.model.report import Outcome
from tests.unit.gate.samples import a_cell, a_plan, a_report, a_result

CELL = "win11-24h2/fresh"


def a_run(place: Path, *, checked: bool = True) -> Path:
    folder = place / "cells" / "win11-24h2__fresh"
    folder.mkdir(parents=True)
    (place / "run.json").write_text("{}")
    lines = [{"t": 0, "command": f"command {n}", "exit_code": 0, "duration_s": 0} for n in range(3)]
    (folder / "transcript.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    if checked:
        cell = a_cell(CELL)
        results = (
            a_result("install.exit-code", transcript=(2, 3)),
            a_result("install.service", Outcome.BLOCKED),
        )
        report = a_report(a_plan(cell), cell, checks=results)
        (folder / "report.json").write_text(report.model_dump_json())
    return place


def test_a_check_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transcript(CELL, check="install.exit-code", run=a_run(tmp_path))
    said = capsys.readouterr().out
    assert "command 1" in said
    assert "command 0" not in said


def test_as_json_the_lines_are_as_they_were(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(tmp_path)
    transcript(CELL, run=run, json=True)
    assert capsys.readouterr().out == (run / "cells/win11-24h2__fresh/transcript.jsonl").read_text()


def test_the_latest_run_is_meant_by_default(tmp_path: Path) -> None:
    for number, name in enumerate(("b", "a")):
        a_run(tmp_path / name)
        os.utime(tmp_path / name / "run.json", (number, number))
    assert latest(tmp_path).name == "a"
    with pytest.raises(ConfigurationError, match="there is no run here"):
        latest(tmp_path / "none")


@pytest.mark.parametrize(
    ("cell", "check", "words"),
    [
        ("win95/fresh", None, "no cell 'win95/fresh' that began; it has: win11-24h2/fresh"),
        (CELL, "install.nothing", "has no check 'install.nothing'; these gave commands: install.exit-code"),
        (CELL, "install.service", "gave the guest no command"),
    ],
)
def test_a_mistake_names_what_there_is(cell: str, check: str | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=words):
        transcript(cell, check=check, run=a_run(tmp_path))


def test_a_cell_without_a_report_has_its_transcript_but_not_its_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = a_run(tmp_path, checked=False)
    transcript(CELL, run=run)
    assert "command 2" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="no report that says which check asked what"):
        transcript(CELL, check="install.exit-code", run=run)


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="this is no run directory"):
        transcript(CELL, run=tmp_path)
