"""Waits until a machine's WinRM endpoint answers, as the endpoint that its certificate says."""

import http.client
import ssl
import time

from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded
from harness.model.machine import WinRMAccess

ATTEMPT_S, LONGEST_ATTEMPT_S = 5.0, 15.0
"""Each attempt has twice the time of the one before: giving up on a slow guest makes it slower. But an attempt that a
reboot cut off waits in vain."""
BETWEEN_S = 0.02
REFUSED = (401, 405, 200)
"""What a WinRM listener answers to a request without credentials, or to a GET."""


def await_winrm(access: WinRMAccess, deadline: Deadline) -> None:
    """Return once the endpoint answers HTTP. Raises `DeadlineExceeded` with the last thing that went wrong.

    QEMU accepts on the forwarded port before the guest does, so only an answer counts, never a connection.
    """
    last, attempt_s = "nothing was tried", ATTEMPT_S
    context = _pinned(access)
    while not deadline.passed:
        try:
            status = _ask(access, context, max(0.1, deadline.cap(attempt_s)))
            if status in REFUSED:
                return
            last = f"HTTP status {status}"
        except TimeoutError:
            last, attempt_s = "no answer in time", min(2 * attempt_s, LONGEST_ATTEMPT_S)
        except (OSError, http.client.HTTPException) as error:
            last = f"{type(error).__name__}: {error}"
        time.sleep(deadline.cap(BETWEEN_S))
    raise DeadlineExceeded(f"an answer of {access.url}", deadline.length_s, hint=f"Last: {last}")


def _pinned(access: WinRMAccess) -> ssl.SSLContext | None:
    if access.ca_pem is None:
        return None
    context = ssl.create_default_context(cafile=str(access.ca_pem))
    context.check_hostname = False  # the address is a forwarded port; the certificate itself is pinned
    return context


def _ask(access: WinRMAccess, context: ssl.SSLContext | None, timeout_s: float) -> int:
    connection: http.client.HTTPConnection
    if context is None:
        connection = http.client.HTTPConnection(access.host, access.port, timeout=timeout_s)
    else:
        connection = http.client.HTTPSConnection(access.host, access.port, timeout=timeout_s, context=context)
    try:
        connection.request("POST", "/wsman", headers={"Content-Length": "0"})
        return connection.getresponse().status
    finally:
        connection.close()
