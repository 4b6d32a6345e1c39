"""A profile whose product goes to another folder names that folder everywhere, and nothing else is changed."""

from harness.model.relocation import of_version, relocated
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


def test_a_version_in_names_and_places_is_the_candidates() -> None:
    """A product that is called by its version, or lies in a folder of that name, has one profile for all releases."""
    service = PROFILE.services[0].model_copy(
        update={
            "display_name": "Agent {version}",
            "image_path": "C:\\Program Files\\Agent {version}\\refagent.exe",
        }
    )
    versioned = PROFILE.model_copy(
        update={
            "product_name": "Agent {version}",
            "install_dir": "C:\\Program Files\\Agent {version}",
            "services": (service,),
            "registry_roots": ("HKLM\\Software\\Agent\\{version}",),
        }
    )
    found = of_version(versioned, "7.2.1")
    assert found.product_name == "Agent 7.2.1"
    assert found.install_dir == "C:\\Program Files\\Agent 7.2.1"
    assert found.owns("C:\\Program Files\\Agent 7.2.1\\refagent.exe")
    assert found.services[0].image_path == "C:\\Program Files\\Agent 7.2.1\\refagent.exe"
    assert found.registry_roots == ("HKLM\\Software\\Agent\\7.2.1",)
    # Templates are filled in later, for the release that they are used for.
    assert found.registry == PROFILE.registry
    assert found.installer == PROFILE.installer
    assert of_version(PROFILE, "7.2.1") is PROFILE
