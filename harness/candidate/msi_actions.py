"""What an MSI runs while it installs, beyond its tables. Pure.

Source: "Summary List of All Custom Action Types" in Microsoft's Windows Installer reference.
"""

from harness.candidate.msi_tables import Tables

TYPE_BITS = 0x3F
LIBRARIES = frozenset({1, 17})
SCRIPTS = frozenset({5, 6, 21, 22, 37, 38, 53, 54})
PROGRAMS = frozenset({2, 18, 34, 50})
NESTED = frozenset({7, 23, 39})
IN_SYSTEM = 0x400 | 0x800
"""msidbCustomActionTypeInScript and -NoImpersonate."""
CHAINERS = ("MsiEmbeddedChainer", "MsiEmbeddedUI")
"""Tables of programs that Windows Installer runs beside the installation."""


def code_actions(tables: Tables) -> tuple[str, ...]:
    """Custom actions of an installation without a user interface that run code, which may do anything."""
    return _actions(tables, LIBRARIES | SCRIPTS | PROGRAMS | NESTED)


def elevated_actions(tables: Tables) -> tuple[str, ...]:
    """Those that run code in the system's context: deferred, and not as the user.

    Source: "Custom Action In-Script Execution Options".
    """
    types = {row["Action"]: int(row["Type"] or 0) for row in tables.get("CustomAction", ())}
    return tuple(name for name in code_actions(tables) if types.get(name, 0) & IN_SYSTEM == IN_SYSTEM)


def property_readers(tables: Tables) -> tuple[str, ...]:
    """Those that can ask for a property by a name that no table holds. A program gets its command line alone."""
    return _actions(tables, LIBRARIES | SCRIPTS | NESTED)


def starts_something(tables: Tables) -> bool:
    """Whether a service of the MSI is started, so that its program runs; it may make more than the tables say."""
    return bool(started_services(tables))


def started_services(tables: Tables) -> frozenset[str]:
    """Names of the services that are started when the MSI is installed, in lower case."""
    rows = tables.get("ServiceControl", ())
    return frozenset(row["Name"].lower() for row in rows if int(row["Event"] or 0) & 1)


def _actions(tables: Tables, kinds: frozenset[int]) -> tuple[str, ...]:
    scheduled = {row["Action"] for row in tables.get("InstallExecuteSequence", ()) if _runs(row["Sequence"])}
    found = [
        row["Action"]
        for row in tables.get("CustomAction", ())
        if int(row["Type"] or 0) & TYPE_BITS in kinds and row["Action"] in scheduled
    ]
    return (*found, *(name for name in CHAINERS if tables.get(name)))


def _runs(sequence: str) -> bool:
    """A row without a number, or with 0, is not run; negative ones are run at the end of an installation."""
    return sequence.lstrip("-").isdecimal() and int(sequence) > 0
