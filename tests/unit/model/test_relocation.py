"""A profile whose product goes to another folder names that folder everywhere, and nothing else is changed."""

from harness.model.relocation import relocated
from tests.unit.cell.stand_ins import PROFILE

FOLDER = "C:\\Büro Süd\\Überwachung"


def test_whatever_lies_in_the_folder_is_named_in_the_other() -> None:
    moved = relocated(PROFILE, FOLDER)
    assert moved.install_dir == FOLDER
    assert [file.path for file in moved.files] == [f"{FOLDER}\\refagent.exe", f"{FOLDER}\\NOTICE.txt"]
    assert moved.services[0].image_path == f"{FOLDER}\\refagent.exe"
    assert moved.version_command[0] == f"{FOLDER}\\refagent.exe"
    assert moved.owns(f"{FOLDER}\\refagent.exe")
    assert not moved.owns("C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe")


def test_all_else_is_as_it_was() -> None:
    moved = relocated(PROFILE, FOLDER)
    assert (moved.data_dirs, moved.registry, moved.telemetry) == (
        PROFILE.data_dirs,
        PROFILE.registry,
        PROFILE.telemetry,
    )
    assert relocated(moved, PROFILE.install_dir) == PROFILE


def test_a_folder_whose_name_only_begins_so_is_another() -> None:
    other = PROFILE.model_copy(update={"data_dirs": (f"{PROFILE.install_dir}Data",)})
    assert relocated(other, FOLDER).data_dirs == other.data_dirs
