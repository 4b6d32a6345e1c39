r"""What the system was told to load, to run or to read from, and is not there: registry values, by their place. Pure.

A source of the event log without its file of messages makes each entry unreadable, a class without its library fails
whoever asks for it, and an entry of Run fails at each log-on. Looked at is what is to lie in the agent's own folder,
where its installer alone decides what is there.
"""

import ntpath
import re
from collections.abc import Iterable

from harness.model.profile import AgentProfile
from harness.model.profile.text import is_below
from harness.residue.change import Change, Kind, Where

_WINDOWS = r"software\\(?:wow6432node\\)?microsoft\\windows\\currentversion\\"
READ_BY_THE_SYSTEM = re.compile(
    r"hk(?:lm|cu)\\(?:"
    r"system\\currentcontrolset\\services\\eventlog\\[^\\]+\\[^\\]+\\(?:event|category|parameter)messagefile"
    r"|system\\currentcontrolset\\services\\[^\\]+\\(?:performance\\library|parameters\\servicedll)"
    r"|software\\classes\\(?:wow6432node\\)?clsid\\[^\\]+\\(?:inprocserver32|localserver32)\\\(default\)"
    rf"|{_WINDOWS}(?:run\\[^\\]+|app paths\\[^\\]+\\\(default\))"
    r")$"
)
PROGRAM = re.compile(r"[a-z]:\\[^\"<>|*?;,\r\n]*?\.(?:exe|dll|sys|ocx|mui)(?![.\w])", re.IGNORECASE)


def dangling(changes: Iterable[Change], profile: AgentProfile) -> list[str]:
    """Each value that names a program or library in the agent's folder that is not there, and what it names.

    `changes`: all that is different since before the installation, so that every file of that folder is among them.
    """
    everything = list(changes)
    there = {each.name for each in everything if each.where is Where.FILE and each.kind is not Kind.REMOVED}
    found = set()
    for change in everything:
        if change.value is None or change.kind is Kind.REMOVED or not READ_BY_THE_SYSTEM.match(change.name):
            continue
        for program in PROGRAM.findall(change.now):
            path = ntpath.normpath(program).lower()
            if is_below(path, profile.install_dir) and path not in there:
                found.add(f"{path}, named by {change.name}")
    return sorted(found)
