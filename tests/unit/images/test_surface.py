"""The script changes what the recipe lists, and the recipe lists what the script changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import SecretStr, TypeAdapter, ValidationError

from harness.images.account import Account
from harness.images.answer_file import answer_file
from harness.images.answer_rules import Answer
from harness.images.first_boot import first_boot_script, powershell_text, script_changes
from harness.images.surface import (
    AnswerChange,
    RegistryChange,
    Step,
    StepChange,
    SurfaceChange,
    WsManChange,
    native,
    shown,
)
from tests.unit.images.samples import ACCOUNT, BUILD_ID, NAMES, certificate, recipe

# Every way in which the script can change the machine.
CHANGING = re.compile(
    r"^\s*(?:\S+ = )?(Native|Set-Item|New-Item|Remove-Item|Set-ItemProperty|Remove-ItemProperty|Start-Service|"
    r"New-ItemProperty|Set-Service|Stop-Service|Enable-\S+|Disable-\S+|Add-\S+|Invoke-\S+|Import-\S+|&|\[System\.IO|\$Network\.SetCategory)\b"
)
OF_THE_FRAME = {  # lines of the template that are no change of the image: its log, and the end
    "Add-Content -Path $Log -Value $Line -Encoding UTF8",
    "Remove-Item -LiteralPath $Log -Force -ErrorAction SilentlyContinue",
    "Native 'shutdown.exe' '/s /t 5 /f' @(0) 300",
}
POWERSHELL_2 = {  # cmdlets of PowerShell 2.0 that the script may use
    *(
        "Add-Content",
        "Add-Type",
        "Get-ItemProperty",
        "Get-WmiObject",
        "Join-Path",
        "New-Item",
        "New-Object",
        "Remove-Item",
    ),
    *("Remove-ItemProperty", "Set-Item", "Set-ItemProperty", "Start-Service", "Test-Path", "ForEach-Object"),
    *("Sort-Object", "Start-Sleep", "Find-OnMedia"),
}


def script(name: str) -> str:
    return first_boot_script(recipe(name), ACCOUNT, certificate(), BUILD_ID).decode("utf-8-sig")


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """The script's steps: id, and the lines between it and the next one."""
    body = text.split("try {\r\n    Begin ", 1)[1].split("    $Version = Get-ItemProperty", 1)[0]
    found = []
    for part in body.split("    Begin "):
        first, *lines = part.splitlines()
        found.append((first.strip("'"), [line.strip() for line in lines if line.strip()]))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_change_of_the_recipe_is_in_the_script_and_nothing_else_is(name: str) -> None:
    changes = script_changes(recipe(name))
    steps = blocks(script(name))
    assert len(steps) == len(changes)
    for change, (_, lines) in zip(changes, steps, strict=True):
        changing = [line for line in lines if CHANGING.match(line)]
        command = native(change)
        if command is not None:
            accepted = ", ".join(map(str, command.accept))
            assert changing == [
                f"Native '{command.program}' {powershell_text(command.arguments)} @({accepted}) 300"
            ]
        elif isinstance(change.value, WsManChange):
            data = str(change.value.data).lower()
            assert changing == [
                f"Set-Item -Path 'WSMan:\\localhost\\{change.value.path}' -Value '{data}' -Force"
            ]
        else:
            assert isinstance(change.value, StepChange)
            assert changing, "a step of the recipe does nothing"


@pytest.mark.parametrize("name", NAMES)
def test_the_script_changes_nothing_outside_its_steps(name: str) -> None:
    inside = {line for _, lines in blocks(script(name)) for line in lines}
    outside = {line.strip() for line in script(name).splitlines()} - inside
    assert {line for line in outside if CHANGING.match(line)} <= OF_THE_FRAME


