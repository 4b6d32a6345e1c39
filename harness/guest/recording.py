"""What a Windows guest says of itself, recorded so that it can become test data: commands, exit codes, output.

What names somebody (computer, accounts, their identifiers) is taken out. Which questions and what for:
docs/first-day.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.guest.guest import Guest
from harness.guest.system_tools import REG, SC, SYSTEM32, WEVTUTIL
from harness.guest.winrm.exchange import CommandTimedOut

TIMEOUT_S = 120.0
SESSION_MANAGER = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
QUESTIONS: dict[str, Sequence[str]] = {
    "versions": (REG, "query", "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"),
    "services": (SC, "queryex"),
    "service configuration": (SC, "qc", "EventLog"),
    "service access": (SC, "sdshow", "EventLog"),
    "absent service": (SC, "query", "BvtNoSuchService"),
    "pending renames": (REG, "query", SESSION_MANAGER, "/v", "PendingFileRenameOperations"),
    "system events": (WEVTUTIL, "qe", "System", "/c:50", "/f:xml", "/rd:true"),
    "application events": (WEVTUTIL, "qe", "Application", "/c:50", "/f:xml", "/rd:true"),
    "drivers": (f"{SYSTEM32}\\pnputil.exe", "-e"),
    "access lists": (f"{SYSTEM32}\\icacls.exe", "C:\\ProgramData"),
    "winrm": (f"{SYSTEM32}\\cmd.exe", "/c", "winrm", "get", "winrm/config"),
    "boot configuration": (f"{SYSTEM32}\\bcdedit.exe", "/enum"),
}
"""By what they are about. Each only reads."""

_ACCOUNT_SID = re.compile(r"S-1-5-21(-\d+){3}")


@dataclass(frozen=True)
class Recorded:
    """One answer. `exit_code` is None where the command did not end in time."""

    command: str
    exit_code: int | None
    stdout: str
    stderr: str = ""


def record(guest: Guest, hidden: Sequence[str]) -> dict[str, Recorded]:
    """Ask everything; `hidden`: words that are not to stand in it, besides the guest's own names.

    Raises what `Guest.run` raises, but for a command that does not end.
    """
    names = guest.run([f"{SYSTEM32}\\hostname.exe"], repeatable=True).stdout.split()
    words = [*names, *hidden]
    return {about: _ask(guest, argv, words) for about, argv in QUESTIONS.items()}


def without_names(text: str, words: Sequence[str]) -> str:
    """The text with `NAME` for each of the words, in any case, and a made-up domain in identifiers of accounts."""
    for word in sorted({word for word in words if word}, key=len, reverse=True):
        text = re.sub(re.escape(word), "NAME", text, flags=re.IGNORECASE)
    return _ACCOUNT_SID.sub("S-1-5-21-1-2-3", text)


def _ask(guest: Guest, argv: Sequence[str], words: Sequence[str]) -> Recorded:
    command = " ".join(argv)
    try:
        said = guest.run(argv, timeout_s=TIMEOUT_S, repeatable=True)
    except CommandTimedOut as late:
        return Recorded(command, None, without_names(late.stdout.decode(errors="replace"), words))
    return Recorded(
        command, said.exit_code, without_names(said.stdout, words), without_names(said.stderr, words)
    )
