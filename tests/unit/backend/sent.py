"""A result as osquery sends it, and what the backend keeps of what was sent."""

import json
from typing import Any

import httpx

from harness.backend.embedded.store import Item, Kind
from tests.unit.backend.asgi_agent import CELL, Api

SAID = {
    "hostIdentifier": "H",
    "calendarTime": "Mon May  2 22:27:32 2016 UTC",
    "unixTime": 1462228052,
    "epoch": 314159265,
    "counter": 1,
    "numerics": False,
    "decorations": {"host_uuid": "u"},
}
BASE = {"name": "q", **SAID}
ADDED = {**BASE, "action": "added", "columns": {"pid": "1"}}
KEPT = {
    "query": "q",
    "host_identifier": "H",
    "calendar_time": "Mon May  2 22:27:32 2016 UTC",
    "unix_time": 1462228052,
    "epoch": 314159265,
    "counter": 1,
    "numerics": False,
    "decorations": {"host_uuid": "u"},
}


def of(api: Api, kind: Kind) -> list[Item]:
    return api.admissions.items(CELL, kind, with_unknown=True)


def rows(api: Api) -> list[tuple[str, str, dict[str, str]]]:
    return [(item.body["query"], item.body["action"], item.body["columns"]) for item in of(api, Kind.EVENT)]


def complaints(api: Api) -> list[tuple[str, str]]:
    return [(item.cell, item.body["message"]) for item in of(api, Kind.PROTOCOL_ERROR)]


def log(
    api: Api, key: str, *entries: Any, kind: str = "result", path: str = "/log", **headers: str
) -> httpx.Response:
    body = {"node_key": key, "log_type": kind, "data": list(entries)}
    return api.send(path, json.dumps(body).encode(), headers)
