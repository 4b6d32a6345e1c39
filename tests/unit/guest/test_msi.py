"""Windows Installer, as it answers when it is busy."""

from typing import cast

import pytest

from harness.guest import msi
from harness.guest.console import Console
from harness.guest.files import Files
from harness.guest.msi import InstallerBusy, MsiExec, MsiResult
from harness.guest.msi_exit import msi_exit
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError


@pytest.fixture
def msiexec(monkeypatch: pytest.MonkeyPatch) -> MsiExec:
    monkeypatch.setattr(msi, "BUSY_PAUSE_S", 0.01)
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
