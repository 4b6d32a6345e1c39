"""Where a secret may lie, and what an installer's log says that is no news."""

from unittest.mock import Mock

import pytest

from harness.lifecycle.declared_secrets import secret_properties, spoken_of, written_from
from harness.lifecycle.disclosed import ENROLMENT, Disclosure, Where, on_command_lines, undeclared
from harness.lifecycle.disclosure import Disclosures
from harness.lifecycle.short_lived_secrets import gives_a_secret, held_secrets
from harness.model.profile.installer import GuestFile, Installer
from harness.model.profile.places import SecretPlace
from harness.probe.answers.processes import Process
from harness.probe.answers.search import Searched
from harness.residue.short_lived import Gone
from tests.unit.cell.stand_ins import PROFILE

KEY = r"HKLM\Software\Vendor"
SECRETIVE = PROFILE.model_copy(
    update={
        "installer": Installer(properties={"SECRET": "{enrol_secret}", "HOST": "{backend_host}"}),
        "guest_files": (GuestFile(path=r"C:\Vendor\enrol.txt", content="{enrol_secret}"),),
        "secrets": (
            SecretPlace(kind="registry", path=rf"{KEY}\Key", reason="kept for later"),
            SecretPlace(kind="file", path=r"C:\Vendor\store", reason="kept for later"),
        ),
    }
)


def at(place: str, where: Where = Where.FILE) -> Disclosure:
    return Disclosure(where, place.lower(), ENROLMENT)


@pytest.mark.parametrize(
    "found",
    [at(r"C:\Vendor\store\a.db"), at(r"C:\Vendor\enrol.txt"), at(rf"{KEY}\Key", Where.REGISTRY)],
)
def test_declared_places_may_hold_it(found: Disclosure) -> None:
    assert undeclared(SECRETIVE, [found]) == []


@pytest.mark.parametrize(
    "found",
    [
        at(r"C:\Vendor\store2\a.db"),
        at(r"C:\Vendor\enrol.txt.bak"),
        at(rf"{KEY}\Keys", Where.REGISTRY),
        at(rf"{KEY}\Key"),
        at(r"C:\Vendor\store\a.db", Where.COMMAND_LINE),
    ],
)
def test_no_other_place_may(found: Disclosure) -> None:
    assert undeclared(SECRETIVE, [found]) == [found]


def test_a_profile_without_the_secret_has_nothing_to_look_for() -> None:
    bare = PROFILE.model_copy(update={"installer": Installer(), "guest_files": ()})
    assert (gives_a_secret(bare), gives_a_secret(SECRETIVE)) == (False, True)
    assert secret_properties(SECRETIVE) == {"SECRET"}


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("Property(S): SECRET = x", True),
        ("MSI (s) (A0:B0) [10:00:00:000]: Property(S): SECRET = x", True),
        ("Property(S): CONNECTION = secret=x", False),
        (r"Key: HKEY_LOCAL_MACHINE\Software\Vendor\, Name: Key, Value: x", True),
        (r"Key: HKEY_LOCAL_MACHINE\Software\Vendor\, Name: Debug, Value: x", False),
        (r"Key: HKEY_LOCAL_MACHINE\Software\Vendor\, Name: , Value: x", False),  # a key's default
        ("Executing op: RegAddValue(Name=Key,Value=x,)", True),
        ("Executing op: RegAddValue(Name=Debug,Value=x,)", False),
        ("CustomAction Enrol says x", False),
    ],
)
def test_what_a_log_says_of_known_places_is_no_news(line: str, *, known: bool) -> None:
    assert spoken_of(line, SECRETIVE, {"SECRET"}) is known


@pytest.mark.parametrize(
    ("line", "known"),
    [
        (r"Key: HKEY_LOCAL_MACHINE\Software\Vendor\, Name: Token, Value: x", True),
        ("File: row1,  Section: agent,  Key: Secret, Value: x", True),
        ("File: row1,  Section: agent,  Key: comment, Value: x", False),
        ("Name: AGENT_TOKEN, Value: x, Action 2", True),
        ("Name: AGENT_URL, Value: https://host/?x, Action 2", False),
        ("CustomAction Enrol File: row1, Key: Secret, Value: x", False),
    ],
)
def test_what_wine_logs_of_values_from_hidden_properties_is_not_the_packages(
    line: str, *, known: bool
) -> None:
    tables = {
        "Registry": ({"Name": "Token", "Value": "[SECRET]"}, {"Name": "Url", "Value": "[HOST]"}),
        "IniFile": ({"Key": "secret", "Value": "key:[SECRET]"}, {"Key": "comment", "Value": "none"}),
        "Environment": (
            {"Name": "=-*AGENT_TOKEN", "Value": "[SECRET]"},
            {"Name": "AGENT_URL", "Value": "[HOST]"},
        ),
    }
    assert spoken_of(line, PROFILE, {"SECRET"}, written_from(tables, {"SECRET"})) is known


def test_a_command_line_with_a_secret_is_found_without_showing_it() -> None:
    def process(line: str | None) -> Process:
        return Process(
            pid=1, ppid=0, name="a.exe", path=None, command_line=line, started=None, session=None, threads=1
        )

    found = list(
        on_command_lines([process("a.exe -s hush-hush"), process("a.exe"), process(None)], {"hush-hush": "x"})
    )
    assert [str(each) for each in found] == ["the command line of a.exe holds x"]


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le"])
def test_a_file_that_is_gone_held_a_secret_in_either_encoding(code: str) -> None:
    gone = Gone((r"c:\windows\temp\x.tmp",), "key: s3cret!".encode(code))
    assert list(held_secrets([gone], {"s3cret": ENROLMENT}, lambda _: False)) == [
        (r"c:\windows\temp\x.tmp", ENROLMENT)
    ]
    assert list(held_secrets([gone], {"another": ENROLMENT}, lambda _: False)) == []


@pytest.mark.parametrize(
    "paths",
    [
        (r"c:\vendor\store.tmp", r"c:\vendor\store"),
        (r"c:\bvt\x",),
        (r"c:\windows\temp\bvt-install-0123abcd.log",),
    ],
)
def test_a_file_that_takes_a_declared_ones_place_may_hold_it_and_so_may_the_harness_s_own(
    paths: tuple[str, ...],
) -> None:
    gone = Gone(paths, b"s3cret")
    allowed = held_secrets([gone], {"s3cret": ENROLMENT}, lambda path: path == r"c:\vendor\store")
    assert list(allowed) == []


def test_what_cannot_be_searched_is_told() -> None:
    timeline = Mock()
    timeline.session.profile = SECRETIVE
    timeline.session.guest.search.return_value = Searched(found=(), searched=9, unreadable=2)
    assert list(Disclosures(timeline, Mock())._in_guest({"s3cret": "the enrolment secret"})) == []
    told = "2 files and keys that cannot be read"
    timeline.session.note.assert_called_once_with("not searched for secrets", told)
