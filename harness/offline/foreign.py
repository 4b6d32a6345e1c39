"""Files that are named instead of a disk and are none that is read here, told by what they begin with. Pure.

Sources: QEMU, "Disk image file formats" and its block drivers' probes; the formats' own specifications.
"""

HEAD_BYTES = 0x8006
"""As far as the farthest of the signs below."""

CONVERTED = (
    (0, b"KDMV", "a VMDK disk image (VMware)"),
    (0, b"COWD", "a VMDK disk image (VMware ESX)"),
    (
        0,
        b"# Disk DescriptorFile",
        "the description of a VMDK disk image (VMware); its data lie in other files",
    ),
    (0x40, b"\x7f\x10\xda\xbe", "a VDI disk image (VirtualBox)"),
    (0, b"conectix", "a VHD disk image (Virtual PC, Hyper-V before 2012)"),
    (0, b"QFI\xfb\0\0\0\x01", "a disk image of qcow's first version"),
    (0, b"QED\0", "a QED disk image"),
    (0, b"WithoutFreeSpace", "a disk image of Parallels"),
    (0, b"WithouFreSpacExt", "a disk image of Parallels"),
    (0, b"Bochs Virtual HD Image", "a disk image of Bochs"),
)
"""What qemu-img turns into a format that is read here."""
PACKED = (
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (257, b"ustar", "a tar archive"),
)
"""What may hold a disk."""
OTHERS = (
    (0, b"MSWIM\0\0\0", "a WIM file, which holds files and no disk"),
    (0, b"MDMP", "a minidump of a process"),
    (0, b"PAGEDU64", "a memory dump of Windows"),
    (0, b"PAGEDUMP", "a memory dump of Windows"),
    (0, b"EVF\x09\x0d\x0a\xff\0", "an EWF disk image (EnCase)"),
    (0, b"EVF2\r\n\x81\0", "an EWF disk image (EnCase)"),
    (0, b"LUKS\xba\xbe", "an encrypted LUKS volume"),
    (0, b"regf", "a registry hive, not the disk that it lies on"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an MSI or another compound file"),
    (0x8001, b"CD001", "an ISO 9660 image of a CD or DVD"),
)


def foreign_format(head: bytes) -> tuple[str, str] | None:
    """What a file that begins so is, and what to do; None if it may be a disk that is read here."""
    named = _match(head, CONVERTED)
    if named:
        return named, "Turn it into a disk that is read here with: qemu-img convert -O qcow2 FILE NEW.qcow2"
    named = _match(head, PACKED)
    if named:
        return named, "Unpack it, and name the disk image in it."
    named = _match(head, OTHERS)
    if named:
        return named, "Name a machine's disk: qcow2, VHDX or raw."
    return None


def _match(head: bytes, signs: tuple[tuple[int, bytes, str], ...]) -> str:
    return next((name for offset, sign, name in signs if head[offset : offset + len(sign)] == sign), "")
