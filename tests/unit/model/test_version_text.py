"""What programs print as their version, and whether it is the candidate's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.version_text import pattern_problem, same_version, states_version, versions_in

FIELD = st.integers(min_value=0, max_value=65535)
VERSION = st.lists(FIELD, min_size=3, max_size=4).map(lambda fields: ".".join(map(str, fields)))
BEFORE = st.sampled_from(
    [
        *(
            "",
            "v",
            "V",
            "version ",
            "Version: ",
            "agent ",
            "agent-",
            "agent/",
            "nats-server: v",
            "sleeper version v",
        ),
        *(
            "(",
            '"',
            "ver. ",
            "release-",
            "Agent, build of 2026-11-28, version ",
            "\x1b[1m",
            "C:\\A\\agent.exe ",
        ),
    ]
)
AFTER = st.sampled_from(
    [
        *(
            "",
            ",",
            ".",
            ";",
            ")",
            '"',
            "\n",
            "\r\n",
            " (built 2026-11-28)",
            " go1.22.1",
            " linux/amd64",
            "\x1b[0m",
        ),
        *("-rc.1+build5", " with OpenSSL 3.0.11", "\nbuilt with Go 1.22.1", "\nlistening on 10.0.2.15:443"),
        *(" 28.11.2026", "+5f3c2", "-beta", "rc1"),
    ]
)


@given(VERSION, BEFORE, AFTER)
def test_a_version_is_found_among_what_programs_print_around_it(
    version: str, before: str, after: str
) -> None:
    assert states_version(f"{before}{version}{after}", version)


@given(VERSION, VERSION, BEFORE, AFTER)
def test_another_version_is_not_taken_for_it(stated: str, wanted: str, before: str, after: str) -> None:
    if same_version(stated, wanted) or wanted in {"28.11.2026", "28.11.2026.0"}:
        return
    assert not states_version(f"{before}{stated}{after}", wanted)


@given(VERSION)
def test_every_version_is_itself_with_or_without_zeros_at_its_end(version: str) -> None:
    assert same_version(version, version)
    assert same_version(f"v{version}", version)
    if version.count(".") == 2:
        assert same_version(f"{version}.0", version)
        assert same_version(f"{version}.4711", version)
        assert same_version(version, f"{version}.7")
        assert not same_version(f"{version}1.0", version)


@given(st.text(), st.text())
def test_any_text_can_be_asked(text: str, wanted: str) -> None:
    assert same_version(text, text)
    assert not states_version(text, wanted) or versions_in(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sleeper version v1.0.0", "1.0.0"),
        ("nats-server: v2.15.1", "2.15.1"),
        ("2.15.1,", "2.15.1"),
        ("1.2.3.4", "1.2.3"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3", "1.2.3.4"),
        ("1.2", "1.2.0"),
        ("1.2.3-rc.1+build5", "1.2.3"),
        ("1.2.3-rc.1+build5", "1.2.3-rc.1"),
        ("1.2.3-rc.1+build5", "1.2.3-rc.1+build5"),
        ("1, 2, 3, 4", "1.2.3.4"),
        ("agent 1.2.3 (go1.22.1 windows/amd64, built 2026-11-28 on 10.0.19045)", "1.2.3"),
        ("1\x00.\x002\x00.\x003\x00\r\x00\n\x00", "1.2.3"),
        ("Acme Agent for Windows version 1.2.3", "1.2.3"),
    ],
)
def test_a_stated_version(text: str, wanted: str) -> None:
    assert states_version(text, wanted) or same_version(text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "1.2.3"),
        ("agent", "1.2.3"),
        ("0.9.0", "1.0.0"),
        ("1.2.34", "1.2.3"),
        ("11.2.3", "1.2.3"),
        ("1.2.3.4.5", "1.2.3"),
        ("1.2.3.4", "1.2.3.5"),
        ("1.2.3-rc.1", "1.2.3-rc.10"),
        ("1.2.3", "1.2.3-rc.1"),
        ("agent 0.9.0, built with Go 1.0.0", "1.0.0"),
        ("agent 0.9.0, built with go1.0.0", "1.0.0"),
        ("agent 0.9.0 linked against OpenSSL 1.0.0", "1.0.0"),
        ("agent 0.9.0 on Windows 10.0.19045", "10.0.19045"),
        ("agent 0.9.0 listens at 10.0.2.15", "10.0.2"),
        ("agent 0.9.0 https://10.0.2.15/", "10.0.2"),
        ("agent 0.9.0 [10.0.2.15]:443", "10.0.2"),
        ("agent 0.9.0 10.0.2.0/24", "10.0.2"),
    ],
)
def test_a_version_that_is_not_stated(text: str, wanted: str) -> None:
    assert not states_version(text, wanted), versions_in(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"build (\S+)", "agent 9.9.9 build 1.2.3 of today"),
        (r"(?P<major>\d+) agent (?P<version>[\d_]+)", "7 agent 1_2_3"),
        (r"(?m)^rev=(.*)$", "name=x\nrev=1.2.3-rc.1\n"),
    ],
)
def test_a_pattern_picks_the_version(pattern: str, text: str) -> None:
    assert not pattern_problem(pattern)
    assert states_version(text, "1.2.3", pattern)
    assert not states_version(text, "9.9.9", pattern)
    assert not states_version("1.2.3", "1.2.3", pattern)  # what the pattern does not find does not count


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(", "is not a regular expression"), (r"\d+", "has no group"), (r"(\d)(\d)", "name the one")],
)
def test_a_pattern_that_cannot_pick_anything_is_refused(pattern: str, words: str) -> None:
    assert words in pattern_problem(pattern)
