"""Large bodies are read elsewhere, stored in parts, and mean the same as small ones."""

import asyncio
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from harness.backend.embedded import large
from harness.backend.embedded.admission import as_served
from harness.backend.embedded.admissions import Admissions
from harness.backend.embedded.app import RemoteApi
from harness.backend.embedded.content import HEAD_LIMIT, Content, content_from, content_of, lines_of
from harness.backend.embedded.large import SMALL, LargeBodies
from harness.backend.embedded.records import ROWS, unpacked
from harness.backend.embedded.store import Kind, Store
from harness.backend.embedded.wire import Malformed
from harness.model.deadline import Deadline
from harness.model.errors import BackendError
from tests.unit.backend.asgi_agent import CELL, Api, api_in

MANY = 2500
OTHER = "win7-sp1/fresh"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_in(tmp_path) as api:
        yield api


@pytest.fixture
def key(api: Api) -> str:
    return str(api.enrol(api.admissions.admit(CELL, as_served({"schedule": {}})))["node_key"])


def log(key: str, *further: Any) -> bytes:
    rows = [{"number": str(number), "filling": "x" * 100} for number in range(MANY)]
    entries = [{"name": "q", "hostIdentifier": "H", "action": "snapshot", "snapshot": rows}, *further]
    return json.dumps({"node_key": key, "log_type": "result", "data": entries}).encode()


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_log_is_stored_as_a_small_one_would_be(api: Api, key: str, packed: bool) -> None:
    body = log(key, {"name": "last", "action": "added", "columns": {"a": "\udcff"}})
    assert len(body) > SMALL
    content, headers = (gzip.compress(body), {"content-encoding": "gzip"}) if packed else (body, {})
    assert api.send("/log", content, headers).status_code == 200
    *rows, last = api.admissions.items(CELL, Kind.EVENT)
    assert [row.body["columns"]["number"] for row in rows] == [str(number) for number in range(MANY)]
    assert {(row.body["query"], row.body["action"], row.body["host_identifier"]) for row in rows} == {
        ("q", "snapshot", "H")
    }
    assert last.body["columns"] == {"a": "\ufffd"}
    numbers = [row.number for row in (*rows, last)]
    assert numbers == list(range(numbers[0], numbers[0] + MANY + 1))


def test_one_bad_row_refuses_all_of_a_large_log(api: Api, key: str) -> None:
    assert api.send("/log", log(key, "oops")).status_code == 400
    (error,) = api.admissions.items(CELL, Kind.PROTOCOL_ERROR)
    assert error.cell == CELL
    assert "data holds str" in error.body["message"]
    assert api.admissions.items(CELL, Kind.EVENT) == []


def test_a_large_log_with_an_unknown_key_is_refused(api: Api, key: str) -> None:
    assert api.send("/log", log("stranger")).json() == {"node_invalid": True}


@pytest.mark.parametrize("body", [bytes(SMALL + 1), b"[" * (SMALL + 1), b'"' + b"x" * SMALL + b'"'])
def test_large_garbage_is_malformed(api: Api, key: str, body: bytes) -> None:
    assert api.send("/log", body).status_code == 400
    assert len(api.admissions.items(CELL, Kind.PROTOCOL_ERROR, with_unknown=True)) == 1


def test_what_is_large_without_rows_is_too_large(api: Api, key: str) -> None:
    body = json.dumps({"node_key": key, "padding": "x" * HEAD_LIMIT}).encode()
    assert api.send("/config", body).status_code == 413


