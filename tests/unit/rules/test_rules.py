"""Each rule is tripped by an MSI that breaks it, and by nothing that comes close."""

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from examples.reference_agent.build import build
from harness.candidate.msi_contents import contents_of
from harness.candidate.msi_tables import Tables, read_tables
from harness.config.load import load_profile
from harness.model.candidate import Platform
from harness.model.profile import AgentProfile
from harness.rules.catalogue import look, rules
from harness.rules.rule import Finding, Msi, Severity
from harness.rules.sarif import sarif_json
from harness.rules.services import is_open
from tests.unit.rules.edits import (
    BAD,
    CODE,
    LATE,
    NEAR,
    SAME_CODE,
    Edit,
    action,
    added,
    both,
    carried_out,
    changed,
    without,
)
from tests.unit.rules.twins import TWINS

SHIPPED = Path(__file__).parents[3] / "agents" / "reference.yaml"
DOCUMENT = Path(__file__).parents[3] / "docs" / "static-checks.md"
PROFILE, _ = load_profile(str(SHIPPED))


@pytest.fixture(scope="module")
def good() -> Tables:
    return read_tables(build("1.0.0"))


def found(
    tables: Tables, edit: Edit | None, profile: AgentProfile = PROFILE, previous: Tables | None = None
) -> list[Finding]:
    edited = dict(tables)
    if edit is not None:
        edit(edited)
    contents = contents_of(edited, Platform.X64, {})
    codes = (CODE, CODE if previous is not None and SAME_CODE in previous else "")
    return list(look(Msi(edited, contents, profile, previous, *codes)))


def prepared(rule: str, tables: Tables) -> tuple[Tables, Edit, Tables | None]:
    """Some rules need a good MSI that is a little different, or the release before."""
    edited = dict(tables)
    if rule == "msi.properties.never-arrives":
        added("Property", Property="SecureCustomProperties", Value="BACKEND;ENROLSECRET;SERVERPIN")(edited)
    if rule == "msi.actions.from-a-callers-property":
        changed("Property", "SecureCustomProperties", Value="OWNTOOL")(edited)
    if rule == "msi.actions.elevated-from-writable":
        added("Property", Property="HELPER", Value="C:\\Windows\\Temp\\helper.exe")(edited)
    previous = None
    if rule.startswith("msi.upgrade.") and rule.endswith(("same-product", "replace")):
        before = dict(tables)
        changed("Property", "ProductVersion", Value="0.9.0")(before)
        if rule.endswith("replace"):
            changed("Property", "ProductCode", Value="{00000000-0000-0000-0000-000000000001}")(before)
        previous = before
    before = dict(tables)
    if rule == "msi.upgrade.file-goes-back":
        changed("File", "AgentExecutable", Version="1.0.0.2")(before)
        previous = before
    if rule == "msi.upgrade.component-moved":
        LATE(edited)
        previous = before
    if rule == "msi.upgrade.same-package-code":
        previous = {**before, SAME_CODE: ()}
    return edited, BAD[rule], previous


@pytest.mark.parametrize("rule", [each.id for each in rules()])
def test_a_rule_is_tripped_by_what_breaks_it_and_names_it(rule: str, good: Tables) -> None:
    tables, edit, previous = prepared(rule, good)
    before = {finding.rule for finding in found(tables, None)}
    now = {finding.rule for finding in found(tables, edit, previous=previous)}
    assert rule in now
    assert rule not in before or rule.endswith("never-arrives")


@pytest.mark.parametrize("near", NEAR)
def test_what_comes_close_breaks_nothing(near: str, good: Tables) -> None:
    edit = both(NEAR[near], carried_out)
    errors = [each for each in found(good, edit) if each.severity is Severity.ERROR]
    assert errors == []


@pytest.mark.parametrize("twin", TWINS)
def test_what_packages_of_known_builders_hold_breaks_nothing(twin: str, good: Tables) -> None:
    errors = [each for each in found(good, both(TWINS[twin], carried_out)) if each.severity is Severity.ERROR]
    assert errors == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("1.0.0.1", "1.0.0.1"),
        ("1.0.0.1", "1.0.0.2"),
        ("1.9", "1.10"),
        ("", "1.0"),
        ("1.0", ""),
    ],
)
def test_a_file_that_goes_on_or_has_no_version_is_replaced(before: str, now: str, good: Tables) -> None:
    previous = dict(good)
    changed("File", "AgentExecutable", Version=before)(previous)
    broken = found(good, changed("File", "AgentExecutable", Version=now), previous=previous)
    assert "msi.upgrade.file-goes-back" not in {each.rule for each in broken}


