"""`bvt image record` asks a kept machine and writes one file."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from harness.cli import image_record
from harness.cli.main import application
from harness.guest.recording import Recorded

KEPT: Any = SimpleNamespace(
    machine_id="bvt-1", cell_id="win11-24h2/fresh", access=SimpleNamespace(username="bvt")
)


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BVT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(image_record, "load", lambda *_: KEPT)
    monkeypatch.setattr(image_record, "Guest", lambda *_, **__: SimpleNamespace(close=lambda: None))
    answers = {"versions": Recorded("reg", 0, "ä\nb"), "drivers": Recorded("pnputil", None, "")}
    monkeypatch.setattr(image_record, "record", lambda _guest, hidden: answers if hidden else {})


def test_the_answers_are_in_the_file_and_the_late_ones_are_said(tmp_path: Path) -> None:
    to = tmp_path / "said.yaml"
    done = CliRunner().invoke(application([]), ["image", "record", "win11-24h2/fresh", "--to", str(to)])
    assert done.exit_code == 0, done.output
    assert "2 answers; not in time: drivers" in done.output
    said = yaml.safe_load(to.read_text(encoding="utf-8"))
    assert said["versions"] == {"command": "reg", "exit_code": 0, "stdout": "ä\nb", "stderr": ""}


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    to = tmp_path / "said.yaml"
    to.write_text("mine")
    done = CliRunner().invoke(application([]), ["image", "record", "x", "--to", str(to)])
    assert done.exit_code == 2
    assert to.read_text() == "mine"


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        application([]), ["image", "record", "x", "--to", str(tmp_path / "no" / "said.yaml")]
    )
    assert done.exit_code == 2
