"""Our answer files beside three published ones: every difference has its reason in docs/answer-files.md."""

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from harness.images.answer_file import UNATTEND, answer_file
from tests.unit.images.samples import ACCOUNT, recipe

ROOT = Path(__file__).parents[3]
OTHERS: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / "tests" / "recorded" / "answer_files.yaml").read_text(encoding="utf-8")
)
DOCUMENT = ROOT / "docs" / "answer-files.md"
Settings = dict[str, list[str]]
"""Pass, component and path to the values, as often as the setting stands there."""


def of_others(recorded: dict[str, Any]) -> Settings:
    return {
        f"{during} {component} {path}": value if isinstance(value, list) else [value]
        for during, components in recorded["settings"].items()
        for component, settings in components.items()
        for path, value in settings.items()
    }


def ours(name: str) -> Settings:
    found: Settings = {}
    root = etree.fromstring(answer_file(recipe(name), recipe(name).edition(None), ACCOUNT, 6))
    for component in root.iterfind("u:settings/u:component", {"u": UNATTEND}):
        section = component.getparent()
        assert section is not None
        title = (component.get("name") or "").removeprefix("Microsoft-Windows-")
        for element in component.iterdescendants():
            if len(element):
                continue
            ancestors = [etree.QName(e).localname for e in element.iterancestors()]
            steps = ancestors[: ancestors.index("component")][::-1]
            path = "/".join([*steps, etree.QName(element).localname])
            found.setdefault(f"{section.get('pass')} {title} {path}", []).append(element.text or "")
    return found


def differences(recorded: dict[str, Any]) -> set[str]:
    theirs, own = of_others(recorded), ours(recorded["recipe"])
    return {setting for setting in theirs.keys() | own.keys() if theirs.get(setting) != own.get(setting)}


def explained() -> dict[str, str]:
    """The document's table: a pattern of settings to the recipes where they differ."""
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \| [^|]+ \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(dict(rows)) == len(rows) > 0
    return {pattern: where.strip() for pattern, where in rows}


def test_every_difference_has_its_reason_and_every_reason_its_difference() -> None:
    seen: dict[str, set[str]] = {}
    reasons, unexplained = explained(), []
    for recorded in OTHERS:
        for setting in differences(recorded):
            fitting = [pattern for pattern in reasons if fnmatchcase(setting, pattern)]
            if len(fitting) != 1:
                unexplained.append(f"{recorded['recipe']}: {setting} ({len(fitting)} reasons)")
            for pattern in fitting:
                seen.setdefault(pattern, set()).add(recorded["recipe"])
    assert not unexplained, "\n".join(sorted(unexplained))
    said = {pattern: set(where.split(", ")) for pattern, where in reasons.items()}
    assert said == seen


@pytest.mark.parametrize("recorded", OTHERS, ids=lambda recorded: str(recorded["recipe"]))
def test_most_of_what_others_tell_setup_is_told_the_same_way(recorded: dict[str, Any]) -> None:
    theirs, own = of_others(recorded), ours(recorded["recipe"])
    same = {setting for setting in theirs if theirs[setting] == own.get(setting)}
    for setting in (
        "windowsPE Setup DiskConfiguration/Disk/WillWipeDisk",
        "windowsPE Setup ImageInstall/OSImage/InstallTo/DiskID",
        "windowsPE Setup UserData/AcceptEula",
        "windowsPE International-Core-WinPE SetupUILanguage/UILanguage",
        "oobeSystem Shell-Setup OOBE/HideEULAPage",
        "oobeSystem Shell-Setup AutoLogon/Enabled",
    ):
        assert setting in same
