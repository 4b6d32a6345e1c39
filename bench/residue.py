"""Finding what changed among 100 000 files, against hashing every file before and after: Wine's overlay, ext4, NTFS."""

import hashlib
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.measure import Result, result, seconds
from harness.residue.change import Change
from harness.residue.disk_look import disk_changes
from harness.residue.overlay_tree import difference, read_tree
from tests.integration.offline import making
from tests.integration.offline.ntfs_writing import writing

FILES, IN_A_FOLDER, RUNS = 100_000, 100, 3
SIZES = (100, 1500, 5000, 20000)
"""Bytes, in turn: 0.67 GB in all. A real Windows has 10 to 20 times as much, which only the peer would feel."""
MIB = 1 << 20
PEER = "SHA-256 of every file, twice"
ADDED, CHANGED, REMOVED = "Windows/d0003/added.txt", "Windows/d0500/f050002.bin", "Windows/d0900/f090001.bin"


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="bvt-bench-") as scratch:
        place = Path(scratch)
        tree = place / "tree"
        _fill(tree)
        size = FILES * sum(SIZES) // len(SIZES)
        looks = {
            "residue_wine": _wine(place, tree),
            "residue_ext4": _ext4(place, tree),
            "residue_ntfs": _ntfs(place),
        }
        mine: dict[str, list[float]] = {name: [] for name in looks}
        others, read = [], dict.fromkeys(looks, 0)
        for _ in range(RUNS):  # by turns; the peer is the same for all three
            for name, look in looks.items():
                began = time.perf_counter()
                read[name] = look()
                mine[name].append(time.perf_counter() - began)
            others.append(seconds(lambda: _hash_twice(tree)))
        for name in looks:
            note = f"3 changes among {FILES} files; {read[name] / MIB:.2f} MiB read, not {2 * size / MIB:.0f}"
            yield result(name, mine[name], PEER, others, note)


def _fill(tree: Path) -> None:
    for folder in range(FILES // IN_A_FOLDER):
        at = tree / "Windows" / f"d{folder:04}"
        at.mkdir(parents=True)
        for name, content in _contents(folder).items():
            (at / name).write_bytes(content)


def _contents(folder: int) -> dict[str, bytes]:
    draw = random.Random(folder)
    first = folder * IN_A_FOLDER
    return {
        f"f{first + number:06}.bin": draw.randbytes(SIZES[number % len(SIZES)])
        for number in range(IN_A_FOLDER)
    }


def _hash_twice(tree: Path) -> None:
    """The fastest way there is: the files lie on the host, and are in its page cache."""
    for _ in range(2):
        digests = {}
        for folder, _folders, files in os.walk(tree):
            for name in files:
                with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123 - a Path costs the peer time
                    digests[f"{folder}/{name}"] = hashlib.sha256(file.read()).digest()
        assert len(digests) == FILES


def _right(changes: "tuple[Change, ...] | list[Change]") -> None:
    found = {each.name for each in changes}
    wanted = {f"c:\\{path.lower()}".replace("/", "\\") for path in (ADDED, CHANGED, REMOVED)}
    assert found == wanted, found ^ wanted


def _wine(place: Path, tree: Path) -> Callable[[], int]:
    """An upper directory over the tree; a whiteout is a device file of number 0."""
    upper = place / "upper"
    for path, content in ((ADDED, b"new"), (CHANGED, b"changed")):
        (upper / path).parent.mkdir(parents=True)
        (upper / path).write_bytes(content)
    before = read_tree(place / "nothing", tree, with_digests=True)
    (upper / REMOVED).parent.mkdir(parents=True)
    os.mknod(upper / REMOVED, 0o20000)

    def look() -> int:
        _right(difference(before, read_tree(upper, tree, with_digests=False)))
        return sum((tree / path).stat().st_size for path in (CHANGED, REMOVED)) + len(b"newchanged")

    return look


def _ext4(place: Path, tree: Path) -> Callable[[], int]:
    raw, new = place / "ext4.raw", place / "new"
    new.write_bytes(b"new")
    making.run("mkfs.ext4", "-q", "-F", "-N", str(FILES * 13 // 10), "-d", str(tree), str(raw), "1800M")
    changed = _copy(raw)
    commands = (f"write {new} {ADDED}", f"rm {CHANGED}", f"write {new} {CHANGED}", f"rm {REMOVED}")
    asked = "\n".join(commands).encode()
    subprocess.run(
        ["debugfs", "-w", "-f", "/dev/stdin", str(changed)], input=asked, check=True, capture_output=True
    )
    return _look(place / "ext4.qcow2", raw, changed)


def _ntfs(place: Path) -> Callable[[], int]:
    raw = making.ntfs(place / "ntfs.raw", {}, size=1800 * MIB)
    with writing(raw) as volume:
        for folder in range(FILES // IN_A_FOLDER):
            volume.files(f"/Windows/d{folder:04}", _contents(folder))
    changed = _copy(raw)
    with writing(changed) as volume:
        volume.file(f"/{ADDED}", b"new")
        volume.file(f"/{CHANGED}", b"changed")
        volume.remove(f"/{REMOVED}")
    return _look(place / "ntfs.qcow2", raw, changed)


def _copy(raw: Path) -> Path:
    copy = raw.with_suffix(".changed")
    making.run("cp", "--sparse=always", str(raw), str(copy))
    return copy


def _look(overlay: Path, raw: Path, changed: Path) -> Callable[[], int]:
    """An overlay that holds what differs; the image behind it stays raw, as the fastest to read for both sides."""
    making.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(changed), "-F", "raw", str(overlay))
    making.run("qemu-img", "rebase", "-q", "-b", str(raw), "-F", "raw", str(overlay))
    changed.unlink()

    def look() -> int:
        found = disk_changes(overlay)
        _right(found.changes)
        return found.bytes_read

    return look
