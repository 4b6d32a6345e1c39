"""What programs were asked for, as Wine says it: also one that is not there."""

from harness.machines.wine_prefix.process_trace import asked_for

SAID = rb"""  1.250:0028:002c:trace:process:GetEnvironmentVariableW (L"X" 00007FFFFE2FF370 85)
  1.500:0028:002c:trace:process:CreateProcessInternalW app (null) cmdline L"\"C:\\windows\\fltmc.exe\" load tiny"
  1.600:0028:002c:trace:process:CreateProcessInternalW app L"C:\\windows\\sc.exe" cmdline L"sc config A start= auto "
  1.700:0028:002c:trace:process:CreateProcessInternalW started process pid 0040 tid 0044
"""


def test_each_program_that_was_asked_for_is_told_whether_it_started_or_not() -> None:
    told = ['"C:\\windows\\fltmc.exe" load tiny', "sc config A start= auto "]
    assert list(asked_for(SAID)) == told
    assert list(asked_for(SAID.replace(b"\n", b"\r\n"))) == told
    assert list(asked_for(b"")) == []
