r"""What an installer that was broken off leaves of its own: copies of the package, temporary files. Pure.

No product can take these away: it does not know of them. The next installation does, or a clean-up of the disk.
"""

import re

from harness.residue.change import Change, Kind, Where

WORKING_FILES = re.compile(
    r"^c:\\(?:windows\\installer\\[^\\]+\.(?:msi|ipi|tmp)|config\.msi(?:\\[^\\]+\.(?:rbs|rbf))?"
    r"|(?:windows|users\\[^\\]+(?:\\appdata\\local)?)\\temp\\(?:sto|msi)[0-9a-f]*\.tmp)$"
)
WHY = "the installer's own working file: it was broken off, and had no time to take it away"


def why(change: Change) -> str:
    """Why the change is the installer's, empty if it is not."""
    added = change.kind is Kind.ADDED and change.where is Where.FILE
    return WHY if added and WORKING_FILES.match(change.name) else ""
