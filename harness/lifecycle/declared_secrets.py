"""What a profile says of its secrets: where they may lie, by which properties they come, what a log may repeat. Pure."""

import re
from collections.abc import Collection

from harness.candidate.msi_tables import Tables
from harness.model.profile import AgentProfile
from harness.model.profile.places import SecretPlace

PROPERTY = re.compile(r"(?:MSI \(.\) .*?)?Property\(.\): (?P<name>[\w.]+) = ")
REGISTRY_VALUE = re.compile(r"Key: .*, Name: (?P<name>[^,]*), Value: |RegAddValue\(Name=(?P<other>[^,]*),")
OTHER_VALUE = re.compile(
    r"File: .*,\s+Section: .*,\s+Key: (?P<key>[^,]*), Value: |Name: (?P<variable>[^,]*), Value: .*, Action "
)
"""How verbose logs of Windows Installer show properties, and values that they write: of the registry, and others."""
PREFIXES = "=+-!*"
"""Before a variable's name ("Environment table")."""


def spoken_of(
    line: str, profile: AgentProfile, hidden: Collection[str], holding: Collection[str] = ()
) -> bool:
    """Whether a line of an installer's log says no more than what is known: a value that goes where it may lie. Pure.

    `hidden`: properties whose values Wine's installer writes down although the package hides them; `holding`: what is
    written from one of these, as of `written_from`.
    """
    if (dumped := PROPERTY.match(line)) and dumped["name"] in hidden:
        return True
    names = [place.path.rpartition("\\")[2] for place in declared_places(profile) if place.kind == "registry"]
    names += holding
    written = REGISTRY_VALUE.search(line)
    if written is None:
        other = OTHER_VALUE.match(line)
        return other is not None and (other["key"] or other["variable"]).lower() in holding
    value = (
        written["other"] if written["name"] is None else written["name"]
    )  # a key's default has an empty name
    return value.lower() in {name.lower() for name in names}


def written_from(tables: Tables, hidden: Collection[str]) -> frozenset[str]:
    """Names, in lower case, of what a package writes from a hidden property. Pure.

    They are of registry values, keys of .ini files and variables.
    """
    names = (("Registry", "Name"), ("IniFile", "Key"), ("Environment", "Name"))
    return frozenset(
        row[column].lstrip(PREFIXES if table == "Environment" else "").lower()
        for table, column in names
        for row in tables.get(table, ())
        if any(f"[{name}]" in row["Value"] for name in hidden)
    )


def secret_properties(profile: AgentProfile) -> frozenset[str]:
    """The MSI properties by which the enrolment secret comes. Pure."""
    installer = profile.installer
    given = [*installer.properties.items()]
    given += [pair for each in installer.scenario_properties.values() for pair in each.items()]
    return frozenset(name for name, text in given if "{enrol_secret}" in text)


def declared_places(profile: AgentProfile) -> list[SecretPlace]:
    """Where a secret may lie by what the profile says. Pure."""
    own = "the profile itself has it put there"
    return [
        *profile.secrets,
        *(
            SecretPlace(kind="file", path=file.path, reason=own)
            for file in profile.guest_files
            if "{enrol_secret}" in file.content
        ),
        *(
            SecretPlace(kind="registry", path=f"{each.key}\\{each.name}", reason=own)
            for each in profile.registry
            if "{enrol_secret}" in (each.equals or "")
        ),
    ]
