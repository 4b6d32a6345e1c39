"""Where an MSI's files come from: cabinets in it, cabinets beside it, or files beside it.

Sources: "Media table", "File table", "Directory table", "Word Count Summary property" in Microsoft's Windows Installer
reference; "Microsoft Cabinet File Format", section 2.3 (a file may be continued in the next cabinet).
"""

import struct
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from harness.candidate.msi import has_table, summary, table
from harness.candidate.tool import run_tool
from harness.model.errors import ConfigurationError

NONCOMPRESSED, COMPRESSED = 0x2000, 0x4000
"""A file's attributes, which overrule the summary's."""
SHORT_NAMES, COMPRESSED_SOURCE = 1, 2
"""Bits of the summary's word count."""
CABINET_HEAD = struct.Struct("<4s5I2B5H")
HAS_PREVIOUS, HAS_NEXT, HAS_RESERVE = 1, 2, 4
LONGEST_HEAD = 0x20000
"""A cabinet's header with its reserved area and four names."""


@dataclass(frozen=True)
class Cabinet:
    """One cabinet of the Media table. `next_name`: how it calls the cabinet that goes on with its last file."""

    name: str
    embedded: bool
    next_name: str = ""
    continues: bool = False


@dataclass(frozen=True)
class Source:
    """Everything that the MSI's files are unpacked from. `loose`: by file key, the path beside the MSI.

    `of_no_medium`: keys of packed files that come after the last medium: no cabinet brings them, which a rule names.
    """

    cabinets: tuple[Cabinet, ...]
    loose: dict[str, str]
    of_no_medium: frozenset[str] = frozenset()

    @property
    def beside(self) -> tuple[str, ...]:
        """Paths below the MSI's folder that an installation reads besides the MSI itself."""
        return (
            *(each.name for each in self.cabinets if not each.embedded),
            *sorted(set(self.loose.values())),
        )


def read_source(path: Path) -> Source:
    """What the MSI's tables and its cabinets' headers say.

    Raises `ConfigurationError` for a damaged MSI and for a cabinet or file that is missing.
    """
    files = (
        table(path, "File", "File", "Component_", "FileName", "Attributes", "Sequence")
        if has_table(path, "File")
        else ()
    )
    media = table(path, "Media", "DiskId", "LastSequence", "Cabinet") if has_table(path, "Media") else ()
    media = tuple(sorted(media, key=lambda row: _number(row["LastSequence"])))
    word_count = _number(summary(path).get("Source", "").split(" ")[0])
    wanted: set[int] = set()
    loose, of_no_medium = [], set()
    for row in files:
        index = next(
            (n for n, each in enumerate(media) if _number(each["LastSequence"]) >= _number(row["Sequence"])),
            None,
        )
        if index is None and media and _is_compressed(row, word_count):
            of_no_medium.add(row["File"])
        elif index is None or not media[index]["Cabinet"] or not _is_compressed(row, word_count):
            loose.append(row)
        else:
            wanted.add(index)
    short = bool(word_count & SHORT_NAMES)
    return Source(_cabinets(path, media, wanted), _loose(path, loose, short=short), frozenset(of_no_medium))


def find_beside(path: Path, name: str) -> Path:
    """A file below the MSI's folder, in any case, as Windows finds it. Raises `ConfigurationError` if there is none."""
    found = path.parent
    for part in _parts(path, name):
        exact = found / part
        try:
            there = (
                [exact]
                if exact.exists()
                else [each for each in found.iterdir() if each.name.lower() == part.lower()]
            )
        except OSError:
            there = []
        if not there:
            raise ConfigurationError(
                f"the MSI installs from the file {name} beside it, which is not there.",
                file=str(path),
                hint=f"Copy it into {path.parent}: it is a part of the release.",
            )
        found = there[0]
    return found


