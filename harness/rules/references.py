"""What texts of the tables name by its key, and what is then not there.

Source: Microsoft's Windows Installer reference, "Formatted": `[#file]`, `[!file]` and `[$component]` become paths. Of a
key that the tables do not have nothing is left, so that a command or value leads nowhere.
"""

import re
from collections.abc import Iterator

from harness.rules.rule import Broken, Group, Msi, rule

NAMED = re.compile(r"\[([#!$])([^\[\]]+)\]")
FORMATTED = {
    "Registry": ("Registry", "Value"),
    "ServiceInstall": ("ServiceInstall", "Arguments"),
    "Shortcut": ("Shortcut", "Target"),
    "Environment": ("Environment", "Value"),
    "IniFile": ("IniFile", "Value"),
    "CustomAction": ("Action", "Target"),
}
"""Table → its key, and its column that is a formatted text."""
OF_TEXT = {37, 38, 53, 54}
"""Types of custom actions whose target is a script, where such brackets mean something else."""


@rule(
    Group.SYSTEM,
    "names-no-file",
    "each file and component that a text of the tables names by its key is in the tables",
    "Formatted; File table; Component table",
)
def names_no_file(msi: Msi) -> Iterator[Broken]:
    there = {
        "$": {row["Component"] for row in msi.rows("Component")},
        "#": {row["File"] for row in msi.rows("File")},
    }
    for table, (key, column) in FORMATTED.items():
        for row in msi.rows(table):
            if table == "CustomAction" and _basic_type(row.get("Type", "")) in OF_TEXT:
                continue
            for kind, name in NAMED.findall(row.get(column, "")):
                if name not in there["$" if kind == "$" else "#"]:
                    yield Broken(f"{table}: {row[key]}", f"{column} names [{kind}{name}], which is not there")


def _basic_type(text: str) -> int:
    return int(text) & 0x3F if text.isdecimal() else 0
