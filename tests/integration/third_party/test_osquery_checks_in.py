"""A real osqueryd 5.20 against the embedded backend: what it sends in each of its forms is understood, and kept.

It is the Linux build: what it says of Windows is nothing (agents/osquery.yaml says what is shown and what is not).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.backend.embedded import app, wire
from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.interface import Event, FaultKind
from harness.model.deadline import Deadline
from harness.model.errors import CandidateError
from tests.integration.third_party.osqueryd import VERSION, running

pytestmark = [pytest.mark.slow]

SCHEDULE = {
    "ticking": {"query": "SELECT datetime('now') AS t, 'x' AS fixed", "interval": 1},
    "whole": {"query": "SELECT 1.5 AS d, 9223372036854775807 AS big, NULL AS nil, '🚲' AS wheel UNION ALL "
              "SELECT 2, 0, '', ''", "interval": 1, "snapshot": True},
    "none": {"query": "SELECT uid FROM users WHERE uid = 123456", "interval": 1, "snapshot": True},
    "bytes": {"query": "SELECT CAST(x'4dfc6c6c6572' AS TEXT) AS name, 'y' AS fine", "interval": 1, "snapshot": True},
    "infinite": {"query": "SELECT 1e308 * 10 AS d", "interval": 1, "snapshot": True},
    "numbers": {"query": "SELECT pid, resident_size, name FROM processes", "interval": 1},
}  # fmt: skip
DECORATED = {"decorators": {"load": ["SELECT 'red' AS colour"]}}
PLAIN, PACKED, ONE_BY_ONE, STRANGER = "plain", "packed", "one-by-one", "stranger"
FORMS = {
    PLAIN: (),
    PACKED: (
        "--logger_event_type=false",
        "--logger_numerics=true",
        "--logger_tls_compress=true",
        "--decorations_top_level=true",
        "--tls_secret_always=true",
    ),
    ONE_BY_ONE: ("--logger_snapshot_event_type=true", "--logger_numerics=true"),
    STRANGER: ("--tls_enroll_max_attempts=1",),
}


def soon() -> Deadline:
    return Deadline.after(60)


@pytest.fixture(scope="module")
def encodings() -> Iterator[set[str]]:
    """The Content-Encodings that arrived."""
    arrived: set[str] = set()
    inflate = wire.inflate

    def noted(body: bytes, encoding: str, limit: int) -> bytes:
        arrived.add(encoding)
        return inflate(body, encoding, limit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "inflate", noted)
        yield arrived


@pytest.fixture(scope="module")
def backend(encodings: set[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBackend]:
    """All forms check in side by side, one cell each."""
    place = tmp_path_factory.mktemp("osquery")
    backend = EmbeddedBackend(make_authority(place / "authority"), place / "backend.sqlite")
    with ExitStack() as stack:
        stack.callback(backend.close)
        for form, flags in FORMS.items():
            enrolment = backend.admit(form, {"schedule": SCHEDULE, **DECORATED})
            if form == STRANGER:
                enrolment = enrolment.model_copy(update={"secret": "wrong"})
            stack.enter_context(running(backend, enrolment, place / form, *flags))
        yield backend


def event(backend: EmbeddedBackend, form: str, query: str, action: str, **columns: str) -> Event:
    found = backend.wait_event(form, query, columns, soon(), action=action)
    assert found is not None, f"{form}: no {action} row of {query}"
    return found


@pytest.mark.parametrize("form", [PLAIN, PACKED, ONE_BY_ONE])
def test_it_enrols_as_what_it_is(backend: EmbeddedBackend, form: str) -> None:
    endpoint = backend.wait_enrolled(form, soon())
    assert endpoint is not None
    assert endpoint.version == VERSION
    assert endpoint.host_identifier
    assert endpoint.hostname
    assert endpoint.uuid
    assert endpoint.os_version


def test_a_wrong_secret_does_not_get_in_and_is_on_record(backend: EmbeddedBackend) -> None:
    # Whose a wrong secret is nobody knows, so it counts for every cell admitted before.
    soon().poll(lambda: bool(backend.refusals(PLAIN)), "the refusal")
    assert backend.refusals(PLAIN)[0].reason == "wrong enrolment secret"
    assert backend.wait_enrolled(STRANGER, Deadline.after(0.1)) is None


@pytest.mark.parametrize("form", [PLAIN, PACKED, ONE_BY_ONE])
def test_differences_come_added_and_removed(backend: EmbeddedBackend, form: str) -> None:
    added = event(backend, form, "ticking", "added", fixed="x")
    removed = event(backend, form, "ticking", "removed", fixed="x")
    assert removed.columns["t"] >= added.columns["t"]


@pytest.mark.parametrize("form", [PLAIN, PACKED, ONE_BY_ONE])
def test_snapshots_come_whole_whatever_their_form(backend: EmbeddedBackend, form: str) -> None:
    first = event(backend, form, "whole", "snapshot", wheel="🚲")
    assert {name: first.columns[name] for name in ("d", "big", "nil")} == {
        "d": "1.5",
        "big": "9223372036854775807",
        "nil": "",
    }
    assert first.numerics == (form != PLAIN)
    assert event(backend, form, "whole", "snapshot", big="0")


@pytest.mark.parametrize("form", [PLAIN, PACKED, ONE_BY_ONE])
def test_what_it_says_of_itself_is_kept(backend: EmbeddedBackend, form: str) -> None:
    found = event(backend, form, "ticking", "added", fixed="x")
    assert found.decorations == {"colour": "red"}
    assert found.unix_time is not None
    assert abs(found.unix_time - found.received_at) < 600
    assert found.calendar_time.endswith("UTC")
    assert (found.epoch, found.counter) == (0, 0)
    assert found.host_identifier
    line = backend.wait_status(form, "", soon())
    assert line is not None
    assert line.filename.endswith(".cpp")
    assert line.line is not None
    assert line.version == VERSION


@pytest.mark.parametrize("form", [PLAIN, PACKED, ONE_BY_ONE])
def test_bytes_that_are_not_utf_8_cost_nothing(backend: EmbeddedBackend, form: str) -> None:
    found = event(backend, form, "bytes", "snapshot", fine="y")
    assert found.columns["name"] == "M\N{REPLACEMENT CHARACTER}ller"
    assert found.note == "not Unicode text, mended with U+FFFD: name"
    assert backend.protocol_errors(form) == ()


def test_infinity_is_text_and_as_a_number_does_not_come_at_all(backend: EmbeddedBackend) -> None:
    assert event(backend, PLAIN, "infinite", "snapshot").columns["d"] == "inf.0"
    assert event(
        backend, PACKED, "whole", "snapshot", wheel="🚲"
    )  # of the same schedule, so the other one ran too
    assert backend.events(PACKED, "infinite") == ()


def test_compressed_logs_arrive(backend: EmbeddedBackend, encodings: set[str]) -> None:
    assert int(event(backend, PACKED, "numbers", "added").columns["resident_size"]) >= 0
    assert encodings == {"", "gzip"}


def test_a_live_query_is_answered_and_a_wrong_one_is_blamed(backend: EmbeddedBackend) -> None:
    assert backend.ask(PLAIN, "SELECT 1 AS x, 1.5 AS y, NULL AS z", soon()) == [
        {"x": "1", "y": "1.5", "z": ""}
    ]
    assert backend.ask(PLAIN, "SELECT uid FROM users WHERE 1 = 0", soon()) == []
    assert backend.ask(PLAIN, "SELECT CAST(x'e9' AS TEXT) AS name", soon()) == [{"name": "\ufffd"}]
    with pytest.raises(CandidateError, match="no such table"):
        backend.ask(PLAIN, "SELECT * FROM no_such_table", soon())


def test_a_pushed_configuration_shows_by_a_snapshot(backend: EmbeddedBackend) -> None:
    pushed = {"query": "SELECT hostname FROM system_info", "interval": 1, "snapshot": True}
    backend.configure(PLAIN, {"schedule": {**SCHEDULE, "pushed": pushed}, **DECORATED})
    found = backend.wait_event(PLAIN, "pushed", {}, soon(), action=None)
    assert found is not None
    assert found.action == "snapshot"


def test_told_that_it_is_unknown_it_enrols_again(backend: EmbeddedBackend) -> None:
    before = backend.wait_enrolled(ONE_BY_ONE, soon())
    assert before is not None
    backend.misbehave(ONE_BY_ONE, FaultKind.NODE_INVALID)
    again = backend.wait_enrolled(ONE_BY_ONE, soon(), after=before.enrolled_at)
    assert again is not None
    assert again.host_identifier == before.host_identifier


def test_it_outlives_errors_and_a_dropped_connection(backend: EmbeddedBackend) -> None:
    assert backend.wait_enrolled(PACKED, soon()) is not None
    backend.misbehave(PACKED, FaultKind.ERROR_500, times=2)
    backend.misbehave(PACKED, FaultKind.DROP)
    assert backend.wait_recovered(PACKED, soon()) is not None


@pytest.mark.parametrize("form", [PLAIN, PACKED, ONE_BY_ONE])
def test_nothing_that_it_sent_was_misunderstood(backend: EmbeddedBackend, form: str, tmp_path: Path) -> None:
    assert backend.protocol_errors(form) == ()
    backend.export(form, tmp_path / "backend.jsonl")
    assert '"note": "not Unicode text' in (tmp_path / "backend.jsonl").read_text()
