"""Real disks, made without root and without mounting: NTFS by libntfs-3g, ext4 by mke2fs, hives by hivex."""

import ctypes
import hashlib
import struct
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from tests.programs import ended_well

MIB = 1024 * 1024
S_IFDIR, S_IFREG = 0o040000, 0o100000


def ntfs(path: Path, files: Mapping[str, bytes], *, size: int = 16 * MIB, empty: Iterable[str] = ()) -> Path:
    """An NTFS volume with these files (POSIX paths from its root), and empty ones by `empty`."""
    with path.open("wb") as file:
        file.truncate(size)
    run("mkntfs", "--force", "--quick", "--quiet", "--cluster-size", "4096", str(path))
    add(path, files, empty)
    return path


def add(path: Path, files: Mapping[str, bytes], empty: Iterable[str] = ()) -> None:
    """Add or replace files of an NTFS volume."""
    library = ctypes.CDLL("libntfs-3g.so.89", use_errno=True)
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("ntfs_mount", pointer, [ctypes.c_char_p, ctypes.c_ulong]),
        ("ntfs_pathname_to_inode", pointer, [pointer, pointer, ctypes.c_char_p]),
        (
            "ntfs_create",
            pointer,
            [pointer, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_uint8, ctypes.c_uint32],
        ),
        ("ntfs_inode_close", ctypes.c_int, [pointer]),
        ("ntfs_umount", ctypes.c_int, [pointer, ctypes.c_int]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    volume = library.ntfs_mount(str(path).encode(), 0)  # a mount inside this process only
    assert volume, "libntfs-3g cannot open what mkntfs made"
    try:
        for wanted in (*files, *empty):
            names = PurePosixPath(wanted).parts[1:]
            for depth in range(1, len(names) + 1):
                _create(library, volume, names[:depth], S_IFREG if depth == len(names) else S_IFDIR)
    finally:
        library.ntfs_umount(volume, 0)
    for wanted, content in files.items():
        source = path.with_suffix(".content")
        source.write_bytes(content)
        run("ntfscp", "--quiet", str(path), str(source), wanted)


def _create(library: ctypes.CDLL, volume: int, names: tuple[str, ...], kind: int) -> None:
    there = library.ntfs_pathname_to_inode(volume, None, ("/" + "/".join(names)).encode())
    if not there:
        parent = library.ntfs_pathname_to_inode(volume, None, ("/" + "/".join(names[:-1])).encode())
        text = names[-1].encode("utf-16-le")
        there = library.ntfs_create(parent, 0, text, len(text) // 2, kind)
        assert there, f"libntfs-3g cannot create {names}"
        library.ntfs_inode_close(parent)
    library.ntfs_inode_close(there)


def overlay_of(path: Path, base: Path, changed: Path) -> Path:
    """A qcow2 overlay over `base` that holds exactly what differs in the raw disk `changed`."""
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(changed), "-F", "raw", str(path))
    run("qemu-img", "rebase", "-q", "-b", str(base), "-F", "qcow2", str(path))
    return path


def qcow2(path: Path, raw: Path, *options: str) -> Path:
    """A qcow2 image with a raw disk's content."""
    run("qemu-img", "convert", "-q", *options, "-f", "raw", "-O", "qcow2", str(raw), str(path))
    return path


def partitioned(path: Path, script: str, volumes: Mapping[int, Path], *, size: int) -> Path:
    """A raw disk with the partition table that an sfdisk script describes, and volumes at their byte offsets."""
    with path.open("wb") as file:
        file.truncate(size)
    ended_well(["sfdisk", "--quiet", path], 300, input=script.encode())
    with path.open("r+b") as file:
        for offset, volume in volumes.items():
            file.seek(offset)
            file.write(volume.read_bytes())
    return path


def hive(path: Path, commands: str) -> bytes:
    """A hive that hivexsh filled, beginning with one empty root key."""
    path.write_bytes(empty_hive())
    subprocess.run(
        ["hivexsh", "-w", str(path)], input=f"{commands}\ncommit\n".encode(), check=True, timeout=300
    )
    return path.read_bytes()


def empty_hive() -> bytes:
    """The smallest hive: a base block, and one bin with root key, security descriptor and free space."""
    nothing, name, root = 0xFFFFFFFF, b"ROOT", 0x20
    words = (0, nothing, 0, 0, nothing, nothing, 0, nothing, root + 96, nothing, 0, 0, 0, 0, 0)
    key = struct.pack("<2sHQ15IHH", b"nk", 0x2C, 0, *words, len(name), 0) + name
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
    security = struct.pack("<2sHIIII", b"sk", 0, root + 96, root + 96, 1, len(descriptor)) + descriptor
    cells = struct.pack("<i", -96) + key.ljust(92, b"\0") + struct.pack("<i", -48) + security.ljust(44, b"\0")
    rest = 4096 - 0x20 - len(cells)
    bin_ = (struct.pack("<4sIIQQI", b"hbin", 0, 4096, 0, 0, 0) + cells + struct.pack("<i", rest)).ljust(
        4096, b"\0"
    )
    return base_block(1, 1) + bin_


def base_block(primary: int, secondary: int) -> bytes:
    """A hive's header with these sequence numbers."""
    head = struct.pack("<4sIIQIIIIIII", b"regf", primary, secondary, 0, 1, 3, 0, 1, 0x20, 4096, 1).ljust(
        508, b"\0"
    )
    total = 0
    for (word,) in struct.iter_unpack("<I", head):
        total ^= word
    return (head + struct.pack("<I", total)).ljust(4096, b"\0")


def run(*command: str) -> None:
    ended_well(command, 300)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
