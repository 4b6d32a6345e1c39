"""What becomes of files when this MSI takes the place of the release before it, where only Windows shows it.

Sources: "RemoveExistingProducts action", "File Versioning Rules", "Changing the Component Code", "Package codes".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.candidate.msi_folders import resolve_folders
from harness.candidate.msi_tables import Tables
from harness.candidate.payload import long_name
from harness.rules.rule import Broken, Group, Msi, bits, properties_of, rule, scheduled


@dataclass(frozen=True)
class _Placed:
    """A file as the tables have it."""

    path: str
    version: tuple[int, ...]
    component: str


@rule(
    Group.UPGRADE,
    "file-goes-back",
    "no file has a lower version than in the release that is replaced",
    "File Versioning Rules, RemoveExistingProducts action",
)
def file_goes_back(msi: Msi) -> Iterator[Broken]:
    if msi.previous is None or _removes_late(msi) or "a" in msi.properties.get("REINSTALLMODE", "").lower():
        return
    before = _placed(msi.previous)
    for key, file in _placed(msi.tables).items():
        was = before.get(key)
        if was is not None and file.version and file.version < was.version:
            yield Broken(
                f"File: {file.path}",
                f"it is {_shown(file.version)}, and was {_shown(was.version)}: Windows Installer keeps the newer"
                " one, and then removes it with the old product",
            )


@rule(
    Group.UPGRADE,
    "component-moved",
    "a file that both releases have belongs to the same component where the old one is removed last",
    "Changing the Component Code, RemoveExistingProducts action",
)
def component_moved(msi: Msi) -> Iterator[Broken]:
    if msi.previous is None or not _removes_late(msi):
        return
    before = _placed(msi.previous)
    for key, file in _placed(msi.tables).items():
        was = before.get(key)
        if was is not None and was.component != file.component:
            yield Broken(
                f"File: {file.path}",
                f"its component is {file.component}, and was {was.component}: the old product is removed after the new"
                " files are there, and takes this one with it",
            )


@rule(
    Group.UPGRADE,
    "same-package-code",
    "each package has a package code of its own",
    "Package Codes; Revision Number Summary property",
)
def same_package_code(msi: Msi) -> Iterator[Broken]:
    if msi.previous is None or not msi.package_code:
        return
    version, before = msi.properties.get("ProductVersion"), properties_of(msi.previous).get("ProductVersion")
    if msi.package_code == msi.previous_package_code and version != before:
        yield Broken(
            "Summary: Revision Number",
            f"it is {msi.package_code}, as in the previous release: Windows Installer takes one for the other",
        )


def _removes_late(msi: Msi) -> bool:
    """Whether the old product is removed when the new files are there already."""
    removal, files = scheduled(msi, "RemoveExistingProducts"), scheduled(msi, "InstallFiles")
    return removal is not None and files is not None and bits(removal, "Sequence") > bits(files, "Sequence")


def _placed(tables: Tables) -> Mapping[str, _Placed]:
    """The files whose path is known, by it in lower case."""
    folders = resolve_folders(tables, {})
    components = {row["Component"]: row for row in tables.get("Component", ())}
    found = {}
    for row in tables.get("File", ()):
        component = components.get(row["Component_"])
        folder = folders.get(component["Directory_"]) if component is not None else None
        if component is not None and folder:
            path = f"{folder}\\{long_name(row['FileName'])}"
            found[path.lower()] = _Placed(path, _version(row["Version"]), component["ComponentId"].lower())
    return found


def _version(text: str) -> tuple[int, ...]:
    """The fields of a version; none of what is no version, as the name of a companion file."""
    parts = text.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "without a version"
