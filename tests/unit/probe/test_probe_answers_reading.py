"""Reading what the probe printed: outside data, so anything may come."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.errors import InfrastructureError, ToolMissing
from harness.probe import build
from harness.probe.answers.processes import Process
from harness.probe.answers.system import Boot
from harness.probe.answers.tasks import Task
from harness.probe.reading import ProbeFailed, read_answer, read_batch
from harness.state import StateDirectory


@given(st.one_of(st.binary(), st.text()))
def test_whatever_is_printed_is_an_answer_or_a_probe_failure(document: bytes | str) -> None:
    with suppress(ProbeFailed):
        assert isinstance(read_answer("boot", Boot, document), Boot)


def test_an_error_of_the_probe_keeps_its_windows_code() -> None:
    with pytest.raises(ProbeFailed, match=r"NetUserEnum \(Windows error 124\)") as raised:
        read_answer("users", list[Process], '{"error": {"what": "NetUserEnum", "code": 124}}')
    assert raised.value.code == 124


def test_keys_of_a_newer_probe_are_ignored() -> None:
    document = '[{"name": "\\\\t", "file": null, "modified": null, "identifier": "{1}", "new": 1}]'
    assert read_answer("tasks", list[Task], document)[0].identifier == "{1}"


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ProbeFailed, match="identity"):
        read_answer("boot", Boot, '{"booted": "2026-01-01T00:00:00Z"}')


def test_a_batch_that_is_no_object_is_a_failure() -> None:
    with pytest.raises(ProbeFailed):
        read_batch("[]")


def test_a_missing_compiler_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ToolMissing, match="gcc-mingw-w64-x86-64"):
        build.probe_exe(StateDirectory(tmp_path))


@pytest.mark.skipif(shutil.which(build.COMPILER) is None, reason="mingw-w64 is not installed")
def test_sources_that_do_not_compile_leave_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "broken.c").write_text("int wmain(void) { return")
    monkeypatch.setattr(build, "SOURCES", sources)
    with pytest.raises(InfrastructureError, match=r"broken\.c"):
        build.probe_exe(StateDirectory(tmp_path))
    assert not list(tmp_path.rglob("*.exe"))
