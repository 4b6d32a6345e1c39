"""An agent in Python that pins the server's certificate, over real TLS."""

import hashlib
import socket
import ssl
import threading
from typing import Any, Self

import httpx

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.interface import Enrolment

CELL = "win11-24h2/fresh"


class Agent:
    """Speaks the osquery TLS remote API."""

    def __init__(
        self, backend: EmbeddedBackend, enrolment: Enrolment, host: str = "HOST-1", version: str = "1.2.3"
    ) -> None:
        context = ssl.create_default_context(cadata=enrolment.ca_pem)
        self.client = httpx.Client(base_url=f"https://{backend.address}", verify=context, timeout=30)
        self._enrolment, self.host, self._version, self.key = enrolment, host, version, ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(path, json={"node_key": self.key, **body})
        answer.raise_for_status()
        return answer.json()

    def enrol(self) -> Self:
        details = {
            "osquery_info": {"version": self._version},
            "system_info": {"hostname": self.host.lower(), "uuid": "4C4C"},
        }
        answer = self.client.post(
            "/enroll",
            json={
                "enroll_secret": self._enrolment.secret,
                "host_identifier": self.host,
                "host_details": details,
            },
        ).json()
        self.key = answer["node_key"]
        return self

    def result(self, query: str, action: str = "added", **columns: str) -> None:
        row = {"name": query, "action": action, "columns": columns, "hostIdentifier": self.host}
        self.post("/log", log_type="result", data=[row])

    def status(self, message: str, severity: int = 0) -> None:
        self.post("/log", log_type="status", data=[{"severity": severity, "message": message}])

    def poll(self) -> None:
        """Fetch distributed queries and answer each: `fail` badly, the others with one row."""
        for query_id, sql in self.post("/distributed/read")["queries"].items():
            bad = sql == "fail"
            self.post(
                "/distributed/write",
                queries={query_id: "" if bad else [{"sql": sql}]},
                statuses={query_id: int(bad)},
                messages={query_id: "no such table" if bad else ""},
            )

    def __enter__(self) -> Self:
        def run() -> None:
            while not self._stop.wait(0.05):
                self.poll()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(30)


def pinned_digest(backend: EmbeddedBackend, version: ssl.TLSVersion) -> tuple[str, str]:
    """SHA-256 of the certificate that the server shows under this TLS version, and the version's name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection((backend.address.host, backend.address.port), 30) as raw,
        context.wrap_socket(raw) as connection,
    ):
        der = connection.getpeercert(binary_form=True)
        assert der is not None
        return hashlib.sha256(der).hexdigest(), connection.version() or ""