def test_where_the_old_product_is_removed_first_its_components_may_have_other_ids(good: Tables) -> None:
    broken = found(good, BAD["msi.upgrade.component-moved"], previous=good)
    assert "msi.upgrade.component-moved" not in {each.rule for each in broken}


def test_a_good_release_replaces_the_one_before(good: Tables) -> None:
    before = dict(good)
    changed("Property", "ProductVersion", Value="0.9.0")(before)
    changed("Property", "ProductCode", Value="{00000000-0000-0000-0000-000000000001}")(before)
    assert not [each for each in found(good, None, previous=before) if each.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("language", "attributes", "replaces"),
    [
        ("", "1", True),
        ("1033", "1", True),
        ("1031,1033", "1", True),
        ("1031", "1", False),
        ("1033", "1025", False),
    ],
)
def test_a_row_for_another_language_replaces_nothing(
    language: str, attributes: str, replaces: bool, good: Tables
) -> None:
    before = dict(good)
    changed("Property", "ProductVersion", Value="0.9.0")(before)
    changed("Property", "ProductCode", Value="{00000000-0000-0000-0000-000000000001}")(before)
    broken = found(good, changed("Upgrade", "*", Language=language, Attributes=attributes), previous=before)
    assert ("msi.upgrade.does-not-replace" not in {each.rule for each in broken}) is replaces


def test_a_clean_up_that_the_release_before_left_out_at_an_upgrade_is_named(good: Tables) -> None:
    at_each = changed("InstallExecuteSequence", "Purge", Condition='REMOVE="ALL"')
    named = [each for each in found(good, at_each, previous=good) if each.severity is Severity.ERROR]
    assert [each.rule for each in named if "replaced" in each.rule] == ["msi.upgrade.cleans-up-when-replaced"]
    assert "NOT UPGRADINGPRODUCTCODE kept it" in str(named)
    before = dict(good)
    at_each(before)
    again = found(good, at_each, previous=before)
    assert "msi.upgrade.cleans-up-when-replaced" not in {each.rule for each in again}


def test_a_minor_upgrade_that_the_profile_asks_for_is_no_finding(good: Tables) -> None:
    """The same product code, installed over its earlier release: nothing is to be removed."""
    tables, edit, previous = prepared("msi.upgrade.same-product", good)
    no_rows = both(edit, without("Upgrade"))
    asked = {"REINSTALL": "ALL", "REINSTALLMODE": "vomus"}

    def broken(properties: dict[str, str]) -> set[str]:
        upgrade = PROFILE.upgrade.model_copy(update={"properties": properties})
        minor = PROFILE.model_copy(update={"upgrade": upgrade})
        everything = found(tables, no_rows, minor, previous=previous)
        return {each.rule for each in everything if each.severity is Severity.ERROR}

    assert broken(asked) == set()
    assert broken({}) == {"msi.upgrade.same-product"}
    assert broken(asked | {"REINSTALLMODE": "omus"}) == {"msi.upgrade.same-product"}


def test_what_the_profile_declares_of_reboots_is_no_finding(good: Tables) -> None:
    declared = PROFILE.model_copy(
        update={
            "installer": PROFILE.installer.model_copy(
                update={
                    "reboot_after": {
                        "install": "its driver loads at boot",
                        "uninstall": "its driver goes at boot",
                    }
                }
            )
        }
    )
    rule = "msi.system.forces-a-reboot"
    assert rule not in {each.rule for each in found(good, BAD[rule], declared)}


def test_sarif_has_every_rule_and_each_finding_at_its_place(good: Tables) -> None:
    findings = found(good, BAD["msi.components.permanent"])
    document = json.loads(sarif_json(findings, "agent.msi", "a" * 64, "1.0"))
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [each.id for each in rules()]
    (result,) = [each for each in run["results"] if each["level"] == "error"]
    assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Component: Notice"


TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "locations"],
                            "properties": {
                                "message": TEXT,
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                            },
                        },
                    },
                    "artifacts": {
                        "type": "array",
                        "items": {"type": "object", "required": ["location", "hashes"]},
                    },
                },
            },
        },
    },
}
"""What the published schema demands of the parts that are written here (OASIS, "SARIF Version 2.1.0")."""


