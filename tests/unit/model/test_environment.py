"""What a product may do to environment variables, and what not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.environment import harm, left_over, lost_from_lists

SYSTEM = {
    "Path": "%SystemRoot%\\system32;%SystemRoot%;C:\\Tools\\",
    "PATHEXT": ".COM;.EXE",
    "ComSpec": "%SystemRoot%\\system32\\cmd.exe",
    "NUMBER_OF_PROCESSORS": "1",
    "PROCESSOR_LEVEL": "6",
}
ENTRY = st.text(alphabet="abc:\\ ", min_size=1).filter(lambda text: text.strip() == text and text.strip("\\"))


def changed(**values: str | None) -> dict[str, str]:
    merged = SYSTEM | {name: value for name, value in values.items() if value is not None}
    return {name: value for name, value in merged.items() if values.get(name, "") is not None}


@pytest.mark.parametrize(
    "after",
    [
        SYSTEM,
        changed(Path=SYSTEM["Path"] + ";C:\\Acme"),
        changed(Path="C:\\Acme;" + SYSTEM["Path"]),
        changed(Path="%SYSTEMROOT%\\System32\\;;%SystemRoot%;C:\\tools"),
        changed(ACME_HOME="C:\\Acme"),
        changed(NUMBER_OF_PROCESSORS="2", PROCESSOR_LEVEL="7"),
    ],
)
def test_additions_and_other_ways_to_write_the_same_do_no_harm(after: dict[str, str]) -> None:
    assert harm(SYSTEM, after) == []


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (changed(Path="C:\\Acme"), r"Path lost %SystemRoot%\system32, %SystemRoot%, C:\Tools"),
        (changed(Path=""), "Path lost"),
        (
            changed(Path="C:\\Tools;%SystemRoot%\\system32;%SystemRoot%"),
            r"order: c:\tools stands before %systemroot%",
        ),
        (changed(Path=None), "Path is gone"),
        (changed(PATHEXT=".COM"), "PATHEXT lost .EXE"),
        (changed(ComSpec="C:\\Acme\\sh.exe"), "ComSpec is 'C:\\\\Acme\\\\sh.exe'; it was"),
        (changed(Path=SYSTEM["Path"] + ";C:\\Acme;c:\\acme\\"), r"Path holds c:\acme 2 times"),
        (changed(COR_PROFILER="{0}"), "COR_PROFILER is set, which every program reads"),
        (changed(SystemRoot="D:\\"), "SystemRoot is set to 'D:\\\\', over the system's own"),
    ],
)
def test_what_others_lose_is_named(after: dict[str, str], words: str) -> None:
    (said,) = harm(SYSTEM, after)
    assert words in said


def test_a_variable_that_the_profile_gives_a_reason_for_may_decide() -> None:
    assert harm(SYSTEM, changed(COR_PROFILER="{0}"), declared=lambda name: name == "COR_PROFILER") == []


def test_a_path_that_is_stored_unexpanded_is_seen_in_what_programs_get() -> None:
    before = {"PATH": "C:\\Windows\\system32;C:\\Windows"}
    assert lost_from_lists(before, {"Path": "C:\\Acme;C:\\WINDOWS\\system32;C:\\Windows"}) == []
    assert "lost C:\\Windows" in lost_from_lists(before, {"PATH": "%SystemRoot%;C:\\Windows\\system32"})[0]


@given(st.lists(ENTRY, min_size=1), ENTRY)
def test_an_entry_that_is_added_is_left_over_until_it_is_taken_away(entries: list[str], added: str) -> None:
    before = {"PATH": ";".join(entries)}
    after = {"PATH": f"{before['PATH']};{added};"}
    known = {entry.strip('"').rstrip("\\/").lower() for entry in entries}
    expected = frozenset() if added.rstrip("\\/").lower() in known else frozenset({f"PATH: {added}"})
    assert left_over(before, after) == expected
    assert left_over(before, before) == frozenset()
    assert harm(before, after) == []


def test_values_are_not_told() -> None:
    assert left_over(SYSTEM, changed(ACME_KEY="secret")) == {"ACME_KEY"}