@pytest.mark.parametrize("name", NAMES)
def test_what_setup_changes_is_what_the_recipe_lists(name: str) -> None:
    answer = Answer(etree.fromstring(answer_file(recipe(name), recipe(name).edition(None), ACCOUNT, 6)))
    listed = [change for change in recipe(name).surface_changes if isinstance(change.value, AnswerChange)]
    for change in listed:
        value = change.value
        assert isinstance(value, AnswerChange)
        assert answer.text(value.during, value.component, value.path) == value.data
    early = answer.texts(
        "specialize", "Microsoft-Windows-Deployment", "RunSynchronous/RunSynchronousCommand/Path"
    )
    wanted = [
        command for change in recipe(name).surface_changes if change.early and (command := native(change))
    ]
    assert early == [f"{command.program} {command.arguments}" for command in wanted]


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_file_holds_no_setting_that_is_not_listed(name: str) -> None:
    """Leaves of the passes that shape the installed system: listed, or part of the listed account and script."""
    listed = {
        (change.value.during, change.value.component, change.value.path)
        for change in recipe(name).surface_changes
        if isinstance(change.value, AnswerChange)
    }
    structural = {"ComputerName", "InputLocale", "SystemLocale", "UILanguage", "UserLocale"}
    structural_roots = {"UserAccounts", "AutoLogon", "FirstLogonCommands", "RunSynchronous"}
    root = etree.fromstring(answer_file(recipe(name), recipe(name).edition(None), ACCOUNT, 6))
    for section in root:
        during = str(section.get("pass"))
        if during == "windowsPE":
            continue
        for component in section:
            for leaf in component.iter():
                if len(leaf):
                    continue
                names = [etree.QName(leaf).localname]
                names += [etree.QName(above).localname for above in leaf.iterancestors()]
                path = "/".join(reversed(names[: names.index("component")]))
                known = (during, str(component.get("name")), path) in listed
                assert known or path in structural or path.split("/")[0] in structural_roots, path


@pytest.mark.parametrize("name", NAMES)
def test_each_step_is_listed_once_and_no_value_is_set_twice(name: str) -> None:
    values = [shown(change.value).split(" = ")[0] for change in recipe(name).surface_changes]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("name", NAMES)
def test_what_every_image_must_have_is_there(name: str) -> None:
    values = [change.value for change in recipe(name).surface_changes]
    steps = {value.step for value in values if isinstance(value, StepChange)}
    assert steps == set(Step)
    registry = {value.name: value.data for value in values if isinstance(value, RegistryChange)}
    assert registry["LocalAccountTokenFilterPolicy"] == 1
    assert registry["NoAutoUpdate"] == 1
    assert (
        registry["AutoReboot"] == 0
    )  # and no word of a MEMORY.DMP, which the hypervisor does not let Windows write
    kinds = [value.step if isinstance(value, StepChange) else value.kind for value in values]
    assert kinds.index(Step.PUBLISHER) < kinds.index(Step.DRIVERS)
    assert kinds.index(Step.PRIVATE_NETWORKS) < min(kinds.index(Step.LISTENER), kinds.index("wsman"))
    quotas = {value.path for value in values if isinstance(value, WsManChange)}
    assert quotas >= {
        r"Shell\MaxShellsPerUser",
        r"Shell\MaxProcessesPerShell",
        r"Shell\MaxMemoryPerShellMB",
        r"Service\MaxConcurrentOperationsPerUser",
        "MaxTimeoutms",
    }
    assert ("Enabled" in registry) == (name == "win7-sp1")  # TLS 1.2


@pytest.mark.parametrize("name", NAMES)
def test_the_script_keeps_to_powershell_2(name: str) -> None:
    code = re.sub(r"'[^']*'", "''", script(name))
    code = "\n".join(line for line in code.splitlines() if not line.lstrip().startswith("#"))
    assert set(re.findall(r"\b[A-Z][a-z]+-[A-Z][A-Za-z]+\b", code)) <= POWERSHELL_2
    for newer in ("-SkipNetworkProfileCheck", "[ordered]", "::new(", "-in ", "[pscustomobject]", "&&", "||"):
        assert newer not in code


