"""Cloning and removing prefixes without mounts."""

from pathlib import Path

from harness.machines.wine.clone import copy_tree, hard_link_tree, remove_tree
from harness.machines.wine.namespaces import overlay_options


def make_template(directory: Path) -> Path:
    template = directory / "template"
    (template / "drive_c" / "windows").mkdir(parents=True)
    (template / "drive_c" / "windows" / "KERNEL32.DLL").write_text("program")
    (template / "drive_c" / "windows" / "win.ini").write_text("settings")
    (template / "dosdevices").mkdir()
    (template / "dosdevices" / "c:").symlink_to("../drive_c")
    return template


def test_hard_links_share_program_files_and_nothing_that_is_written_in_place(tmp_path: Path) -> None:
    template = make_template(tmp_path)
    hard_link_tree(template, tmp_path / "clone")
    windows = tmp_path / "clone" / "drive_c" / "windows"
    assert (windows / "KERNEL32.DLL").samefile(template / "drive_c" / "windows" / "KERNEL32.DLL")
    (windows / "win.ini").write_text("changed")
    assert (template / "drive_c" / "windows" / "win.ini").read_text() == "settings"


def test_a_copy_shares_nothing_and_keeps_links(tmp_path: Path) -> None:
    template = make_template(tmp_path)
    copy_tree(template, tmp_path / "clone")
    (tmp_path / "clone" / "drive_c" / "windows" / "KERNEL32.DLL").write_text("changed")
    assert (template / "drive_c" / "windows" / "KERNEL32.DLL").read_text() == "program"
    assert (tmp_path / "clone" / "dosdevices" / "c:").readlink() == Path("../drive_c")


def test_locked_directories_are_removed_and_a_missing_one_is_no_error(tmp_path: Path) -> None:
    directory = tmp_path / "machine"
    (directory / "work" / "work" / "incompat").mkdir(parents=True)
    (directory / "work" / "work" / "incompat").chmod(0)
    (directory / "work" / "work").chmod(0)
    remove_tree(directory)
    assert not directory.exists()
    remove_tree(directory)


def test_paths_with_colons_and_commas_reach_the_overlay_escaped() -> None:
    data = overlay_options(Path("/a:b"), Path("/c,d"), Path("/e\\f"), rootless=True)
    assert data == "lowerdir=/a\\:b,upperdir=/c\\,d,workdir=/e\\\\f,volatile,userxattr"
