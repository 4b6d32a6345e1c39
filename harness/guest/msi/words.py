"""What an installer's log comes to, in a sentence: which action, on which service or file, with which error. Pure."""

import re

from harness.guest.msi.log import BEHIND_TIME, ENGINE, TIME, failure

SERVICE = re.compile(r"^Service: (.+\S)\s*$")
"""Wine's own line about what StartServices and StopServices are at."""
PREFIX = re.compile(r"^MSI \(\w\)[^\]]*\]: (?:[^\r\n]{1,200}? -- )?")
RETURN_VALUE = re.compile(r"(\d+)\D{0,3}$")
ENDS = re.compile(r"^Action ended ", re.IGNORECASE)
AROUND_ALL = ("InstallFinalize", "INSTALL")
"""What ends with an action that failed: the script is run in the first, all else in the second."""
LONGEST = 300


def failed_action(log: str) -> str:
    """`Action StartServices failed: …`; empty where the log does not tell.

    Windows ends a failed action with 3. Wine ends it with 0, as it does what is around it up to the whole installation,
    which is how it is told from an action that had nothing to do.
    """
    found = failure(log)
    if found is not None:
        causes = list(dict.fromkeys(_plain(cause) for cause in found.causes))
        said = f": {' '.join(causes)}" if causes else "; the log says no more"
        return f"Action {found.action} failed{said[:LONGEST]}"
    return _on_wine(log.splitlines())


def failed_name(log: str) -> str:
    """The name of the action that `failed_action` words; empty where the log does not tell."""
    found = re.match(r"Action (\S+) failed", failed_action(log))
    return found[1] if found else ""


def unfinished_action(log: str) -> str:
    """The action that began and did not end, of an installer that was ended; empty where the log does not tell."""
    open_actions: list[str] = []
    for line in log.splitlines():
        name = _name(line)
        if not name:
            continue
        if ENDS.match(line):
            open_actions = [each for each in open_actions if each != name]
        elif name not in open_actions:
            open_actions.append(name)
    return open_actions[-1] if open_actions else ""


def _on_wine(lines: list[str]) -> str:
    ends = [(number, _name(line), _value(line)) for number, line in enumerate(lines) if ENDS.match(line)]
    around = [place for place, (_, name, value) in enumerate(ends) if name in AROUND_ALL and value == 0]
    if not around or around[0] == 0:
        return ""
    number, action, value = ends[around[0] - 1]
    if value != 0:
        return ""
    begin = next(
        (at for at in range(number, -1, -1) if _name(lines[at]) == action and not ENDS.match(lines[at])), 0
    )
    service = next((found[1] for line in lines[begin:number] if (found := SERVICE.match(line))), "")
    return f"Action {action} failed" + (f" at service {service}" if service else "; the log says no more")


def _name(line: str) -> str:
    """The action that a line is about: the name behind its time."""
    if ENGINE.match(line):
        return ""
    time = TIME.search(line)
    behind = BEHIND_TIME.match(line, time.end()) if time else None
    return behind[1].rstrip(".") if behind else ""


def _value(line: str) -> int | None:
    found = RETURN_VALUE.search(line)
    return int(found[1]) if found else None


def _plain(line: str) -> str:
    """A message without what the engine writes before it for developers."""
    return PREFIX.sub("", line).strip()