def test_a_large_answer_to_a_live_query_comes_back_whole(api: Api, key: str) -> None:
    found: list[Any] = []
    asking = threading.Thread(
        target=lambda: found.append(api.admissions.ask(CELL, "SELECT 1", Deadline.after(60)))
    )
    asking.start()
    queries: dict[str, str] = {}
    Deadline.after(30).poll(
        lambda: bool(queries.update(api.post("/distributed/read", {"node_key": key})["queries"]) or queries),
        "it",
    )
    (query_id,) = queries
    rows = [{"number": str(number), "filling": "x" * 100} for number in range(MANY)]
    body = {"node_key": key, "queries": {query_id: rows}, "statuses": {query_id: 0}}
    assert api.post("/distributed/write", body) == {"node_invalid": False}
    asking.join(30)
    assert found[0].rows == rows
    parts = [len(item.body["rows"]) for item in api.admissions.items(CELL, Kind.ANSWER)]
    assert parts == [ROWS] * (MANY // ROWS)


class Held(LargeBodies):
    """Reads here, but not before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.go = threading.Event(), threading.Event()

    def read(self, path: str, encoding: str, body: IO[bytes]) -> Content:
        self.reading.set()
        assert self.go.wait(60)
        body.seek(0)
        return content_from(line.encode() for line in lines_of(path, encoding, body.read()))


class Room:
    """Two agents of two cells before one application, whose large bodies are held."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory / "held.sqlite")
        self.admissions, self.held = Admissions(self.store), Held()
        self.application = RemoteApi(self.admissions, lambda _: None, self.held).application()

    async def post(self, path: str, content: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(self.application)
        async with httpx.AsyncClient(transport=transport, base_url="https://backend") as client:
            return await client.post(path, content=content)

    async def enrol(self, cell: str) -> str:
        secret = self.admissions.admit(cell, as_served({"schedule": {}}))
        body = {"enroll_secret": secret, "host_identifier": "H"}
        return str((await self.post("/enroll", json.dumps(body).encode())).json()["node_key"])


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.store.close()


def test_nobody_waits_for_a_large_log_of_another(room: Room) -> None:
    async def story() -> None:
        mine, others = await room.enrol(CELL), await room.enrol(OTHER)
        sending = asyncio.create_task(room.post("/log", log(mine)))
        assert await asyncio.to_thread(room.held.reading.wait, 30)
        poll = json.dumps({"node_key": others}).encode()
        assert (await asyncio.wait_for(room.post("/distributed/read", poll), 30)).status_code == 200
        event = {"name": "q", "action": "added", "columns": {"a": "1"}}
        small = json.dumps({"node_key": others, "log_type": "result", "data": [event]}).encode()
        assert (await asyncio.wait_for(room.post("/log", small), 30)).status_code == 200
        assert not sending.done()
        room.held.go.set()
        assert (await sending).json() == {"node_invalid": False}

    asyncio.run(story())
    assert len(room.admissions.items(CELL, Kind.EVENT)) == MANY
    assert len(room.admissions.items(OTHER, Kind.EVENT)) == 1


def test_others_have_their_turn_between_the_parts_of_a_large_log(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[int] = []
    stored, log_part = threading.Event(), room.admissions.log

    def counted(*arguments: Any) -> bool:
        parts.append(sum(record.size for record in arguments[-1]))
        stored.set()
        return log_part(*arguments)

    monkeypatch.setattr(room.admissions, "log", counted)
    room.held.go.set()
    asyncio.run(_send_large(room))
    assert sum(parts) == 8 * MANY
    assert max(parts) < 4 * MANY  # never the whole at once
    assert len(parts) > 2


async def _send_large(room: Room) -> None:
    key = await room.enrol(CELL)
    entries = json.loads(log(key))["data"] * 8
    body = {"node_key": key, "log_type": "result", "data": entries}
    assert (await room.post("/log", json.dumps(body).encode())).status_code == 200


def test_a_log_that_outlasts_its_admission_counts_for_no_later_one(room: Room) -> None:
    async def story() -> None:
        mine = await room.enrol(CELL)
        sending = asyncio.create_task(room.post("/log", log(mine)))
        assert await asyncio.to_thread(room.held.reading.wait, 30)
        await room.enrol(CELL)
        room.held.go.set()
        assert (await sending).json() == {"node_invalid": True}

    asyncio.run(story())
    assert room.admissions.items(CELL, Kind.EVENT) == []


def test_the_lines_of_a_content_are_the_content() -> None:
    body = log("k", {"name": "other", "action": "added", "columns": {"é": "🚲"}})
    straight = content_of("/log", body)
    again = content_from(line.encode() for line in lines_of("/log", "", body))
    assert again.document == straight.document == {"node_key": "k", "log_type": "result"}
    assert list(again.records) == list(straight.records)


def test_records_are_bounded_and_hold_every_row_in_its_order() -> None:
    records = list(content_of("/log", log("k")).records)
    assert max(record.size for record in records) <= ROWS
    rows = [row for record in records for row in unpacked(record.body)]
    assert [row["columns"]["number"] for row in rows] == [str(number) for number in range(MANY)]


def test_a_reader_that_fails_is_the_backends_failure(
    api: Api, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert api.send("/log", log(key)).status_code == 500
    with pytest.raises(BackendError, match="reader of a large body ended with 1"):
        api.admissions.wait(lambda: None, Deadline.after(30))


def test_a_reader_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeping = tmp_path / "python"
    sleeping.write_text("#!/bin/sh\nexec sleep 600\n")
    sleeping.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(sleeping))
    monkeypatch.setattr(large, "TIMEOUT_S", 0.2)
    with (tmp_path / "body").open("w+b") as body, pytest.raises(BackendError, match="did not read"):
        LargeBodies().read("/log", "", body)


def test_closing_ends_the_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeping = tmp_path / "python"
    sleeping.write_text("#!/bin/sh\nexec sleep 600\n")
    sleeping.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(sleeping))
    bodies, began, failures = LargeBodies(), threading.Event(), list[BaseException]()
    start = subprocess.Popen.communicate

    def noted(self: Any, *arguments: Any, **named: Any) -> Any:
        began.set()
        return start(self, *arguments, **named)

    monkeypatch.setattr(subprocess.Popen, "communicate", noted)

    def read() -> None:
        with (tmp_path / "body").open("w+b") as body:
            try:
                bodies.read("/log", "", body)
            except BackendError as error:
                failures.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    assert began.wait(30)
    bodies.close()
    reading.join(30)
    assert not reading.is_alive()
    assert "ended with -9" in str(failures[0])
    with (tmp_path / "body").open("w+b") as body, pytest.raises(BackendError, match="was closed"):
        bodies.read("/log", "", body)


def test_a_malformed_content_is_malformed_by_lines_too() -> None:
    with pytest.raises(Malformed, match="not JSON"):
        content_from(line.encode() for line in lines_of("/log", "", b"{"))
