"""What an MSI's Registry table writes, where a 64-bit program sees it. Pure.

Sources: "Registry table" in Microsoft's Windows Installer reference; "Registry Keys Affected by WOW64".
"""

from collections.abc import Mapping

from harness.candidate.msi_tables import Row, Tables
from harness.model.base import Frozen
from harness.model.candidate import Platform

ROOTS = {"-1": "HKLM", "0": "HKCR", "1": "HKCU", "2": "HKLM", "3": "HKU"}
"""-1 is HKLM for an installation for all users, which the harness asks for."""
IS_64_BIT = 256
"""msidbComponentAttributes64bit."""
OF_KEYS_ALONE = ("+", "-", "*")
"""Names of rows that make or remove a key and hold no value."""


class MsiValue(Frozen):
    """A row of the Registry table, where a 64-bit program sees it."""

    key: str
    name: str
    value: str


def values_of(tables: Tables) -> tuple[MsiValue, ...]:
    """What the Registry table writes on a 64-bit Windows, with the MSI's own properties filled in."""
    properties = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    components = {row["Component"]: row for row in tables.get("Component", ())}
    return tuple(values_in(tables, components, properties, Platform.X64))


def values_in(
    tables: Tables, components: Mapping[str, Row], properties: Mapping[str, str], platform: Platform
) -> list[MsiValue]:
    """The same with these components and properties, on Windows of this platform."""
    return [
        MsiValue(
            key=_key(
                ROOTS.get(row["Root"], "HKLM"),
                filled(row["Key"], properties) or row["Key"],
                narrow=_is_narrow(components, row["Component_"], platform),
            ),
            name="" if row["Name"] in OF_KEYS_ALONE and not row["Value"] else row["Name"],
            value=row["Value"],
        )
        for row in tables.get("Registry", ())
    ]


def _is_narrow(components: Mapping[str, Row], component: str, platform: Platform) -> bool:
    attributes = components[component]["Attributes"] if component in components else ""
    return platform is Platform.X86 or not int(attributes or 0) & IS_64_BIT


def _key(root: str, path: str, *, narrow: bool) -> str:
    """Where a 64-bit program sees what a 32-bit component writes. Source: "Registry Keys Affected by WOW64"."""
    first, _, rest = path.strip("\\").partition("\\")
    if (
        narrow
        and root == "HKLM"
        and first.lower() == "software"
        and not rest.lower().startswith("wow6432node")
    ):
        return f"{root}\\{first}\\WOW6432Node\\{rest}".rstrip("\\")
    return f"{root}\\{first}\\{rest}".rstrip("\\")


def filled(text: str, properties: Mapping[str, str]) -> str | None:
    """A formatted text with its properties filled in; None if it holds anything else in brackets."""
    for name in {part.partition("]")[0] for part in text.split("[")[1:]}:
        value = properties.get(name)
        if value is None or "[" in value:
            return None
        text = text.replace(f"[{name}]", value)
    return text
