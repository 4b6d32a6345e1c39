"""Commands that an installation runs, where only their words tell what they do: Wine's own tools do nothing of it.

Sources: the reference pages of the commands ("icacls", "netsh advfirewall", "sc.exe config", …); "Custom Action Types 7,
23 and 39"; "Custom Action Return Processing Options".
"""

import re
from collections.abc import Iterator

from harness.candidate.msi_actions import NESTED, PROGRAMS, SCRIPTS, TYPE_BITS
from harness.candidate.msi_tables import Row
from harness.rules.rule import Broken, Group, Msi, bits, rule, scheduled
from harness.rules.weakening import weakened_by

SETS = (35, 51)
ELEVATED = 0x400 | 0x800
SHOWN = 120
"""Characters of a command that a finding shows."""
CONTINUES, ASYNCHRONOUS = 0x40, 0x80
# `curl` as a program, not as a word that an option of another has.
FETCHES = re.compile(
    r"(?:\b(?:invoke-webrequest|iwr|start-bitstransfer|invoke-restmethod|downloadfile|downloadstring)"
    r"|(?:^|[\]\\/&|;(\"']|/\w\s|(?<!-)-\w+\s|\b(?:start|powershell(?:\.exe)?|pwsh)\s)\s*(?:curl|wget)(?:\.exe)?\"?"
    r"|\bbitsadmin(?:\.exe)?|\bcertutil(?:\.exe)?\"?\s.*-urlcache)(?!\w).*?(?:https?|ftp)://",
    re.IGNORECASE,
)
INSTALLS = re.compile(
    r"\bmsiexec(?:\.exe)?\b.*?\s[/-](?:i|x|f\w*|package|uninstall|update|p)\b", re.IGNORECASE
)


@rule(
    Group.ACTIONS,
    "weakens-the-machine",
    "no command of the installation opens or weakens what is everybody's",
    "icacls, netsh advfirewall, Set-MpPreference, sc.exe, net user, bcdedit, wevtutil, certutil",
)
def weakens_the_machine(msi: Msi) -> Iterator[Broken]:
    for name, text in _commands(msi):
        if what := weakened_by(text):
            yield Broken(f"CustomAction: {name}", f"{what}: {text[:SHOWN]}")


@rule(
    Group.ACTIONS,
    "fetches-a-program",
    "the installation brings what it runs, and fetches nothing",
    "Invoke-WebRequest, bitsadmin, certutil",
)
def fetches_a_program(msi: Msi) -> Iterator[Broken]:
    for name, text in _commands(msi):
        if FETCHES.search(text):
            yield Broken(f"CustomAction: {name}", f"it runs {text[:SHOWN]}")


@rule(
    Group.ACTIONS,
    "nested-installation",
    "no installation is started from within this one: Windows Installer runs one at a time, and ends it with 1618",
    "Custom Action Types 7, 23 and 39; _MSIExecute mutex",
)
def nested_installation(msi: Msi) -> Iterator[Broken]:
    for row in _run(msi):
        if bits(row, "Type") & TYPE_BITS in NESTED:
            yield Broken(f"CustomAction: {row['Action']}", f"it installs {row['Source']}")
    for name, text in _commands(msi):
        if INSTALLS.search(text):
            yield Broken(f"CustomAction: {name}", f"it runs {text[:SHOWN]}")


@rule(
    Group.ACTIONS,
    "not-awaited",
    "what runs with the system's rights ends before the installation does",
    "Custom Action Return Processing Options",
)
def not_awaited(msi: Msi) -> Iterator[Broken]:
    for row in _run(msi):
        kind = bits(row, "Type")
        alone = kind & (CONTINUES | ASYNCHRONOUS) == CONTINUES | ASYNCHRONOUS
        if alone and kind & ELEVATED == ELEVATED and kind & TYPE_BITS in PROGRAMS:
            yield Broken(f"CustomAction: {row['Action']}", "nobody waits for it, and nobody sees how it ends")


def _run(msi: Msi) -> Iterator[Row]:
    return (row for row in msi.rows("CustomAction") if scheduled(msi, row["Action"]) is not None)


def _commands(msi: Msi) -> Iterator[tuple[str, str]]:
    """Action and text of each command that really runs; one that is handed on by a property has what sets it."""
    given = {row["Source"]: row["Target"] for row in _run(msi) if bits(row, "Type") & TYPE_BITS in SETS}
    for row in _run(msi):
        kind, name = bits(row, "Type") & TYPE_BITS, row["Action"]
        if kind in SETS:
            continue
        texts = [row["Target"] if kind in PROGRAMS | SCRIPTS else "", given.get(name, "")]
        if kind in PROGRAMS:
            texts.append(given.get(row["Source"], ""))
        if text := " ".join(filter(None, texts)):
            yield name, " ".join(text.split())
