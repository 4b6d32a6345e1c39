import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gate.artifact import build_gate, publish, read_cells, read_gate
from harness.gate.schema import SCHEMA_FILE, schema_text
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate, Verdict
from harness.model.report import CellReport, Evidence
from tests.unit.gate.samples import RUN, a_cell, a_plan, a_report

CELL = a_cell()
PLAN = a_plan(CELL)


def sealed(run: Path, *, name: str = "install.log", report: CellReport | None = None) -> Path:
    """A run directory with one good cell and one piece of evidence; returns the cell's folder."""
    folder = run / "cells" / "win11-24h2__fresh"
    folder.mkdir(parents=True)
    content = b"verbose log\n"
    (folder / "install.log").write_bytes(content)
    piece = Evidence(path=name, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    sealed_report = report or a_report(PLAN, CELL, evidence=(piece,))
    (folder / "report.json").write_text(sealed_report.model_dump_json())
    return folder


def gate_of(run: Path) -> Gate:
    return build_gate(run, PLAN, RUN, duration_s=1.5)


def test_a_good_run_directory_passes_and_records_the_report_digest(tmp_path: Path) -> None:
    folder = sealed(tmp_path)
    gate = gate_of(tmp_path)
    assert gate.verdict is Verdict.PASS
    assert gate.cells[0].report_sha256 == hashlib.sha256((folder / "report.json").read_bytes()).hexdigest()
    assert gate.plan_digest == PLAN.digest


def test_the_gate_is_published_whole_and_read_back(tmp_path: Path) -> None:
    sealed(tmp_path)
    gate = gate_of(tmp_path)
    path = publish(tmp_path, gate)
    assert read_gate(tmp_path) == read_gate(path) == gate
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_the_published_schema_is_current() -> None:
    assert SCHEMA_FILE.read_text() == schema_text(), "run: python -m harness.gate.schema"


def test_what_is_published_obeys_the_schema(tmp_path: Path) -> None:
    sealed(tmp_path)
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(publish(tmp_path, gate_of(tmp_path)).read_text())
    validator.validate(document)
    for broken in (document | {"verdict": "MAYBE"}, document | {"extra": 1}, {"run_id": "x"}):
        assert not validator.is_valid(broken)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"verbose LOG\n", "was changed after the report was sealed"),
        (b"verbose log\nmore", "was changed after the report was sealed"),
        (None, "is missing"),
    ],
)
def test_evidence_that_is_not_what_was_sealed_makes_the_gate_invalid(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    log = sealed(tmp_path) / "install.log"
    if content is None:
        log.unlink()
    else:
        log.write_bytes(content)
    gate = gate_of(tmp_path)
    assert gate.verdict is Verdict.INVALID
    assert words in gate.reasons[0].text


@pytest.mark.parametrize("name", ["/etc/passwd", "../../outside", "a/../../../b", "..\\x", "x\0y"])
def test_evidence_outside_the_cell_is_refused(tmp_path: Path, name: str) -> None:
    sealed(tmp_path, name=name)
    gate = gate_of(tmp_path)
    assert gate.verdict is Verdict.INVALID
    assert "outside its folder" in gate.reasons[0].text


def test_evidence_that_is_a_link_out_of_the_cell_is_refused(tmp_path: Path) -> None:
    folder = sealed(tmp_path)
    outside = tmp_path / "outside.log"
    (folder / "install.log").rename(outside)
    (folder / "install.log").symlink_to(outside)
    assert "leads outside" in gate_of(tmp_path).reasons[0].text


def test_a_report_in_the_wrong_folder_is_refused(tmp_path: Path) -> None:
    sealed(tmp_path).rename(tmp_path / "cells" / "win10-22h2__fresh")
    gate = gate_of(tmp_path)
    assert gate.verdict is Verdict.INVALID
    assert "holds the report of 'win11-24h2/fresh'" in gate.reasons[0].text


def test_a_begun_cell_without_a_report_is_the_labs(tmp_path: Path) -> None:
    (sealed(tmp_path) / "report.json").unlink()
    assert gate_of(tmp_path).verdict is Verdict.INFRA


def test_an_empty_run_directory_is_incomplete(tmp_path: Path) -> None:
    assert gate_of(tmp_path).verdict is Verdict.INCOMPLETE


def test_a_report_that_is_a_directory_is_damaged(tmp_path: Path) -> None:
    folder = sealed(tmp_path)
    (folder / "report.json").unlink()
    (folder / "report.json").mkdir()
    assert "cannot be read" in read_cells(tmp_path).damaged[CELL.id]


@given(st.binary(max_size=300))
def test_a_report_of_any_bytes_is_damaged_and_never_more(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    run = tmp_path_factory.mktemp("fuzz")
    (sealed(run) / "report.json").write_bytes(raw)
    assert gate_of(run).verdict is Verdict.INVALID


@given(st.data())
def test_any_change_of_the_reports_bytes_changes_the_recorded_digest(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    run = tmp_path_factory.mktemp("flip")
    report = sealed(run) / "report.json"
    before = gate_of(run).cells[0].report_sha256
    raw = bytearray(report.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    report.write_bytes(raw)
    assert gate_of(run).cells[0].report_sha256 != before


def test_what_is_no_gate_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"verdict": "PASS"}')
    for path, words in (
        (tmp_path, "no such file"),
        (tmp_path / "other.json", "this is no gate"),
        (tmp_path / "none.json", "no such file"),
    ):
        with pytest.raises(ConfigurationError, match=words) as caught:
            read_gate(path)
        assert "\n" not in str(caught.value)
