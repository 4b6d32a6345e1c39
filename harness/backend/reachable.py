"""Whether a backend's address takes connections: an agent that stays silent may have nobody to talk to."""

import socket
import ssl

from harness.model.errors import BackendError
from harness.model.machine import HostPort

PATIENCE_S = 10.0


def require_answer(name: str, address: HostPort, ca_pem: str = "") -> None:
    """Connect as an agent does, as far as that goes without being one. Raises `BackendError` if nobody answers.

    `ca_pem`: TLS is spoken there, by a server that this authority knows; else the connection alone is asked for.
    """
    try:
        with socket.create_connection((address.host, address.port), PATIENCE_S) as connection:
            if ca_pem:
                context = ssl.create_default_context(cadata=ca_pem)
                context.check_hostname = False  # the certificate is for the address that the guests see
                context.wrap_socket(connection).close()
    except OSError as error:
        raise BackendError(
            f"The backend {name} takes no connection at {address} ({error}), so an agent that is silent proves nothing.",
            hint="Start the backend, or correct `address` in its file; then run the cell again.",
        ) from error
