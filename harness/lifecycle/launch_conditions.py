"""Why an MSI did not want to be installed: its launch conditions, in the words that its author gave them. Pure.

Source: "LaunchCondition table". Windows writes the words into the log; Wine says only which action failed.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from harness.candidate.msi_tables import Tables
from harness.guest.msi.result import MsiResult
from harness.rules.condition import NotACondition, decide
from harness.rules.system import AT_A_FIRST_INSTALL, ON_WINDOWS_10

ACTION = "LaunchConditions"
NAME = re.compile(r'"[^"]*"|[A-Za-z_][\w.]*')
LONGEST = 300


def with_conditions(result: MsiResult, tables: Tables, given: Mapping[str, str]) -> MsiResult:
    """The result with the conditions that did not hold, where that is why the installation failed.

    `given`: the properties of its command line; their values are not shown.
    """
    if result.failed_action != ACTION or ": " in result.log_words:
        return result
    own = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    known = ON_WINDOWS_10 | AT_A_FIRST_INSTALL | own | {name.upper(): text for name, text in given.items()}
    set_by = {row["Property"] for row in tables.get("AppSearch", ())}
    set_by |= {row["Source"] for row in tables.get("CustomAction", ())}
    said = "; ".join(
        f"{row['Description'].strip()} ({row['Condition']})"
        for row in tables.get("LaunchCondition", ())
        if _fails(row["Condition"], known, set_by)
    )
    return replace(result, log_words=f"Action {ACTION} failed: {said}"[:LONGEST]) if said else result


def _fails(condition: str, known: Mapping[str, str | None], set_by: set[str]) -> bool:
    """Whether it does not hold. A public property that nothing could have set is empty."""
    unset = {
        name: ""
        for name in NAME.findall(condition)
        if name == name.upper() and name not in set_by and not name.startswith('"')
    }
    try:
        return decide(condition, unset | dict(known)) is False
    except NotACondition:
        return True
