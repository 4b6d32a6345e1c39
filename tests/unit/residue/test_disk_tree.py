"""Two looks at a disk: what became of each path between them, whatever the image had."""

from harness.offline.difference import FileState
from harness.residue.change import Kind
from harness.residue.disk_registry import is_part_of_hive, root_of
from harness.residue.disk_tree import AS_THE_IMAGE, DiskTree, difference


def state(sha256: str = "", size: int = 3, access: str = "mode 644") -> FileState:
    return FileState("file", size, "0:0", access, "", 1.0, sha256)


def kinds(before: DiskTree, after: DiskTree) -> dict[str, Kind]:
    return {each.path: each.kind for each in difference(before, after)}


def test_what_was_there_at_the_first_look_is_no_change() -> None:
    noise = DiskTree({"a": (None, state("x"))})
    assert kinds(noise, noise) == {}
    later = DiskTree({"a": (None, state("y")), "b": (state("z"), None)})
    assert kinds(noise, later) == {"C:\\a": Kind.CHANGED, "C:\\b": Kind.REMOVED}
    assert kinds(later, AS_THE_IMAGE) == {"C:\\a": Kind.REMOVED, "C:\\b": Kind.ADDED}


def test_what_is_the_images_again_is_no_change() -> None:
    assert kinds(DiskTree({"a": (state("x"), None)}), AS_THE_IMAGE) == {"C:\\a": Kind.ADDED}
    assert kinds(DiskTree({}), DiskTree({"a": (state("x"), state("y"))})) == {"C:\\a": Kind.CHANGED}


def test_a_content_that_only_one_look_has_read_is_the_images() -> None:
    unread = DiskTree({"a": (state(access="mode 644"), state(access="mode 600"))})
    rewritten = DiskTree({"a": (state("x"), state("x", access="mode 600"))})
    assert kinds(unread, rewritten) == {}
    other = DiskTree({"a": (state("x"), state("y", access="mode 600"))})
    assert kinds(unread, other) == {"C:\\a": Kind.CHANGED}


def test_hives_are_told_from_files_beside_them() -> None:
    assert root_of("Windows/System32/config/SOFTWARE") == "HKLM\\Software"
    assert root_of("Users/ann/NTUSER.DAT") == "HKU\\ann"
    assert root_of("Users/ann/AppData/Local/Microsoft/Windows/UsrClass.dat") == "HKU\\ann_Classes"
    assert root_of("Users/ann/notes.dat") == ""
    assert is_part_of_hive("Windows/System32/config/SYSTEM.LOG1")
    assert is_part_of_hive("Users/ann/ntuser.dat.LOG2")
    assert not is_part_of_hive("Windows/System32/config/agent.log")
    assert not is_part_of_hive("Users/ann/system.log")