def cabinet_bytes(path: Path, cabinet: Cabinet, into: Path) -> None:
    """Write a cabinet of the MSI to a file. Raises `ConfigurationError` if the MSI does not hold it."""
    if not cabinet.embedded:
        into.symlink_to(find_beside(path, cabinet.name).absolute())
        return
    said = run_tool(
        "msiinfo", "extract", path, cabinet.name, needed_for="reading a cabinet of the MSI", out=into
    )
    if said.code != 0 or not into.is_file() or into.stat().st_size == 0:
        raise ConfigurationError(
            f"the MSI is damaged or incomplete: it does not hold its cabinet {cabinet.name}.",
            file=str(path),
            hint="Build or download the candidate again.",
        )


def read_head(head: bytes) -> tuple[bool, str]:
    """Whether a cabinet goes on with another one's last file, and the name of the one that goes on with its own."""
    if len(head) < CABINET_HEAD.size or head[:4] != b"MSCF":
        return False, ""
    flags = CABINET_HEAD.unpack_from(head)[10]
    at = CABINET_HEAD.size
    if flags & HAS_RESERVE:
        at += 4 + int.from_bytes(head[36:38], "little")
    names = head[at:].split(b"\0", 4)
    skipped = 2 if flags & HAS_PREVIOUS else 0
    following = names[skipped] if flags & HAS_NEXT and len(names) > skipped else b""
    return bool(flags & HAS_PREVIOUS), following.decode("utf-8", "replace")


def _cabinets(path: Path, media: tuple[dict[str, str], ...], wanted: set[int]) -> tuple[Cabinet, ...]:
    found: list[Cabinet] = []
    for index, row in enumerate(media):
        goes_on = bool(found and found[-1].next_name)
        if not row["Cabinet"] or not (index in wanted or goes_on):
            continue
        cabinet = Cabinet(row["Cabinet"].removeprefix("#"), embedded=row["Cabinet"].startswith("#"))
        if not cabinet.embedded:
            find_beside(path, cabinet.name)
        if index + 1 < len(media) or goes_on:  # else nothing can go on with it, and a large one is not copied
            continues, following = read_head(_head(path, cabinet))
            cabinet = replace(cabinet, next_name=following, continues=continues)
        found.append(cabinet)
    return tuple(found)


def _head(path: Path, cabinet: Cabinet) -> bytes:
    with tempfile.TemporaryDirectory(prefix="bvt-cabinet-") as folder:
        copy = Path(folder, "cabinet")
        cabinet_bytes(path, cabinet, copy)
        with copy.open("rb") as file:
            return file.read(LONGEST_HEAD)


def _loose(path: Path, rows: list[dict[str, str]], *, short: bool) -> dict[str, str]:
    if not rows:
        return {}
    folders = {
        row["Directory"]: row
        for row in table(path, "Directory", "Directory", "Directory_Parent", "DefaultDir")
    }
    homes = {
        row["Component"]: row["Directory_"] for row in table(path, "Component", "Component", "Directory_")
    }
    found = {}
    for row in rows:
        folder = source_folder(homes.get(row["Component_"], ""), folders, short=short)
        found[row["File"]] = "/".join((*folder, _name(row["FileName"], short=short)))
    return found


def source_folder(key: str, folders: dict[str, dict[str, str]], *, short: bool) -> tuple[str, ...]:
    """Where a folder's files lie in the source; the root is the MSI's own folder."""
    parts: list[str] = []
    seen: set[str] = set()
    while key in folders and key not in seen:
        seen.add(key)
        parent = folders[key]["Directory_Parent"]
        if parent in ("", key):
            break
        target, colon, source = folders[key]["DefaultDir"].partition(":")
        name = _name(source if colon else target, short=short)
        if name != ".":
            parts.append(name)
        key = parent
    return tuple(reversed(parts))


def _name(text: str, *, short: bool) -> str:
    before, bar, after = text.partition("|")
    return before if short or not bar else after


def _is_compressed(row: dict[str, str], word_count: int) -> bool:
    attributes = _number(row["Attributes"])
    if attributes & (NONCOMPRESSED | COMPRESSED):
        return bool(attributes & COMPRESSED)
    return bool(word_count & COMPRESSED_SOURCE)


def _parts(path: Path, name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0].startswith("/") or ":" in name:
        raise ConfigurationError(f"the MSI installs from {name}, which is no file beside it.", file=str(path))
    return parts


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else 0
