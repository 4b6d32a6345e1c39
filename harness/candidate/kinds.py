"""What a file is that somebody names as an installer and that is none. Told by its content, not by its name.

Sources: the formats' own specifications; "[MS-CFB] Compound File Binary File Format" and the class identifiers that
Windows Installer writes into the root of a compound file; "PE Format".
"""

import struct
from mmap import ACCESS_READ, mmap
from pathlib import Path

from olefile.olefile import OleFileIO

from harness.candidate.pe import is_pe

HEAD_BYTES = 0x8006
SIGNS = (
    (0, b"MSCF", "a cabinet"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"!<arch>\ndebian", "a package of Debian"),
    (0, b"!<arch>\n", "a static library"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"xar!", "a package of macOS"),
    (0, b"\x7fELF", "a program for Linux or another Unix (ELF)"),
    (0, b"\xcf\xfa\xed\xfe", "a program for macOS (Mach-O)"),
    (0, b"\xca\xfe\xba\xbe", "a program for macOS (Mach-O) or a Java class"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"MSWIM\0\0\0", "a WIM file"),
    (0x8001, b"CD001", "an ISO 9660 image of a CD or DVD"),
    (0, b"#!", "a script"),
)
ZIPS = (
    ("AppxManifest.xml", "an MSIX or APPX package"),
    ("AppxMetadata/AppxBundleManifest.xml", "an MSIX or APPX bundle"),
    ("[Content_Types].xml", "a document of Office, or a NuGet package"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
)
"""Names at a ZIP archive's beginning or end that say what it is."""
CLASSES = {
    "000C1086-0000-0000-C000-000000000046": "a patch (.msp), which changes a product that is installed",
    "000C1082-0000-0000-C000-000000000046": "a transform (.mst), which changes an MSI while it is installed",
}
INSTALLER_DATABASE = "000C1084-0000-0000-C000-000000000046"
STREAMS = (
    ("WordDocument", "a Word document"),
    ("Workbook", "an Excel workbook"),
    ("Book", "an Excel workbook"),
    ("PowerPoint Document", "a PowerPoint presentation"),
    ("VisioDocument", "a Visio drawing"),
    ("__properties_version1.0", "a message of Outlook"),
    ("EncryptedPackage", "an encrypted document of Office"),
)
SCRIPTS = {
    ".ps1": "a PowerShell script",
    ".bat": "a batch file",
    ".cmd": "a batch file",
    ".vbs": "a script of VBScript",
    ".js": "a script of JScript",
    ".sh": "a shell script",
    ".py": "a Python script",
    ".reg": "a registry file",
    ".inf": "a driver's INF file",
}


def compound_kind(path: Path) -> str:
    """What a compound file is, if it is no MSI; empty for an MSI, and for one that is too damaged to say."""
    try:
        with OleFileIO(path) as file:  # type: ignore[no-untyped-call]
            clsid, names = str(file.root.clsid), {entry[0] for entry in file.listdir()}
    except (
        OSError,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        struct.error,
        RecursionError,
    ):
        return ""
    if clsid in CLASSES:
        return CLASSES[clsid]
    named = next((what for stream, what in STREAMS if stream in names), "")
    if named or clsid == INSTALLER_DATABASE or any(_is_table(name) for name in names):
        return named
    return "a compound file of another program than Windows Installer"


def _is_table(name: str) -> bool:
    """Windows Installer packs two letters of a stream's name into one character of this range."""
    return any("\u3800" <= each <= "\u4840" for each in name)


def program_kind(path: Path) -> str:
    """What a program file is that cannot be started as an installer; empty for one that can."""
    with path.open("rb") as file:
        head = file.read(0x1000)
    at = int.from_bytes(head[0x3C:0x40], "little")
    characteristics, subsystem = head[at + 22 : at + 24], head[at + 92 : at + 94]
    if int.from_bytes(subsystem, "little") == 1:
        return "a driver"
    return "a library (DLL)" if int.from_bytes(characteristics, "little") & 0x2000 else ""


NSIS = b"NullsoftInst"
"""What every set-up program of NSIS holds, at the head of what it installs."""


def made_by_nsis(path: Path) -> bool:
    """Whether NSIS made this set-up program. Raises `OSError`."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(NSIS) >= 0


def foreign_kind(path: Path) -> str:
    """What a file is that is neither a compound file nor a Windows program; empty if nothing tells. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            file.seek(max(0, path.stat().st_size - HEAD_BYTES))
            ends = head + file.read(HEAD_BYTES)
            return next((what for name, what in ZIPS if name.encode() in ends), "a ZIP archive")
    if head.startswith(b"MZ") and not is_pe(path):
        return "a program for DOS or 16-bit Windows, or one that is cut short"
    named = next((what for at, sign, what in SIGNS if head[at : at + len(sign)] == sign), "")
    if named:
        return named
    if _is_text(head):
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<!doctype html", b"<html")):
            return "an HTML page, as a failed download leaves it"
        return SCRIPTS.get(path.suffix.lower(), "a text file")
    return ""


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        text = head[:-3].decode("utf-8") if len(head) == HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text
