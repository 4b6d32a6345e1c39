"""What an MSI's tables say that it installs. Pure but for `read_contents`.

Sources: "ServiceInstall table", "Registry table", "File table", "CreateFolder table" in Microsoft's Windows Installer
reference.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from harness.candidate.msi_actions import (
    code_actions,
    property_readers,
    started_services,
    starts_something,
)
from harness.candidate.msi_folders import MOVES_FOLDERS, TYPE_BITS, resolve_folders
from harness.candidate.msi_properties import hidden_properties, known_properties, own_properties
from harness.candidate.msi_registry import MsiValue, filled, values_in, values_of
from harness.candidate.msi_tables import Row, Tables, read_tables
from harness.candidate.payload import long_name
from harness.model.base import Frozen
from harness.model.candidate import Platform
from harness.model.profile.services import StartType

STARTS = {
    "0": StartType.BOOT,
    "1": StartType.SYSTEM,
    "2": StartType.AUTO,
    "3": StartType.DEMAND,
    "4": StartType.DISABLED,
}
SERVICES_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"
UNINSTALL_KEY = "\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\"
KERNEL = 0x1 | 0x2 | 0x8
"""SERVICE_KERNEL_DRIVER, _FILE_SYSTEM_DRIVER and _RECOGNIZER_DRIVER."""
HIDES = "ARPSYSTEMCOMPONENT"


class MsiService(Frozen):
    """A row of the ServiceInstall table, or a key of the Registry table that makes a service."""

    name: str
    display_name: str = ""
    description: str = ""
    start: StartType | None = None
    account: str = ""
    depends_on: tuple[str, ...] = ()
    program: str | None = Field(default=None, description="the file of its component, if its path is known")
    started: bool | None = Field(
        default=None, description="the MSI starts it; None where code of the MSI may do so"
    )
    driver: bool = Field(default=False, description="it is code of the kernel or of a file system")


class MsiContents(Frozen):
    """What the tables say. `None` and `False` mean that only an installation knows."""

    platform: Platform
    product_name: str
    product_name_known: bool = Field(description="nothing sets it while the MSI is installed")
    version: str = ""
    hidden: bool = Field(default=False, description="Add/Remove Programs does not show it")
    manufacturer: str = ""
    services: tuple[MsiService, ...] = ()
    files: tuple[str, ...] = Field(default=(), description="full paths, as far as they are known")
    file_versions: dict[str, str] = Field(default_factory=dict, description="by path, of those that have one")
    file_names: tuple[str, ...] = Field(default=(), description="of all files, wherever they go")
    every_file_known: bool = True
    folders: tuple[str, ...] = Field(default=(), description="that hold files or are made without one")
    registry: tuple[MsiValue, ...] = ()
    entry_names: tuple[str, ...] = Field(
        default=(), description="DisplayNames that the Registry table writes"
    )
    own_properties: dict[str, str] = Field(default_factory=dict)
    hidden_properties: frozenset[str] = frozenset()
    known_properties: frozenset[str] = frozenset()
    code: tuple[str, ...] = Field(
        default=(), description="custom actions that run code, which may do anything"
    )
    property_readers: tuple[str, ...] = ()
    starts_something: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Registry keys that hold its values, each once."""
        return tuple(dict.fromkeys(value.key for value in self.registry))


def read_contents(path: Path, platform: Platform, given: Mapping[str, str]) -> MsiContents:
    """Read the MSI. `given`: properties that it is installed with. Raises `ConfigurationError` if it cannot be read."""
    return contents_of(read_tables(path), platform, given)


