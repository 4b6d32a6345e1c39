"""Reachable or cut off: an answer counts, a connection does not."""

import http.server
import socket
import threading

import pytest
from pydantic import SecretStr

from harness.guest.winrm.reach import endpoint_answers
from harness.model.deadline import Deadline
from harness.model.machine import WinRMAccess


def access(port: int) -> WinRMAccess:
    return WinRMAccess(host="127.0.0.1", port=port, username="bvt", password=SecretStr("x"))


def test_an_endpoint_that_refuses_a_request_without_credentials_answers() -> None:
    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(401)

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert endpoint_answers(access(server.server_address[1]), Deadline.after(30))


@pytest.mark.parametrize("accepts", [True, False])
def test_a_connection_without_an_answer_is_none(accepts: bool) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        if accepts:
            server.listen()
        assert not endpoint_answers(access(port), Deadline.after(0.3))
