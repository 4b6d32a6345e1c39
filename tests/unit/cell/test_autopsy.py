"""Reading a dead machine's disk."""

from pathlib import Path

from harness.cell.autopsy import on_disk
from harness.machines.capabilities import StoppedDisk


def test_a_windows_disk_knows_windows_paths() -> None:
    assert on_disk(r"C:\Windows\MEMORY.DMP", StoppedDisk(path=Path("d"))) == r"C:\Windows\MEMORY.DMP"


def test_where_drive_c_is_a_folder_the_path_leads_there() -> None:
    place = StoppedDisk(path=Path("d"), drive_c="/var/lib/bvt/prefix/drive_c")
    assert on_disk(r"C:\ProgramData\X\*.log", place) == "/var/lib/bvt/prefix/drive_c/ProgramData/X/*.log"
