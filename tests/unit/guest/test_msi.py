"""Windows Installer, as it answers when it is busy."""

from collections.abc import Callable
from typing import cast

import pytest

from harness.guest.console import Console
from harness.guest.files import Files
from harness.guest.msi import installer
from harness.guest.msi.exit_codes import msi_exit
from harness.guest.msi.installer import MsiExec
from harness.guest.msi.result import InstallerBusy, InstallerNotStarted, MsiResult, hanging
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, GuestFault, InfrastructureError
from harness.probe.answers.processes import Child, Finished


@pytest.fixture
def msiexec(monkeypatch: pytest.MonkeyPatch) -> MsiExec:
    monkeypatch.setattr(installer, "BUSY_PAUSE_S", 0.01)
    return MsiExec(cast("Console", None), cast("Files", None))


def answers(monkeypatch: pytest.MonkeyPatch, *codes: int) -> None:
    left = list(codes)

    def run(_: MsiExec, line: str, log: str, *__: object, **___: object) -> MsiResult:
        code = left.pop(0) if len(left) > 1 else left[0]
        return MsiResult(line, code, msi_exit(code), log, "", 0.1)

    monkeypatch.setattr(MsiExec, "_run", run)


def test_an_installer_that_never_got_its_turn_says_nothing_about_the_candidate(
    msiexec: MsiExec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, 1618)
    with pytest.raises(InstallerBusy, match=r"could not begin within 0\.1 s: .*1618") as raised:
        msiexec.install("D:\\agent.msi", {}, Deadline.after(0.1))
    assert isinstance(raised.value, InfrastructureError)
    assert not isinstance(raised.value, DeadlineExceeded)  # which is the candidate's once it was started


def test_another_installation_that_ends_in_time_is_waited_for(
    msiexec: MsiExec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, 1618, 1618, 0)
    assert msiexec.install("D:\\agent.msi", {}, Deadline.after(30)).succeeded


def test_a_failed_installation_is_a_result(msiexec: MsiExec, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, 1603)
    assert msiexec.uninstall("{1}", Deadline.after(30)).exit_code == 1603


def test_what_did_not_end_is_the_installer_or_what_it_had_started() -> None:
    assert hanging(Finished(exit_code=1460, timed_out=True)).startswith("it did not end")
    ended = Child(pid=1, path="C:\\a.exe", exit_code=0, ended=True)
    left = Child(pid=2, path="C:\\Temp\\Au_.exe", exit_code=1460, ended=False)
    found = hanging(Finished(exit_code=0, timed_out=True, children=(ended, left)))
    assert found == "it ended with 0, but Au_.exe, which it had started, did not end, and was ended"


@pytest.mark.parametrize("code", [193, 216])
def test_a_file_that_windows_does_not_run_is_the_candidates(
    monkeypatch: pytest.MonkeyPatch, msiexec: MsiExec, code: int
) -> None:
    monkeypatch.setattr(MsiExec, "_run", refusing(code))
    with pytest.raises(InstallerNotStarted, match=rf"setup\.exe could not be started: .*error {code}"):
        msiexec.run_installer(["D:\\setup.exe"], Deadline.after(1))


def test_one_that_is_not_there_is_for_the_caller_to_judge(
    monkeypatch: pytest.MonkeyPatch, msiexec: MsiExec
) -> None:
    monkeypatch.setattr(MsiExec, "_run", refusing(2))
    with pytest.raises(GuestFault):
        msiexec.run_installer(["D:\\setup.exe"], Deadline.after(1))


def refusing(code: int) -> Callable[..., MsiResult]:
    def refused(*_: object, **__: object) -> MsiResult:
        raise GuestFault("no", code=code)

    return refused
