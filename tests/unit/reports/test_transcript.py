"""A transcript as people read it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from harness.reports.transcript import FOLDED, part, read_entries, transcript_page, transcript_text

LINES = [
    {
        "t": 1764356400.5,
        "command": "sc query X",
        "exit_code": 0,
        "duration_s": 0.2,
        "stdout": "a\nb\n",
        "stderr": "",
    },
    {"t": 1764356401.5, "note": "shell recycled"},
    {
        "t": 1764356402.5,
        "command": "dir <b>",
        "exit_code": 1,
        "duration_s": 1.5,
        "stdout": "x\n" * 20,
        "stderr": "no",
    },
    {
        "t": 1764356403.5,
        "command": "hang",
        "exit_code": None,
        "duration_s": 30,
        "error": "DeadlineExceeded: \x1b[2J",
    },
]
TEXT = "".join(f"{json.dumps(line)}\n" for line in LINES)


def test_each_command_shows_its_time_its_end_and_its_output_folded() -> None:
    shown = transcript_text(read_entries(TEXT)).splitlines()
    assert shown[:4] == [
        "19:00:00   sc query X",
        "           exit code 0 after 200 ms",
        "           │ a",
        "           │ b",
    ]
    assert "19:00:01   shell recycled" in shown
    assert "19:00:02 ✗ dir <b>" in shown
    assert f"           │ … {21 - FOLDED} more lines" in shown
    assert "           no result after 30.0 s" in shown
    assert "\x1b" not in "".join(shown)


def test_in_full_nothing_is_folded() -> None:
    assert "more lines" not in transcript_text(read_entries(TEXT), full=True)


def test_a_check_has_its_part() -> None:
    assert [entry.number for entry in part(read_entries(TEXT), (2, 3))] == [2, 3]


def test_the_page_can_be_led_to_by_line_and_escapes_what_a_guest_said() -> None:
    page = transcript_page("win11/<fresh>", read_entries(TEXT))
    assert 'id="L3" class="bad"' in page
    assert "dir &lt;b&gt;" in page
    assert "<fresh>" not in page


@given(st.text())
def test_any_file_can_be_read(text: str) -> None:
    entries = read_entries(text)
    assert [entry.number for entry in entries] == list(range(1, len(text.splitlines()) + 1))
    assert len(transcript_text(entries).splitlines()) >= len(entries)
    assert transcript_page("c", entries).count("<section ") == len(entries)
