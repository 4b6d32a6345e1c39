"""Which programs were started, as Wine says it."""

from pathlib import Path

import pytest

from harness.machines.wine.programs import read_started

SAID = rb"""booting
  1.250:0028:002c:trace:process:GetEnvironmentVariableW (L"X" 00007FFFFE2FF370 85)
  1.500:0028:002c:trace:process:CreateProcessInternalW app (null) cmdline L"\"C:\\A b\\x.exe\" --name \xdcber"
  1.501:0028:0030:trace:process:CreateProcessInternalW app L"C:\\y.exe" cmdline (null)
  1.510:0028:002c:trace:process:NtCreateUserProcess L"\\??\\C:\\A b\\x.exe" pid 0040 tid 0044 handles 0x14/0x18
  1.520:0028:002c:trace:process:CreateProcessInternalW started process pid 0040 tid 0044
  1.530:0028:0030:trace:process:CreateProcessInternalW started process pid 0048 tid 004c
  1.600:0040:0044:trace:process:CreateProcessInternalW app (null) cmdline L"never.exe"
"""


def test_each_start_is_told_with_its_parent_and_its_whole_command_line(tmp_path: Path) -> None:
    (tmp_path / "programs").write_bytes(SAID.replace(b"\\xdcber", b"\\x00dcber"))
    first, second = read_started(tmp_path / "programs")
    assert (first.pid, first.parent, first.at_s) == (0x40, 0x28, 1.5)
    assert first.command_line == '"C:\\A b\\x.exe" --name \u00dcber'
    assert (second.pid, second.command_line) == (0x48, "C:\\y.exe")


@pytest.mark.parametrize("said", [b"", b"\xff" * 100, b"  1.0:z:trace:process:CreateProcessInternalW app"])
def test_what_is_none_of_it_is_passed_over(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "programs").write_bytes(said)
    assert read_started(tmp_path / "programs") == ()
    assert read_started(tmp_path / "absent") == ()
