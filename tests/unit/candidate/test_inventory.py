"""What an installer brings along, as its tables and its signature say."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from examples.reference_agent.build import build
from harness.candidate.inventory import TABLES, brought
from harness.candidate.msi_tables import read_tables
from harness.candidate.read import read_candidate
from harness.config.load import load_profile
from harness.model.inventory import Inventory, Kind, novelty
from tests.programs import ended_well

COMPONENT = {"Component": "C", "Directory_": "D", "Attributes": "256", "KeyPath": ""}


def service(name: str, kind: int = 16, account: str = "") -> Mapping[str, str]:
    return {"Name": name, "ServiceType": str(kind), "StartName": account}


def value(key: str, name: str, text: str) -> Mapping[str, str]:
    return {"Root": "2", "Key": key, "Name": name, "Value": text, "Component_": "C"}


def test_drivers_are_told_from_services_by_their_type() -> None:
    found = brought({"ServiceInstall": (service("Agent"), service("Filter", 2), service("Kernel", 1))})
    assert found[Kind.DRIVER] == {"Filter", "Kernel"}
    assert found[Kind.SERVICE] == {"Agent"}
    assert found[Kind.PRIVILEGE] == {"Agent runs as LocalSystem"}


def test_what_is_made_by_writing_its_key_counts_as_well() -> None:
    services = "SYSTEM\\CurrentControlSet\\Services\\"
    found = brought(
        {
            "Component": (COMPONENT,),
            "Registry": (
                value(f"{services}ByKey", "ImagePath", "x.exe"),
                value(f"{services}ByKey", "Type", "#16"),
                value(f"{services}Flt", "ImagePath", "flt.sys"),
                value(f"{services}Flt", "Type", "#2"),
                value(f"{services}Flt\\Parameters", "Type", "#1"),
            ),
        }
    )
    assert (found[Kind.DRIVER], found[Kind.SERVICE]) == ({"Flt"}, {"ByKey"})


def test_a_driver_file_counts_whoever_makes_its_service() -> None:
    found = brought({"File": ({"FileName": "flt~1.sys|filter.SYS"}, {"FileName": "agent.exe"})})
    assert found[Kind.DRIVER] == {"filter.SYS"}


def test_privileges_are_accounts_rights_actions_of_the_system_and_access_lists() -> None:
    found = brought(
        {
            "ServiceInstall": (service("Agent", account="NT AUTHORITY\\LocalService"),),
            "MsiServiceConfig": (
                {
                    "Name": "Agent",
                    "ConfigType": "6",
                    "Argument": "SeDebugPrivilege[~]SeBackupPrivilege[~][~]",
                },
                {"Name": "Agent", "ConfigType": "5", "Argument": "1"},
            ),
            "CustomAction": (
                {"Action": "AsSystem", "Type": str(2 + 0xC00), "Source": "", "Target": ""},
                {"Action": "AsUser", "Type": str(2 + 0x400), "Source": "", "Target": ""},
                {"Action": "NeverRun", "Type": str(2 + 0xC00), "Source": "", "Target": ""},
            ),
            "InstallExecuteSequence": (
                {"Action": "AsSystem", "Condition": "", "Sequence": "100"},
                {"Action": "AsUser", "Condition": "", "Sequence": "101"},
            ),
            "LockPermissions": ({"LockObject": "F", "Table": "File", "Domain": "", "User": "Everyone"},),
            "MsiLockPermissionsEx": ({"LockObject": "K", "Table": "Registry"},),
        }
    )
    assert found[Kind.PRIVILEGE] == {
        "Agent runs as NT AUTHORITY\\LocalService",
        "Agent has SeDebugPrivilege",
        "Agent has SeBackupPrivilege",
        "custom action AsSystem runs as LocalSystem",
        "access of \\Everyone to File F",
        "access list of Registry K",
    }


def test_certificates_come_by_table_or_by_key() -> None:
    thumb = "ab" * 20
    found = brought(
        {
            "Component": (COMPONENT,),
            "Registry": (
                value(
                    f"SOFTWARE\\Microsoft\\SystemCertificates\\Root\\Certificates\\{thumb}", "Blob", "#x00"
                ),
            ),
            "Wix4Certificate": ({"Name": "Our CA", "StoreName": "root"},),
        }
    )
    assert found[Kind.CERTIFICATE] == {f"{thumb.upper()} in store ROOT", "Our CA in store root"}


def test_the_reference_agent_is_read_whole() -> None:
    profile, _ = load_profile("reference")
    found = read_candidate(build("1.0.0"), profile).inventory
    assert found is not None
    assert found.names(Kind.DRIVER) == ()
    assert found.names(Kind.SERVICE) == ("BvtRefAgent",)
    privileges = found.names(Kind.PRIVILEGE) or ()
    assert "BvtRefAgent runs as LocalSystem" in privileges
    assert "custom action Purge runs as LocalSystem" in privileges
    (signer,) = found.names(Kind.CERTIFICATE) or ()
    assert signer.startswith("signer ")
    fields = found.names(Kind.CONTENT_FIELD) or ()
    assert any(name.startswith("schedule.") for name in fields), fields


EDITS = (
    "INSERT INTO `ServiceInstall` (`ServiceInstall`, `Name`, `ServiceType`, `StartType`, `ErrorControl`, `Component_`) "
    "VALUES ('Filter', 'bvtflt', 2, 1, 1, 'Service')",
    "UPDATE `ServiceInstall` SET `StartName` = 'NT AUTHORITY\\LocalService' WHERE `Name` = 'BvtRefAgent'",
)


def test_a_driver_in_a_real_msi_is_what_is_new_in_it(tmp_path: Path) -> None:
    old, new = build("1.0.0"), tmp_path / "agent.msi"
    shutil.copy(old, new)
    statements = [part for sql in EDITS for part in ("-q", sql)]
    ended_well(["msibuild", new, *statements], 60)
    before, after = (Inventory.of(brought(read_tables(path, TABLES))) for path in (old, new))
    assert [str(each) for each in novelty(before, after, "1.0.0").first_used] == [
        "driver bvtflt",
        "privilege BvtRefAgent runs as NT AUTHORITY\\LocalService",
    ]
    assert novelty(after, before, "1.0.0").first_used != ()
