"""The journal: one event is found among many without reading the others, and nothing is read as a whole."""

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.backend.embedded import store
from harness.backend.embedded.admissions import Admissions
from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import Authority, make_authority
from harness.backend.embedded.records import ROWS, Row, parts, records_of, unpacked
from harness.backend.embedded.store import Item, Kind, Store, Wanted
from harness.backend.matching import columns_match
from harness.model.deadline import Deadline

CELL = "win11-24h2/fresh"
MANY = 20_000


def rows(first: int, number: int, query: str = "q", action: str = "added") -> list[Row]:
    shared = {"query": query, "action": action, "host_identifier": "H"}
    columns = [{"pid": str(n), "cmdline": f"x nonce-{n}."} for n in range(first, first + number)]
    return [Row(shared, {"columns": each}, tuple(each.values()), query, action) for each in columns]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority") / "authority")


@pytest.fixture(scope="module")
def backend(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBackend]:
    backend = EmbeddedBackend(authority, tmp_path_factory.mktemp("store") / "backend.sqlite")
    backend.admit(CELL, None)
    arrive(backend, rows(0, MANY))
    arrive(backend, rows(0, 10, "other"))
    arrive(backend, rows(0, 10, "q", "removed"))
    yield backend
    backend.close()


def arrive(backend: EmbeddedBackend, arriving: list[Row]) -> None:
    admissions: Admissions = backend._admissions
    with admissions._changed:
        admissions._store_records(CELL, Kind.EVENT, 1.0, list(records_of(arriving)))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the items that were read as a whole."""
    seen: list[int] = []
    items = store._items

    def noted(row: Any) -> list[Item]:
        found = items(row)
        seen.extend(item.number for item in found)
        return found

    monkeypatch.setattr(store, "_items", noted)
    return seen


@pytest.mark.parametrize("number", [0, 1, MANY // 2, MANY - 1])
def test_one_event_is_found_by_reading_one_record(
    backend: EmbeddedBackend, read: list[int], number: int
) -> None:
    wanted = {"pid": str(number), "cmdline": f"~NONCE-{number}."}
    found = backend.wait_event(CELL, "q", wanted, Deadline.after(30))
    assert found is not None
    assert found.columns["pid"] == str(number)
    assert len(read) <= ROWS


@pytest.mark.parametrize(
    ("query", "columns", "action"),
    [
        ("q", {"pid": "none"}, "added"),
        ("q", {"cmdline": "~nonce-99999."}, "added"),
        ("q", {"pid": "15000"}, "removed"),
        ("other", {"pid": "15000"}, "added"),
        ("nowhere", {}, None),
    ],
)
def test_what_is_not_there_is_not_looked_for_in_every_row(
    backend: EmbeddedBackend, read: list[int], query: str, columns: dict[str, str], action: str | None
) -> None:
    assert backend.wait_event(CELL, query, columns, Deadline.after(0.01), action=action) is None
    assert read == []


def test_a_wait_looks_at_each_row_once(
    backend: EmbeddedBackend, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sets_aside: list[int] = []
    search = store.Store.search

    def noted(self: Store, wanted: Wanted, *, after: int = 0) -> Iterator[tuple[int, list[Item]]]:
        sets_aside.append(after)
        return search(self, wanted, after=after)

    monkeypatch.setattr(store.Store, "search", noted)
    arrivals = iter([rows(50_000, 10, "late"), rows(50_010, 10, "late"), rows(60_000, 10, "late")])
    wait = backend._admissions._changed.wait

    def arriving(timeout: float | None = None) -> bool:
        if (more := next(arrivals, None)) is None:
            return wait(timeout)
        arrive(backend, more)
        return True

    monkeypatch.setattr(backend._admissions._changed, "wait", arriving)
    found = backend.wait_event(CELL, "late", {"cmdline": "~x nonce-6000"}, Deadline.after(30))
    assert found is not None
    assert found.columns["pid"] == "60000"
    assert sets_aside == sorted(set(sets_aside))  # each search begins behind what was looked at before
    assert len(read) == len(set(read))


def test_evidence_is_read_a_few_records_at_a_time(
    backend: EmbeddedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    longest = 0
    page = Store._page

    def noted(self: Store, *arguments: Any) -> Any:
        nonlocal longest
        found = page(self, *arguments)
        bodies = [len(row.body) for row in found if hasattr(row, "body")]
        sizes.append(sum(bodies))
        longest = max(longest, *bodies, 0)
        return found

    monkeypatch.setattr(Store, "_page", noted)
    backend.export(CELL, tmp_path / "backend.jsonl")
    with (tmp_path / "backend.jsonl").open() as file:
        assert sum('"kind": "event"' in line for line in file) >= MANY
    assert longest < max(sizes) <= store.PAGE_BYTES


def test_what_is_small_is_read_at_once(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = EmbeddedBackend(authority, tmp_path / "backend.sqlite")
    try:
        backend.admit(CELL, None)
        for number in range(200):
            arrive(backend, rows(number, 1))
        asked = 0
        page = Store._page

        def counted(self: Store, *arguments: Any) -> Any:
            nonlocal asked
            asked += 1
            return page(self, *arguments)

        monkeypatch.setattr(Store, "_page", counted)
        assert [event.columns["pid"] for event in backend.events(CELL, "q")] == [str(n) for n in range(200)]
        assert asked == 2
    finally:
        backend.close()


def test_more_than_a_page_is_read_in_its_order(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = EmbeddedBackend(authority, tmp_path / "backend.sqlite")
    monkeypatch.setattr(store, "PAGE", 7)
    monkeypatch.setattr(store, "PAGE_BYTES", 900)
    try:
        backend.admit(CELL, None)
        for number in range(0, 60, 3):
            arrive(backend, rows(number, 3))
        assert [event.columns["pid"] for event in backend.events(CELL, "q")] == [str(n) for n in range(60)]
    finally:
        backend.close()


def test_a_store_that_is_opened_again_goes_on_counting(tmp_path: Path) -> None:
    for first in (0, 5):
        journal = Store(tmp_path / "journal.sqlite")
        journal.append(CELL, Kind.EVENT, 1.0, list(records_of(rows(first, 5))))
        journal.close()
    journal = Store(tmp_path / "journal.sqlite")
    numbers = [item.number for items in journal.pages(CELL) for item in items]
    journal.close()
    assert numbers == list(range(1, 11))


TEXT = st.text(st.sampled_from(string.ascii_letters + "ßİ\x1f~ 0\u0301é🚲"), max_size=5)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), TEXT, max_size=3), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from("abc"), TEXT, max_size=3),
)
def test_no_record_with_a_row_that_matches_is_passed_over(
    columns: list[dict[str, str]], expected: dict[str, str]
) -> None:
    (record,) = records_of(Row({}, {"columns": each}, tuple(each.values()), "q", "added") for each in columns)
    assert [row["columns"] for row in unpacked(record.body)] == columns
    if any(columns_match(expected, each) for each in columns):
        assert all(part in record.text.encode() for part in parts(expected))
