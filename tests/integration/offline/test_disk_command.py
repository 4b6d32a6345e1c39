"""`bvt disk` as a person uses it."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from harness.cli import disk as disk_command
from tests.integration.offline import making
from tests.integration.offline.conftest import DeadMachine

pytestmark = pytest.mark.libvirt
app = typer.Typer()
disk_command.register(app)


def bvt(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["disk", *arguments])


def test_ls_without_a_path_lists_the_volumes(dead_machine: DeadMachine) -> None:
    result = bvt("ls", str(dead_machine.overlay))
    assert result.exit_code == 0
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["1", "unknown"],
        ["2", "ntfs"],
        ["3", "ntfs"],
    ]
    assert "C:" in result.stdout.splitlines()[2]


def test_ls_lists_a_directory_and_one_file(dead_machine: DeadMachine) -> None:
    disk = str(dead_machine.overlay)
    assert "1048584 MEMORY.DMP" in bvt("ls", disk, r"C:\Windows").stdout
    assert bvt("ls", disk, r"C:\Windows\state.txt").stdout.split()[-2:] == ["7", "state.txt"]
    assert "winre.txt" in bvt("ls", disk, r"\Recovery", "--volume", "2").stdout


def test_cat_writes_the_files_own_bytes(dead_machine: DeadMachine) -> None:
    assert bvt("cat", str(dead_machine.overlay), r"C:\Windows\MEMORY.DMP").stdout_bytes == dead_machine.dump


def test_reg_shows_keys_values_and_one_value(dead_machine: DeadMachine) -> None:
    hive = (str(dead_machine.overlay), r"C:\Windows\System32\config\SOFTWARE")
    assert bvt("reg", *hive).stdout == "[Microsoft]\n"
    assert (
        "CurrentBuild = 22631\nUBR = 4660\n"
        in bvt("reg", *hive, r"Microsoft\Windows NT\CurrentVersion").stdout
    )
    assert bvt("reg", *hive, r"Microsoft\Windows NT\CurrentVersion", "--value", "UBR").stdout == "4660\n"


def test_reg_warns_of_a_dirty_hive(dead_machine: DeadMachine) -> None:
    result = bvt("reg", str(dead_machine.overlay), r"C:\Windows\System32\config\SYSTEM")
    assert result.exit_code == 0
    assert "is dirty" in result.stderr


def test_the_users_mistakes_end_with_2(dead_machine: DeadMachine) -> None:
    disk = str(dead_machine.overlay)
    assert bvt("cat", disk, r"C:\nope").exit_code == 2
    assert bvt("ls", disk, "\\", "--volume", "9").exit_code == 2
    assert bvt("ls", disk, "--format", "vmware").exit_code == 2
    assert bvt("reg", disk, r"C:\Windows\System32\config\SOFTWARE", "--value", "x").exit_code == 2
    assert bvt("reg", disk, r"C:\Windows\state.txt").exit_code == 2
    assert bvt("ls", disk, "\\", "--volume", "1").exit_code == 2


def test_damage_ends_with_4(tmp_path: Path) -> None:
    bad = tmp_path / "bad.raw"
    bad.write_bytes(bytes(512) + b"EFI PART" + b"\xff" * 4096 + bytes(making.MIB))
    result = bvt("ls", str(bad))
    assert (result.exit_code, "it is damaged" in result.stderr) == (4, True)
