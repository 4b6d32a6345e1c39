"""The MSI database by msitools: tables and the summary's platform.

Sources: "Property table", "Template Summary property" and "Archive file (.idt) format" in Microsoft's Windows
Installer reference.
"""

import stat
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.candidate.tool import ToolOutput, run_tool
from harness.files import sha256_of
from harness.model.candidate import Platform
from harness.model.errors import ConfigurationError

COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
"""The first bytes of every OLE compound file, hence of every MSI."""

STOPS_ON_UNINSTALL = 0x20 | 0x80
"""msidbServiceControlEventUninstallStop and -UninstallDelete: the DeleteServices action stops what it deletes."""

READ_WHOLE = 32 << 20
"""Bytes. To read a larger file takes as long as to ask msiinfo anew."""
PLATFORMS = {
    "": Platform.X86,
    "intel": Platform.X86,
    "x64": Platform.X64,
    "amd64": Platform.X64,
    "arm64": Platform.ARM64,
}
"""The template's platform part; empty means Intel."""


def table(path: Path, name: str, *needed: str) -> tuple[dict[str, str], ...]:
    """The rows of a table, by column name; every row has the `needed` columns.

    Raises `ConfigurationError` if the table cannot be read or lacks one of them.
    """
    said = _said(_file(path), "export", f"reading table {name} of the MSI", name)
    header = said.out.split("\n", 1)[0].strip("\r").split("\t")
    if said.code != 0 or not set(needed) <= set(header):
        raise ConfigurationError(
            f"the MSI is damaged or incomplete: its table {name} cannot be read.",
            file=str(path),
            hint="Build or download the candidate again.",
        )
    return parse_idt(said.out)


def parse_idt(text: str) -> tuple[dict[str, str], ...]:
    """Rows of an exported table: a line of names, one of types, one of keys, then one line per row."""
    lines = text.split("\r\n") if "\r\n" in text else text.split("\n")
    columns = lines[0].split("\t")
    return tuple(
        dict(zip(columns, (*line.split("\t"), *[""] * len(columns)), strict=False))
        for line in lines[3:]
        if line
    )


def properties(path: Path) -> dict[str, str]:
    """The Property table."""
    return {row["Property"]: row["Value"] for row in table(path, "Property", "Property", "Value")}


def stopped_on_uninstall(path: Path) -> tuple[str, ...]:
    """Services that uninstalling stops and waits for, by the ServiceControl table of the Windows Installer reference.

    Names that hold properties are left out: only an installation knows their values.
    """
    if not has_table(path, "ServiceControl"):
        return ()
    rows = table(path, "ServiceControl", "Name", "Event", "Wait")
    return tuple(
        row["Name"]
        for row in rows
        if int(row["Event"] or 0) & STOPS_ON_UNINSTALL and row["Wait"] != "0" and "[" not in row["Name"]
    )


def has_table(path: Path, name: str) -> bool:
    """Whether there is such a table: an MSI that installs no files needs none of them."""
    return name in table_names(path)


def table_names(path: Path) -> list[str]:
    """The names of its tables; none where the file cannot be read."""
    return _said(_file(path), "tables", "listing the tables of the MSI").out.split()


@dataclass(frozen=True)
class _File:
    """A file by what it holds: a copy of an installer, such as a run's own, is the same installer."""

    holds: str
    path: Path = field(compare=False)


def _file(path: Path) -> _File:
    """What is no file, or cannot be read, is its name: msiinfo has the words for it. A large one is its state."""
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            small = found.st_size <= READ_WHOLE
            return _File(_digest(path, state) if small else f"{path.absolute()} {state}", path)
    except OSError:
        pass
    return _File(str(path.absolute()), path)


@lru_cache(maxsize=64)
def _digest(path: Path, state: tuple[int, ...]) -> str:
    del state  # tells one state of the file from another
    return sha256_of(path)


@lru_cache(maxsize=512)
def _said(file: _File, verb: str, needed_for: str, *names: str) -> ToolOutput:
    """What msiinfo says of this file. One cell asks some twenty tables several times over.

    It lays what a table holds besides text (Binary, Icon) into the directory where it runs: into none of the user's.
    """
    with TemporaryDirectory(prefix="bvt-msi-") as own:
        return run_tool("msiinfo", verb, file.path.absolute(), *names, needed_for=needed_for, cwd=Path(own))


def platform(path: Path) -> Platform:
    """The platform of the summary's template. Raises `ConfigurationError` if it is missing or unknown."""
    template = summary(path).get("Template")
    if template is None:
        raise ConfigurationError(
            "the MSI is damaged or incomplete: its summary names no platform.",
            file=str(path),
            hint="Build or download the candidate again.",
        )
    if template.startswith("{"):
        raise ConfigurationError(
            "this is a patch (.msp), which changes a product that is installed, and no installer.",
            file=str(path),
            hint="Name the MSI of the whole release.",
        )
    name = template.split(";")[0].strip().lower()
    if name not in PLATFORMS:
        raise ConfigurationError(
            f"the MSI is for the unknown platform {template.split(';')[0]!r}.", file=str(path)
        )
    return PLATFORMS[name]


def summary(path: Path) -> dict[str, str]:
    """The summary's properties as msiinfo names them: `Template`, e.g. `x64;1033`; `Source`, the word count."""
    said = _said(_file(path), "suminfo", "reading the summary of the MSI")
    return parse_summary(said.out)


def parse_summary(text: str) -> dict[str, str]:
    """Name and value of each line; of a name that comes twice the first."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), value.strip())
    return found
