"""What an MSI installs, and the signatures of its programs."""

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pydantic import Field

from harness.candidate.authenticode import read_signature
from harness.candidate.content_doubts import doubt
from harness.candidate.listed_files import hashes_of, misnamed
from harness.candidate.msi import has_table, table
from harness.candidate.pe import is_pe
from harness.candidate.pe_imports import lacking
from harness.candidate.source import Cabinet, cabinet_bytes, find_beside, read_source
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
    file: Path = Field(description="where it was unpacked")
    signature: Signature
    lacks: tuple[str, ...] = Field(default=(), description="libraries that neither Windows nor the MSI has")


def installed_files(path: Path) -> tuple[MsiFile, ...]:
    """The files that the MSI installs. Raises `ConfigurationError` if it cannot be read."""
    if not has_table(path, "File"):
        return ()
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


class ContentDoubt(Frozen):
    """A file of the MSI that holds what it should not."""

    path: str
    found: str


def payload_signatures(path: Path, workdir: Path) -> tuple[PayloadSignature, ...]:
    """The signature of every executable in the MSI; see `read_payload`."""
    return read_payload(path, workdir)[0]


def read_payload(path: Path, workdir: Path) -> tuple[tuple[PayloadSignature, ...], tuple[ContentDoubt, ...]]:
    """Unpack the MSI into `workdir/payload`, read the signature of every executable in it, and look into every file.

    Executables are known by their content, not their name: a driver may be called anything. Raises
    `ConfigurationError` if not every file of the MSI that is on a medium is in its cabinets, whole, or beside it.
    """
    source = read_source(path)
    expected = {file.key: file for file in installed_files(path) if file.key not in source.of_no_medium}
    unpacked = _unpack(path, source.cabinets, workdir)
    unpacked |= {key: find_beside(path, place) for key, place in source.loose.items()}
    whole = {
        key for key, file in expected.items() if key in unpacked and unpacked[key].stat().st_size == file.size
    }
    if len(whole) < len(expected):
        raise ConfigurationError(
            f"the MSI lists {len(expected)} files, but only {len(whole)} could be unpacked.",
            file=str(path),
            hint="Is one of its cabinets damaged? Build or download the candidate again.",
        )
    hashes = hashes_of(path)
    target = workdir / "payload"
    packed = frozenset(file.name.lower() for file in expected.values())
    found, doubts = [], []
    ordered = sorted(expected.items(), key=lambda item: (item[1].directory, item[1].name, item[0]))
    for number, (key, file) in enumerate(ordered):
        name = f"{file.directory}/{file.name}"
        if said := doubt(name, unpacked[key]) or misnamed(file.version, hashes.get(key), unpacked[key]):
            doubts.append(ContentDoubt(path=name, found=said))
        if is_pe(unpacked[key]):
            place = target / str(number)  # a key of a damaged MSI may be a path, and lead elsewhere
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(unpacked[key], place)
            signature = read_signature(place)
            lacks = lacking(place, packed)
            found.append(PayloadSignature(path=name, file=place, signature=signature, lacks=lacks))
    return tuple(found), tuple(doubts)


def _unpack(path: Path, cabinets: Sequence[Cabinet], workdir: Path) -> dict[str, Path]:
    """What the cabinets hold, by the key of the File table, which is a file's name in them.

    cabextract reads every compression and goes on in the cabinet that a header names, beside the first.
    """
    found: dict[str, Path] = {}
    for number, chain in enumerate(_chains(cabinets)):
        packed, out = workdir / f"cabinets-{number}", workdir / f"unpacked-{number}"
        packed.mkdir(parents=True)
        names = ["first.cab", *(PurePosixPath(each.next_name.replace("\\", "/")).name for each in chain[:-1])]
        for name, cabinet in zip(names, chain, strict=True):
            cabinet_bytes(path, cabinet, packed / name)
        run_tool(
            "cabextract", "-q", "-d", out, packed / names[0], needed_for="unpacking the MSI", timeout_s=300
        )
        found |= {file.name: file for file in out.rglob("*") if file.is_file() and not file.is_symlink()}
    return found


def _chains(cabinets: Sequence[Cabinet]) -> list[list[Cabinet]]:
    """Cabinets that go on with each other's files, together."""
    chains: list[list[Cabinet]] = []
    for cabinet in cabinets:
        if chains and chains[-1][-1].next_name:
            chains[-1].append(cabinet)
        else:
            chains.append([cabinet])
    return chains
