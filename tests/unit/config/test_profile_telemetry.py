"""What a profile says of rows that arrive at the backend, and of the configuration that makes them."""

from pathlib import Path

import pytest

from harness.config import load_profile
from tests.unit.config.tiny import GOOD, refusal


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "title: Tiny agent",
            "title: T\ntelemetry: {proces: {query: q, columns: {a: b}}}",
            3,
            "unknown stimulus",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {user: {query: q, columns: {a: "{nonce}", b: "{nmae}"}}}',
            3,
            "telemetry.user.columns.b: the stimulus 'user' gives no fact {nmae}. Did you mean 'name'?",
        ),
        (
            "title: Tiny agent",
            "title: T\ntelemetry: {user: {query: q, columns: {a: b}}}",
            3,
            "telemetry.user.columns: no column has a value that only the stimulus gives it",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {process_start: {query: q, columns: {path: "{path}"}}}',
            3,
            "One of cmdline, nonce, pid must be in a column.",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {user: {query: q, columns: {a: "{name"}}}',
            3,
            "telemetry.user.columns.a: '{name' has a brace without its partner; write placeholders as {name}",
        ),
        (
            "title: Tiny agent",
            'title: T\ntelemetry: {user: {query: q, columns: {a: "{name:>20}"}}}',
            3,
            "telemetry.user.columns.a: the placeholder {name} has more in its braces than a name",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {}, changed: {}}",
            3,
            "'effect_query' must say",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {}, invalid: {x: y}}",
            3,
            "'refusal_contains' must",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {}, invalid: {x: y}, refusal_contains: ' '}",
            3,
            "'refusal_contains' must",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: }, changed: {schedule: {a: 1}}, effect_query: b}",
            3,
            "configuration.changed schedules no query 'b', so no result would arrive. Known: a.",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {users: {snapshot: true}}}}\n"
            'telemetry: {user: {query: users, action: added, columns: {a: "{nonce}"}}}',
            4,
            "telemetry.user.action: configuration.base schedules 'users' to send snapshots,"
            " so no row with action 'added' would ever arrive.",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {users: {snapshot: false}}}}\n"
            'telemetry: {user: {query: users, action: snapshot, columns: {a: "{nonce}"}}}',
            4,
            "telemetry.user.action: configuration.base schedules 'users' to send differences,"
            " so no row with action 'snapshot' would ever arrive.",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {processes: {}}}}\n"
            'telemetry: {user: {query: processs, columns: {a: "{nonce}"}}}',
            4,
            "telemetry.user.query: configuration.base schedules no query 'processs', so no row would ever arrive."
            " Did you mean 'processes'?",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {users: {}, times: {}}}, changed: {schedule: {new: {}}},\n"
            'effect_query: new}\ntelemetry: {user: {query: users, columns: {a: "{nonce}"}}}',
            3,
            "configuration.changed: it leaves out 'users', which telemetry counts on: with it in force no such row"
            " would ever arrive.",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {users: {}}}}\n"
            'telemetry: {user: {query: users, columns: {a: "{nonce}"}}}\n'
            "response_actions: {isolate: {configuration: {schedule: {}}, status_contains: done}}",
            5,
            "response_actions.isolate.configuration: it leaves out 'users', which telemetry counts on",
        ),
        (
            "title: Tiny agent",
            "title: T\nconfiguration: {base: {schedule: {users: {}}}, changed: {schedule: {users: {snapshot: true}}},\n"
            'effect_query: new}\ntelemetry: {user: {query: users, columns: {a: "{nonce}"}}}',
            3,
            "configuration.changed: it has 'users' sent in another form (snapshot) than configuration.base",
        ),
    ],
)
def test_what_would_never_arrive_is_one_sentence_with_its_line(
    place: Path, old: str, new: str, line: int, words: str
) -> None:
    caught = refusal(place, old, new)
    assert caught.line == line, str(caught)
    assert words in str(caught)


def test_queries_may_come_from_where_the_profile_does_not_say(place: Path) -> None:
    asked = 'telemetry: {user: {query: other, columns: {a: "{nonce}"}}}\n'
    for base in ("{}", "{schedule: {a: {}}, packs: {p: {}}}", "{schedule: [a]}"):
        (place / "agents" / "tiny.yaml").write_text(f"{GOOD}{asked}configuration: {{base: {base}}}\n")
        assert load_profile("tiny", [place])[0].telemetry["user"].query == "other"


@pytest.mark.parametrize(
    ("scheduled", "action", "expected"),
    [
        ("snapshot: true", "", "snapshot"),
        ("snapshot: true", "action: snapshot,", "snapshot"),
        ("interval: 2", "", "added"),
        ("interval: 2", "action: removed,", "removed"),
    ],
)
def test_rows_of_a_query_that_is_sent_whole_are_expected_as_such(
    place: Path, scheduled: str, action: str, expected: str
) -> None:
    further = (
        f"configuration: {{base: {{schedule: {{users: {{{scheduled}}}}}}}}}\n"
        f'telemetry: {{user: {{query: users, {action} columns: {{a: "{{nonce}}"}}}}}}\n'
    )
    (place / "agents" / "tiny.yaml").write_text(GOOD + further)
    assert load_profile("tiny", [place])[0].telemetry["user"].action == expected


FILES = 'telemetry: {file_change: {query: f, columns: {a: "{path}"}}}\n'
STORED = "configuration: {base: {}, outlives_restart: true}\n"


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ("", "configuration.outlives_restart: true and telemetry.file_change"),
        (FILES, "configuration.outlives_restart: true"),
        (FILES + "configuration: {base: {}}\n", "configuration.outlives_restart: true"),
        (STORED, "telemetry.file_change"),
    ],
)
def test_events_that_are_kept_need_what_shows_it(place: Path, more: str, missing: str) -> None:
    caught = refusal(place, "title: Tiny agent\n", f"title: T\n{more}check_in: {{keeps_events: true}}\n")
    assert f"check_in.keeps_events: without {missing} nobody looks whether" in str(caught)


def test_events_that_are_kept_are_so_where_both_are_declared(place: Path) -> None:
    kept = "check_in: {keeps_events: true}\n"
    (place / "agents" / "tiny.yaml").write_text(f"{GOOD}{FILES}{STORED}{kept}")
    assert load_profile("tiny", [place])[0].check_in.keeps_events
