"""Every table of an MSI that says what it installs, as rows of text."""

from collections.abc import Mapping
from pathlib import Path

from harness.candidate.msi import table, table_names

Row = Mapping[str, str]
Tables = Mapping[str, tuple[Row, ...]]
"""Rows by table and column. A table that the MSI does not have is not there."""

SAYS_NOTHING = frozenset(
    {
        "_ForceCodepage",
        "_SummaryInformation",
        "_Validation",
        "ActionText",
        "BBControl",
        "Billboard",
        "Error",
        "Icon",
        "MsiFileHash",
        "MsiPatchHeaders",
        "TextStyle",
        "UIText",
    }
)
"""Tables without a word about what is installed or which properties are read; large ones among them."""


def read_tables(path: Path, only: frozenset[str] | None = None) -> Tables:
    """All tables of the MSI but `SAYS_NOTHING`, or those of `only` that it has.

    Raises `ConfigurationError` if one cannot be read.
    """
    names = [
        name for name in table_names(path) if name not in SAYS_NOTHING and (only is None or name in only)
    ]
    return {name: table(path, name) for name in names}
