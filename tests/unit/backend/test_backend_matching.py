from hypothesis import given
from hypothesis import strategies as st

from harness.backend.interface import Event
from harness.backend.matching import columns_match, event_matches, text_matches

columns = st.dictionaries(st.text(), st.text(), max_size=5)


@given(columns)
def test_every_row_matches_itself_and_the_empty_expectation(row: dict[str, str]) -> None:
    plain = {name: text for name, text in row.items() if not text.startswith("~")}
    assert columns_match(plain, row)
    assert columns_match({}, row)


@given(columns, st.text(min_size=1), st.text())
def test_an_absent_column_never_matches(row: dict[str, str], name: str, text: str) -> None:
    row.pop(name, None)
    assert not columns_match({name: text}, row)


@given(st.text(), st.text(), st.text())
def test_a_tilde_means_contains(before: str, middle: str, after: str) -> None:
    assert text_matches("~" + middle, before + middle + after)


def test_case_is_ignored_as_windows_paths_ignore_it() -> None:
    assert columns_match({"path": r"c:\windows\notepad.EXE"}, {"path": r"C:\Windows\Notepad.exe"})
    assert columns_match({"cmdline": "~NONCE-1"}, {"cmdline": "probe.exe nonce-1"})


def test_equality_is_not_containment() -> None:
    assert not columns_match({"path": "notepad"}, {"path": "notepad.exe"})


def test_query_and_action_must_be_the_ones_asked_for() -> None:
    event = Event(cell="a/b", query="processes", action="added", columns={"pid": "4"}, received_at=1.0)
    assert event_matches(event, "processes", {"pid": "4"}, "added")
    assert not event_matches(event, "services", {"pid": "4"}, "added")
    assert not event_matches(event, "processes", {"pid": "4"}, "removed")