def contents_of(tables: Tables, platform: Platform, given: Mapping[str, str]) -> MsiContents:
    """What these tables say."""
    properties = {row["Property"]: row["Value"] for row in tables.get("Property", ())}
    folders = resolve_folders(tables, given)
    components = {row["Component"]: row for row in tables.get("Component", ())}
    paths = {
        row["File"]: _below(folders.get(_home(components, row["Component_"])), long_name(row["FileName"]))
        for row in tables.get("File", ())
    }
    values = tuple(values_in(tables, components, properties | dict(given), platform))
    made = [folders.get(row["Directory_"]) for row in tables.get("CreateFolder", ())]
    held = [path.rpartition("\\")[0] for path in paths.values() if path]
    by_table = _services(tables, components, paths, properties | dict(given))
    named = {service.name.lower() for service in by_table}
    return MsiContents(
        platform=platform,
        product_name=properties.get("ProductName", ""),
        product_name_known=not _is_set(tables, "ProductName") and not _hides_its_entry(tables, properties),
        version=properties.get("ProductVersion", ""),
        hidden=properties.get(HIDES) == "1",
        manufacturer=properties.get("Manufacturer", ""),
        services=(*by_table, *(each for each in services_by_key(values) if each.name.lower() not in named)),
        files=tuple(path for path in paths.values() if path),
        file_versions={
            path: row["Version"]
            for row in tables.get("File", ())
            if (path := paths[row["File"]]) and row["Version"][:1].isdecimal()
        },
        file_names=tuple(long_name(row["FileName"]) for row in tables.get("File", ())),
        every_file_known=all(paths.values()),
        folders=tuple(dict.fromkeys(folder for folder in (*held, *made) if folder)),
        registry=values,
        entry_names=tuple(
            each.value for each in values if UNINSTALL_KEY in f"{each.key}\\" and each.name == "DisplayName"
        ),
        own_properties=own_properties(tables),
        hidden_properties=hidden_properties(tables),
        known_properties=known_properties(tables),
        code=code_actions(tables),
        property_readers=property_readers(tables),
        starts_something=starts_something(tables),
    )


def _below(folder: str | None, name: str) -> str | None:
    return f"{folder}\\{name}" if folder else None


def _home(components: Mapping[str, Row], component: str) -> str:
    return components[component]["Directory_"] if component in components else ""


def _is_set(tables: Tables, name: str) -> bool:
    return any(
        int(row["Type"] or 0) & TYPE_BITS in MOVES_FOLDERS and row["Source"] == name
        for row in tables.get("CustomAction", ())
    )


def _hides_its_entry(tables: Tables, properties: Mapping[str, str]) -> bool:
    """An MSI may hide its own entry, and let a program of its own make another that people see."""
    return properties.get(HIDES) == "1" and bool(code_actions(tables))


def _services(
    tables: Tables,
    components: Mapping[str, Row],
    paths: Mapping[str, str | None],
    properties: Mapping[str, str],
) -> list[MsiService]:
    code, started = bool(code_actions(tables)), started_services(tables)
    return [
        MsiService(
            name=filled(row["Name"], properties) or row["Name"],
            display_name=filled(row["DisplayName"], properties) or "",
            description=filled(row.get("Description", ""), properties) or "",
            start=STARTS.get(row["StartType"]),
            account=filled(row.get("StartName", ""), properties) or "",
            depends_on=tuple(name for name in row.get("Dependencies", "").split("[~]") if name),
            program=paths.get(components[row["Component_"]]["KeyPath"])
            if row["Component_"] in components
            else None,
            started=True if row["Name"].lower() in started else None if code else False,
            driver=bool(int(row.get("ServiceType") or 0) & KERNEL),
        )
        for row in tables.get("ServiceInstall", ())
    ]


def services_by_key(values: tuple[MsiValue, ...]) -> list[MsiService]:
    """Services and drivers that the MSI makes by writing their keys. Nobody starts them before the next boot."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for value in values:
        name = value.key[len(SERVICES_KEY) :]
        if value.key.lower().startswith(SERVICES_KEY.lower()) and "\\" not in name:
            found.setdefault(name.lower(), (name, {}))[1][value.name.lower()] = value.value
    return [
        MsiService(
            name=name,
            start=STARTS.get(held.get("start", "").removeprefix("#")),
            started=False,
            driver=bool(_number(held.get("type", "")) & KERNEL),
        )
        for name, held in found.values()
        if {"imagepath", "start"} & set(held)
    ]


def _number(text: str) -> int:
    """A DWORD of the Registry table; 0 if it is none that is written out."""
    number = text.removeprefix("#")
    return int(number) if number.isdecimal() else 0


def packed_services(tables: Tables) -> frozenset[str]:
    """The services and drivers that the MSI's tables make, by row or by key."""
    by_key = services_by_key(values_of(tables))
    return frozenset(
        [*(row["Name"] for row in tables.get("ServiceInstall", ())), *(each.name for each in by_key)]
    )
