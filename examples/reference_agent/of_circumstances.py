"""Edits of the MSI's tables whose defects show only in circumstances: broken off, hindered, on a dirty machine."""

from collections.abc import Iterable

_ACTION = "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES "
_SEQUENCE = "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
_SHELL = r"[System64Folder]cmd.exe /d /s /c "
_REG = r"[System64Folder]reg.exe "
_SETTINGS = r"HKLM\Software\BVT\ReferenceAgent"
_USUAL = r"[ProgramFiles64Folder]BVT\ReferenceAgent"
_NEW, _GONE = "NOT Installed AND NOT WIX_UPGRADE_DETECTED", 'REMOVE="ALL"'
_MESSAGE = "INSERT INTO `CustomAction` (`Action`, `Type`, `Target`) VALUES "
NOW, IN_SCRIPT = 34, 34 + 1024 + 2048
"""Types of an action that runs a command: while the script is made, or from it as the system. +64: come what may."""


def fails_by_wish() -> Iterable[str]:
    """FAILBYWISH=1 makes an installation fail at its end, and an uninstall before it begins.

    As WIXFAILWHENDEFERRED does of WiX's. On Wine nothing that an uninstall did can be restored.
    """
    # Type 18, an installed program: it knows no such argument.
    yield _ACTION + "('FailAtEnd', 3090, 'AgentExecutable', '--fail')"
    yield _SEQUENCE + "('FailAtEnd', 'FAILBYWISH AND NOT REMOVE', 6590)"
    yield _MESSAGE + "('FailToLeave', 19, 'It was asked to fail.')"
    yield _SEQUENCE + f"('FailToLeave', 'FAILBYWISH AND {_GONE}', 1520)"


def purges_on_failure() -> Iterable[str]:
    """What the service wrote until the installation failed goes by a rollback action (type 18, +256, +64).

    While its program is still there: the action comes after the files, and is undone before them.
    """
    yield _ACTION + "('PurgeOnFailure', 3410, 'AgentExecutable', '--purge')"
    yield _SEQUENCE + f"('PurgeOnFailure', '{_NEW}', 4020)"


def edits(defects: frozenset[str], product_code: str) -> Iterable[str]:
    """The SQL for those of the defects that are made here."""
    if "refuses-over-own-files" in defects:
        there = f'{_SHELL}"if exist "{_USUAL}\\refagent.exe" exit 1"'
        yield from _run("RefuseOwnFiles", NOW, there, _NEW, 1290)
    if "needs-old-file" in defects:
        gone = f'{_SHELL}"if not exist "{_USUAL}\\README.txt" exit 1"'
        yield from _run("AskOldFile", NOW, gone, "WIX_UPGRADE_DETECTED", 1290)
    if "dawdles" in defects:
        yield from _run("Dawdle", NOW, f'{_SHELL}"ping -n 46 127.0.0.1 >nul"', "NOT Installed", 1290)
    if "leaves-when-failed" in defects:
        yield from _run("MarkSetup", NOW, rf"{_REG}add {_SETTINGS} /v Setup /d running /f", _NEW, 1290)
        yield from _run("EndSetup", IN_SCRIPT + 64, rf"{_REG}delete {_SETTINGS} /v Setup /f", _NEW, 6590)
    if "copies-by-hand" in defects:
        copy = f'{_SHELL}"echo by hand>"[INSTALLDIR]NOTICE.txt""'
        yield from _run("CopyNotice", IN_SCRIPT + 64, copy, "NOT Installed", 4010)
    if "locks-its-uninstall" in defects:
        lock = rf"{_SETTINGS} /v Leaving"
        refuse = f'{_SHELL}"reg query {lock} >nul 2>&1 && exit 1 || exit 0"'
        yield from _run("RefuseToLeave", NOW, refuse, _GONE, 1510)
        yield from _run("MarkLeaving", NOW, f"{_REG}add {lock} /d 1 /f", _GONE, 1511)
    if "refuses-beside-old" in defects:
        # Type 19: the installation ends with this message.
        yield _MESSAGE + "('RefuseOld', 19, 'Uninstall the older version first.')"
        yield _SEQUENCE + "('RefuseOld', 'WIX_UPGRADE_DETECTED', 405)"
    if "forgets-its-source" in defects:
        key = rf"HKLM\Software\Classes\Installer\Products\{_packed(product_code)}\SourceList"
        yield from _run("ForgetSource", IN_SCRIPT + 64, rf"{_REG}delete {key} /f", "NOT Installed", 6590)


def _run(name: str, kind: int, command: str, condition: str, at: int) -> Iterable[str]:
    quoted = command.replace("'", "''")
    yield _ACTION + f"('{name}', {kind}, 'TARGETDIR', '{quoted}')"
    yield _SEQUENCE + f"('{name}', '{condition}', {at})"


def _packed(guid: str) -> str:
    """As Windows Installer writes a GUID in names of keys."""
    one, two, three, *rest = guid.strip("{}").upper().split("-")
    pairs = "".join(rest)
    return (
        one[::-1]
        + two[::-1]
        + three[::-1]
        + "".join(pairs[at + 1] + pairs[at] for at in range(0, len(pairs), 2))
    )
