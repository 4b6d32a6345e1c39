"""What an MSI installs, and the signatures of its programs."""

from pathlib import Path

from pydantic import Field

from harness.candidate.authenticode import read_signature
from harness.candidate.msi import table
from harness.candidate.pe import is_pe
from harness.candidate.tool import run_tool
from harness.model.base import Frozen
from harness.model.candidate import Signature
from harness.model.errors import ConfigurationError


class MsiFile(Frozen):
    """One row of the File table."""

    key: str
    name: str = Field(description="long file name")
    directory: str = Field(
        description="from the root that Windows Installer knows, e.g. ProgramFiles64Folder/Agent"
    )
    size: int = Field(ge=0, description="bytes")
    version: str = ""


class PayloadSignature(Frozen):
    """An executable that the MSI carries, by its path below the unpacked tree."""

    path: str
    signature: Signature


def installed_files(path: Path) -> tuple[MsiFile, ...]:
    """The files that the MSI installs. Raises `ConfigurationError` if it cannot be read."""
    directories = table(path, "Directory", "Directory", "Directory_Parent", "DefaultDir")
    parents = {row["Directory"]: (row["Directory_Parent"], row["DefaultDir"]) for row in directories}
    homes = {
        row["Component"]: row["Directory_"] for row in table(path, "Component", "Component", "Directory_")
    }
    return tuple(
        MsiFile(
            key=row["File"],
            name=long_name(row["FileName"]),
            directory=directory_path(homes.get(row["Component_"], ""), parents),
            size=int(row["FileSize"]) if row["FileSize"].isdecimal() else 0,
            version=row["Version"],
        )
        for row in table(path, "File", "File", "Component_", "FileName", "FileSize", "Version")
    )


def long_name(name: str) -> str:
    """`SHORT~1.EXE|long name.exe` → `long name.exe`. Source: "Filename" data type."""
    return name.rpartition("|")[2]


def directory_path(key: str, parents: dict[str, tuple[str, str]]) -> str:
    """A directory's path from the nearest root. Source: "Directory table".

    `DefaultDir` is `target:source`, each `short|long`; `.` is the parent itself. The root's own key is kept
    where Windows Installer gives it a meaning (`ProgramFiles64Folder`), so that the place is known.
    """
    parts: list[str] = []
    seen: set[str] = set()
    while key in parents and key not in seen and key != "TARGETDIR":
        seen.add(key)
        parent, default = parents[key]
        name = long_name(default.partition(":")[0])
        if parent in ("", "TARGETDIR", key):
            parts.append(key if key.endswith("Folder") else name)
            break
        if name != ".":
            parts.append(name)
        key = parent
    return "/".join(reversed(parts))


def payload_signatures(path: Path, workdir: Path) -> tuple[PayloadSignature, ...]:
    """Unpack the MSI into `workdir/payload` and read the signature of every executable in it.

    Executables are known by their content, not their name: a driver may be called anything. Raises
    `ConfigurationError` if the MSI cannot be unpacked completely.
    """
    expected = len(table(path, "File", "File"))
    target = workdir / "payload"
    target.mkdir(parents=True, exist_ok=True)
    said = run_tool(
        "msiextract", "-C", target.absolute(), path.absolute(), needed_for="unpacking the MSI", timeout_s=300
    )
    files = sorted(entry for entry in target.rglob("*") if entry.is_file() and not entry.is_symlink())
    listed = len([line for line in said.out.splitlines() if line.strip()])
    if said.code != 0 or not listed or not files or listed < expected:
        raise ConfigurationError(
            f"the MSI lists {expected} files, but only {min(listed, len(files))} could be unpacked.",
            file=str(path),
            hint="Its cabinet is damaged, or it lies outside the MSI.",
        )
    return tuple(
        PayloadSignature(path=file.relative_to(target).as_posix(), signature=read_signature(file))
        for file in files
        if is_pe(file)
    )
