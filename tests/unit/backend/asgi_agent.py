"""An agent that speaks to the application in this process, without a network."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Scope

from harness.backend.embedded.admissions import Admissions
from harness.backend.embedded.app import RemoteApi
from harness.backend.embedded.large import LargeBodies
from harness.backend.embedded.store import Store

CELL = "win11-24h2/fresh"


class Api:
    """The embedded backend without server and TLS."""

    def __init__(self, database: Path) -> None:
        self.store = Store(database)
        self.admissions = Admissions(self.store)
        self.cuts: list[Scope] = []
        self._app = RemoteApi(self.admissions, self.cuts.append, LargeBodies()).application()

    def send(
        self, path: str, content: bytes, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url="https://backend") as client:
                return await client.request(method, path, content=content, headers=headers)

        return asyncio.run(call())

    def post(self, path: str, document: Any) -> Any:
        answer = self.send(path, httpx.Request("POST", "https://backend", json=document).content)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def enrol(self, secret: str, host: str = "HOST-1", version: str = "1.2.3", prefix: str = "") -> Any:
        details = {
            "os_version": {"version": "10.0.26100"},
            "osquery_info": {"version": version},
            "system_info": {"hostname": "host-1", "uuid": "4C4C"},
        }
        body = {"enroll_secret": secret, "host_identifier": host, "host_details": details}
        return self.post(prefix + "/enroll", body)


@contextmanager
def api_in(directory: Path) -> Iterator[Api]:
    api = Api(directory / f"backend-{time.monotonic_ns()}.sqlite")
    try:
        yield api
    finally:
        api.store.close()