def test_the_document_names_every_rule() -> None:
    text = DOCUMENT.read_text()
    rows = [f"| `{each.id}` | {each.severity.value} | {each.expected} |" for each in rules()]
    assert not [row for row in rows if row not in text], "\n".join(rows)


def test_the_command_says_it_and_ends_with_1(tmp_path: Path) -> None:
    bad = tmp_path / "bad.msi"
    shutil.copy(build("1.0.0"), bad)
    sql = "UPDATE `Component` SET `Attributes` = 272 WHERE `Component` = 'Notice'"
    subprocess.run(["msibuild", bad, "-q", sql], check=True, timeout=60)
    sarif = tmp_path / "found.sarif"
    bvt = [str(Path(__file__).parents[3] / ".venv" / "bin" / "bvt"), "inspect"]
    done = subprocess.run(
        [*bvt, bad, "-p", SHIPPED, "--sarif", sarif], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stderr
    assert "msi.components.permanent  Component: Notice" in done.stdout
    assert json.loads(sarif.read_text())["runs"][0]["results"]
    text = tmp_path / "no.msi"
    text.write_text("no MSI")
    refused = subprocess.run([*bvt, text], capture_output=True, text=True, check=False, timeout=120)
    assert refused.returncode == 2
    assert "only an MSI has tables that can be read" in refused.stderr


def test_a_reboot_may_be_a_property(good: Tables) -> None:
    broken = found(good, added("Property", Property="REBOOT", Value="Force"))
    assert ("msi.system.forces-a-reboot", "Property: REBOOT") in {(each.rule, each.place) for each in broken}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\ProgramData\\Vendor\\agent.exe", True),
        ("C:\\Agent\\agent.exe", True),
        ("C:\\agent.exe", True),
        ("C:\\Windows\\Temp\\agent.exe", True),
        ("%PUBLIC%\\agent.exe", True),
        ("C:\\Program Files\\Vendor\\agent.exe", False),
        ("C:\\Program Files (x86)\\Vendor\\agent.exe", False),
        ("C:\\Windows\\System32\\agent.exe", False),
        ("[INSTALLDIR]agent.exe", False),
    ],
)
def test_where_ordinary_users_may_put_something(path: str, expected: bool) -> None:
    assert is_open(path) is expected


@pytest.mark.parametrize(
    ("given", "declared", "same"),
    [
        ("NT AUTHORITY\\NETWORK SERVICE", "NT AUTHORITY\\NetworkService", True),
        ("NT AUTHORITY\\System", "LocalSystem", True),
        ("", "LocalSystem", True),
        (".\\agent", "agent", True),
        ("CORP\\agent", "agent", False),
        ("NT AUTHORITY\\LocalService", "NT AUTHORITY\\NetworkService", False),
    ],
)
def test_an_account_has_several_names(given: str, declared: str, same: bool, good: Tables) -> None:
    services = tuple(each.model_copy(update={"account": declared}) for each in PROFILE.services)
    profile = PROFILE.model_copy(update={"services": services})
    broken = {each.rule for each in found(good, changed("ServiceInstall", "*", StartName=given), profile)}
    assert ("msi.services.account" not in broken) is same


@pytest.mark.parametrize(
    "command",
    [
        "[System64Folder]curl.exe -O http://updates.example/more.exe",
        'cmd.exe /c "curl -o more.exe https://updates.example/more.exe"',
        "cmd /c cd [INSTALLDIR] && curl -O https://updates.example/more.exe",
        'cmd.exe /c start /b "" curl -O https://updates.example/more.exe',
        "powershell.exe -NoProfile wget https://updates.example/more.exe -OutFile more.exe",
        'powershell -Command "iwr https://updates.example/more.exe"',
        '"C:\\Windows\\System32\\certutil.exe" -urlcache -f https://updates.example/more.exe more.exe',
        "bitsadmin /transfer job https://updates.example/more.exe more.exe",
    ],
)
def test_what_fetches_a_program_is_told_in_each_of_its_forms(command: str, good: Tables) -> None:
    broken = found(good, action("Fetch", 34 + 3072, "TARGETDIR", command))
    assert "msi.actions.fetches-a-program" in {each.rule for each in broken}
