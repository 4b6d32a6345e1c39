"""Real servers on loopback that take messages: SMTP, a Mattermost-like webhook, a plain JSON webhook."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

DEADLINE_S = 120.0


class Inbox:
    """What arrived, in its order."""

    def __init__(self) -> None:
        self._arrived: queue.Queue[str] = queue.Queue()
        self.port = 0

    def put(self, text: str) -> None:
        self._arrived.put(text)

    def next(self) -> str:
        """The next message; fails when none comes in time."""
        return self._arrived.get(timeout=DEADLINE_S)

    @property
    def empty(self) -> bool:
        return self._arrived.empty()


class _Mailbox:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        self._inbox.put(f"{mail['subject']}\n{envelope.rcpt_tos}\n{body.get_content()}")
        return "250 taken"


@contextmanager
def smtp(port: int = 0) -> Iterator[Inbox]:
    """A mail server; on a given port, or on any."""
    inbox = Inbox()
    controller = Controller(
        _Mailbox(inbox), hostname="127.0.0.1", port=port or free_port(), ready_timeout=DEADLINE_S
    )
    controller.start()
    inbox.port = controller.port
    try:
        yield inbox
    finally:
        controller.stop()


@contextmanager
def webhook(*, refusals: int = 0) -> Iterator[Inbox]:
    """Takes JSON as Mattermost and others send it, after it has refused some requests with 503."""
    inbox, left = Inbox(), [refusals]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said: Any = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if left[0] > 0:
                left[0] -= 1
                self.send_error(503)
                return
            inbox.put(f"{self.path}\n{json.dumps(said, ensure_ascii=False)}")
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    inbox.port = server.server_address[1]
    try:
        yield inbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join(DEADLINE_S)


def free_port() -> int:
    """A port that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
