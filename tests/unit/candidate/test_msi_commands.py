"""Which command lines an MSI's tables say that it runs."""

from harness.candidate.msi_commands import commands
from harness.candidate.msi_tables import Tables


def tables(*actions: tuple[str, int, str, str], **properties: str) -> Tables:
    names = ("Action", "Type", "Source", "Target")
    rows = ((name, str(kind), source, target) for name, kind, source, target in actions)
    return {
        "CustomAction": tuple(dict(zip(names, row, strict=True)) for row in rows),
        "Property": tuple({"Property": name, "Value": value} for name, value in properties.items()),
    }


def test_programs_below_a_folder_and_by_a_property() -> None:
    found = commands(
        tables(
            ("Load", 3106, "TARGETDIR", "[System64Folder]fltmc.exe load a"),
            ("Set", 3122, "TOOL", "config a"),
            TOOL="C:\\Windows\\System32\\sc.exe",
        )
    )
    assert found == {
        "Load": "[System64Folder]fltmc.exe load a",
        "Set": "C:\\Windows\\System32\\sc.exe config a",
    }


def test_quiet_execution_by_wix_deferred_and_at_once() -> None:
    found = commands(
        tables(
            ("SetLater", 51, "Later", '"sc.exe" failureflag a 1'),
            ("Later", 3073, "WixCA", "CAQuietExec64"),
            ("Now", 1, "WixCA", "WixQuietExec"),
            WixQuietExecCmdLine="timeout /t 1",
        )
    )
    assert found == {"Later": '"sc.exe" failureflag a 1', "Now": "timeout /t 1"}


def test_what_the_package_holds_itself_or_leaves_to_code_is_no_command_line_of_its_tables() -> None:
    own = ("Own", 3090, "File", "--setup")
    script = ("Script", 38, "", 'Run "sc.exe config a"')
    assert (
        commands(tables(own, script, ("Code", 1, "Dll", "Entry"), ("Empty", 3073, "WixCA", "CAQuietExec")))
        == {}
    )
