"""Waits until a machine's WinRM endpoint answers, as the endpoint that its certificate says."""

import http.client
import ssl
import time

from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded
from harness.model.machine import WinRMAccess

ATTEMPT_S = 5.0
BETWEEN_S = 0.02
REFUSED = (401, 405, 200)
"""What a WinRM listener answers to a request without credentials, or to a GET."""


def await_winrm(access: WinRMAccess, deadline: Deadline) -> None:
    """Return once the endpoint answers HTTP. Raises `DeadlineExceeded` with the last thing that went wrong.

    QEMU accepts on the forwarded port before the guest does, so only an answer counts, never a connection.
    """
    last = "nothing was tried"
    while not deadline.passed:
        try:
            status = _ask(access, max(0.1, deadline.cap(ATTEMPT_S)))
            if status in REFUSED:
                return
            last = f"HTTP status {status}"
        except (OSError, http.client.HTTPException) as error:
            last = f"{type(error).__name__}: {error}"
        time.sleep(deadline.cap(BETWEEN_S))
    raise DeadlineExceeded(f"an answer of {access.url}", deadline.length_s, hint=f"Last: {last}")


def _ask(access: WinRMAccess, timeout_s: float) -> int:
    connection: http.client.HTTPConnection
    if access.ca_pem is None:
        connection = http.client.HTTPConnection(access.host, access.port, timeout=timeout_s)
    else:
        context = ssl.create_default_context(cafile=str(access.ca_pem))
        context.check_hostname = False  # the address is a forwarded port; the certificate itself is pinned
        connection = http.client.HTTPSConnection(access.host, access.port, timeout=timeout_s, context=context)
    try:
        connection.request("POST", "/wsman", headers={"Content-Length": "0"})
        return connection.getresponse().status
    finally:
        connection.close()
