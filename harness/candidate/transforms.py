"""Transforms that lie beside an MSI and are named by a profile's property TRANSFORMS. Pure but for what it looks up.

Source: "TRANSFORMS property" and "Merges and Transforms" in Microsoft's Windows Installer reference.
"""

import ntpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.candidate.source import find_beside
from harness.model.errors import ConfigurationError
from harness.model.profile import AgentProfile

NAME = "TRANSFORMS"
EMBEDDED = ":"
"""In front of a transform that lies in the MSI itself."""
SECURE = "|@"
"""In front of a list whose transforms are kept out of users' reach."""


def transforms_beside(path: Path, profile: AgentProfile) -> dict[str, Path]:
    """The transforms that any installation of this profile is given and that lie beside the MSI: name → file.

    Raises `ConfigurationError` for one that is not there.
    """
    installer = profile.installer
    given = [installer.properties, *installer.scenario_properties.values(), profile.upgrade.properties]
    found = {}
    for name in dict.fromkeys(name for properties in given for name in _named(properties)):
        try:
            found[name] = find_beside(path, name)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"profile {profile.name!r} has it installed with the transform {name}, which is not beside it.",
                file=str(path),
                hint=f"Copy it into {path.parent}, or correct {NAME} in the profile.",
            ) from error
    return found


def with_places(properties: Mapping[str, str], folder: str) -> dict[str, str]:
    """The properties with transforms that are named alone looked for in `folder`, where the package lies."""
    return {
        name: _placed(value, folder) if name.upper() == NAME else value for name, value in properties.items()
    }


def _named(properties: Mapping[str, str]) -> Iterator[str]:
    for name, value in properties.items():
        if name.upper() == NAME:
            yield from (part for part in map(_bare, value.split(";")) if _is_beside(part))


def _placed(value: str, folder: str) -> str:
    mark = value[:1] if value[:1] in tuple(SECURE) else ""
    parts = [part.strip() for part in value[len(mark) :].split(";")]
    return mark + ";".join(ntpath.join(folder, part) if _is_beside(part) else part for part in parts)


def _bare(part: str) -> str:
    return part.strip().lstrip(SECURE)


def _is_beside(part: str) -> bool:
    """Whether this is a file's name: no transform in the MSI, no path with a drive, no template."""
    return bool(part) and not part.startswith((EMBEDDED, "\\", "/")) and not set(part) & set(":{")
