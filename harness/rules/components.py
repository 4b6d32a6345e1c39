"""What Windows Installer can count, repair and take away again.

Sources: "Component table", "Organizing Applications into Components", "Changing the Component Code".
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from harness.candidate.payload import long_name
from harness.model.candidate import Platform
from harness.rules.rule import Broken, Group, Msi, Severity, bits, rule

PERMANENT = 0x10
IS_64_BIT = 0x100
OF_64_BITS = ("ProgramFiles64Folder", "CommonFiles64Folder", "System64Folder")
OF_REGISTRY, OF_SOURCE = 0x4, 0x20
"""msidbComponentAttributesRegistryKeyPath and -ODBCDataSource: what kind of row the key path names."""


@rule(
    Group.COMPONENTS,
    "without-guid",
    "every component has a GUID: without one Windows Installer does not register it, and never removes it",
    "Component table: ComponentId",
)
def without_guid(msi: Msi) -> Iterator[Broken]:
    used = {row["Component_"] for table in ("File", "Registry", "ServiceInstall") for row in msi.rows(table)}
    for row in msi.rows("Component"):
        if not row["ComponentId"] and row["Component"] in used:
            yield Broken(f"Component: {row['Component']}", "it installs something and has none")


@rule(
    Group.COMPONENTS,
    "guid-twice",
    "no two components have the same GUID",
    "Organizing Applications into Components",
)
def guid_twice(msi: Msi) -> Iterator[Broken]:
    by_guid = defaultdict(list)
    for row in msi.rows("Component"):
        if row["ComponentId"]:
            by_guid[row["ComponentId"].lower()].append(row)
    for rows in by_guid.values():
        # Two that exclude each other by their conditions may share one, as those for two platforms do.
        if len(rows) > 1 and not all(row["Condition"] for row in rows):
            names = ", ".join(sorted(row["Component"] for row in rows))
            yield Broken(f"Component: {rows[0]['Component']}", f"{names} share {rows[0]['ComponentId']}")


@rule(
    Group.COMPONENTS,
    "permanent",
    "what is installed goes with the product",
    "Component table: msidbComponentAttributesPermanent",
)
def permanent(msi: Msi) -> Iterator[Broken]:
    for row in msi.rows("Component"):
        if bits(row, "Attributes") & PERMANENT:
            yield Broken(f"Component: {row['Component']}", "it is marked to stay for ever")


@rule(
    Group.COMPONENTS,
    "foreign-key-path",
    "a component's key path is a file or value of its own",
    "Component table: KeyPath",
)
def foreign_key_path(msi: Msi) -> Iterator[Broken]:
    for component, key, owner in _key_paths(msi):
        if owner is not None and owner != component:
            yield Broken(f"Component: {component}", f"{key} belongs to {owner}")


@rule(
    Group.COMPONENTS,
    "missing-key-path",
    "a component's key path is a row of the File or Registry table",
    "Component table: KeyPath",
    Severity.WARNING,
)
def missing_key_path(msi: Msi) -> Iterator[Broken]:
    for component, key, owner in _key_paths(msi):
        if owner is None:
            yield Broken(f"Component: {component}", f"there is no {key}")


@rule(
    Group.COMPONENTS,
    "bitness",
    "a component in a folder of 64-bit programs is a 64-bit one: another one's values go below WOW6432Node",
    "Component table: msidbComponentAttributes64bit; ICE80",
    Severity.WARNING,
)
def bitness(msi: Msi) -> Iterator[Broken]:
    if msi.contents.platform is Platform.X86:
        return
    above = {row["Directory"]: row["Directory_Parent"] for row in msi.rows("Directory")}
    files = {row["Component_"] for row in msi.rows("File")}
    for row in msi.rows("Component"):
        folder = next((each for each in _upwards(row["Directory_"], above) if each in OF_64_BITS), None)
        if folder and row["Component"] in files and not bits(row, "Attributes") & IS_64_BIT:
            yield Broken(f"Component: {row['Component']}", f"it is a 32-bit one in {folder}")


@rule(
    Group.COMPONENTS,
    "file-twice",
    "no two components install one file: what removes the one takes it from the other",
    "Organizing Applications into Components; ICE30",
)
def file_twice(msi: Msi) -> Iterator[Broken]:
    components = {row["Component"]: row for row in msi.rows("Component")}
    by_place: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in msi.rows("File"):
        home = components.get(row["Component_"])
        if home is not None and not home["Condition"] and _is_installed_by_default(msi, home["Component"]):
            by_place[(home["Directory_"], long_name(row["FileName"]).lower())].add(row["Component_"])
    for (folder, name), names in by_place.items():
        if len(names) > 1:
            yield Broken(f"File: {name}", f"{', '.join(sorted(names))} install it into {folder}")


def _is_installed_by_default(msi: Msi, component: str) -> bool:
    """Whether a feature brings it that nobody has to ask for, and that no condition turns off."""
    features = {row["Feature"]: row for row in msi.rows("Feature")}
    conditional = {row["Feature_"] for row in msi.rows("Condition")}
    given = msi.properties.get("INSTALLLEVEL", "")
    level = int(given) if given.isdecimal() else 1
    homes = [row["Feature_"] for row in msi.rows("FeatureComponents") if row["Component_"] == component]
    above = {name: row["Feature_Parent"] for name, row in features.items()}
    return not homes or any(
        all(
            name not in conditional and name in features and 0 < bits(features[name], "Level") <= level
            for name in _upwards(home, above)
        )
        for home in homes
    )


def _upwards(folder: str, above: Mapping[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    while folder and folder not in seen:
        yield folder
        seen.add(folder)
        folder = above.get(folder, "")


def _key_paths(msi: Msi) -> Iterator[tuple[str, str, str | None]]:
    """Each component with its key path, and the component that this row belongs to; None if there is no such row."""
    homes = {
        table: {row[table]: row["Component_"] for row in msi.rows(table)} for table in ("File", "Registry")
    }
    for row in msi.rows("Component"):
        attributes = bits(row, "Attributes")
        if row["KeyPath"] and not attributes & OF_SOURCE:
            table = "Registry" if attributes & OF_REGISTRY else "File"
            yield row["Component"], row["KeyPath"], homes[table].get(row["KeyPath"])


@rule(
    Group.COMPONENTS,
    "system-folder",
    "the product's files lie in folders of its own",
    "Installing Files to the System folder",
    Severity.WARNING,
)
def system_folder(msi: Msi) -> Iterator[Broken]:
    for path in msi.contents.files:
        low = path.lower()
        if (
            low.startswith(("c:\\windows\\system32\\", "c:\\windows\\syswow64\\"))
            and "\\drivers\\" not in low
        ):
            yield Broken("File", f"{path} is installed into the system's own folder")