@pytest.mark.parametrize("name", NAMES)
def test_every_program_of_the_script_has_a_time_limit(name: str) -> None:
    calls = [line for line in script(name).splitlines() if line.lstrip().startswith("Native '")]
    assert len(calls) > 10
    for line in calls:
        limit = re.search(r"@\([0-9, ]+\) ([0-9]+)$", line)
        assert limit is not None, line
        assert 0 < int(limit[1]) <= 900


@pytest.mark.parametrize("name", NAMES)
def test_the_script_forgets_the_password_of_the_automatic_logon_wherever_setup_keeps_it(name: str) -> None:
    code = script(name)
    assert "Remove-ItemProperty -Path $Logon -Name DefaultPassword" in code
    assert "[BvtLsa]::Forget('DefaultPassword')" in code
    assert code.index("BvtLsa]::Forget") < code.index("BVT-DONE")


@pytest.mark.parametrize("name", NAMES)
def test_a_network_that_is_still_being_identified_does_not_end_the_build(name: str) -> None:
    code = [line.strip() for line in script(name).splitlines()]
    at = code.index("$Network.SetCategory(1)")
    assert (code[at - 1], code[at + 1]) == ("try {", "} catch { }")


@pytest.mark.parametrize("name", NAMES)
def test_the_script_is_balanced_and_starts_with_a_byte_order_mark(name: str) -> None:
    data = first_boot_script(recipe(name), ACCOUNT, certificate(), BUILD_ID)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    code = re.sub(r"'[^'\r\n]*'", "", data.decode("utf-8-sig"))
    code = "\n".join(line for line in code.splitlines() if not line.lstrip().startswith("#"))
    for opening, closing in ("{}", "()", "[]"):
        assert code.count(opening) == code.count(closing)
    assert "{%" not in code
    assert "{{" not in code


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0")))
def test_any_text_survives_powershell_quoting(text: str) -> None:
    """Read back by PowerShell's rule: a doubled quote of any of its five kinds is one, a single one ends the string."""
    quoted = powershell_text(text)
    assert quoted[0] == quoted[-1] == "'"
    inner, read, at = quoted[1:-1], "", 0
    while at < len(inner):
        if inner[at] in "'\u2018\u2019\u201a\u201b":
            assert inner[at + 1] == inner[at]
            at += 1
        read += inner[at]
        at += 1
    assert read == text


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_a_line_break_is_refused_in_a_script(text: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        powershell_text(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_password_stays_one_argument_in_the_script(password: str) -> None:
    text = first_boot_script(
        recipe("win7-sp1"), Account("bvt", SecretStr(password)), certificate(), BUILD_ID
    ).decode("utf-8-sig")
    assert len(blocks(text)) == len(script_changes(recipe("win7-sp1")))


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "registry", "key": "HKLM\\A", "name": "x", "data": "text"},
        {"kind": "registry", "key": "HKLM\\A", "name": "x", "data": -1},
        {"kind": "registry", "key": "HKEY_USERS\\A", "name": "x", "data": 1},
        {"kind": "registry", "key": "HKLM\\A", "name": "x", "type": "REG_SZ", "data": 1},
        {"kind": "service", "service": "a b", "start": "auto"},
        {"kind": "command", "program": "powershell", "arguments": ["x"]},
        {"kind": "step", "step": "whatever"},
        {"kind": "magic"},
    ],
)
def test_a_change_that_cannot_be_made_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SurfaceChange).validate_python({"what": "Something", "why": "because", "value": value})


def test_only_registry_values_can_be_set_early() -> None:
    entry = {"what": "Service", "why": "because", "early": True}
    with pytest.raises(ValidationError, match="only a registry value"):
        SurfaceChange.model_validate(entry | {"value": {"kind": "service", "service": "x", "start": "auto"}})
