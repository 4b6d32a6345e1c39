"""Whether anything answers at a guest's WinRM address, however slow the guest is. Nobody logs in."""

import http.client
import ssl

from harness.model.deadline import Deadline
from harness.model.machine import WinRMAccess

LEAST_S = 0.1


def endpoint_answers(access: WinRMAccess, deadline: Deadline) -> bool:
    """True once the endpoint gives any HTTP status in time.

    A connection proves nothing: a user-mode network accepts it on behalf of a guest that is cut off.
    """
    timeout_s = max(LEAST_S, deadline.remaining_s)
    connection: http.client.HTTPConnection
    if access.ca_pem is None:
        connection = http.client.HTTPConnection(access.host, access.port, timeout=timeout_s)
    else:
        context = ssl.create_default_context(cafile=str(access.ca_pem))
        context.check_hostname = False  # a forwarded port; the certificate itself is pinned
        connection = http.client.HTTPSConnection(access.host, access.port, timeout=timeout_s, context=context)
    try:
        connection.request("POST", "/wsman", headers={"Content-Length": "0"})
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
