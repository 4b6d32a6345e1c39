"""TLS handshakes that come to nothing, noted.

asyncio drops them in silence, and an agent that refuses a certificate would look like one that never calls.
"""

import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

KEPT = 1000
"""Failures remembered at most; an agent may try for ever."""

PLAIN = "the agent speaks plain HTTP, without TLS"

WORDS = {
    "TLSV1_ALERT_UNKNOWN_CA": "the agent does not trust the certificate's authority (alert: unknown CA)",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the agent does not accept the certificate (alert: certificate unknown)",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the agent does not accept the certificate (alert: bad certificate)",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the agent calls the certificate expired (alert)",
    "TLSV1_ALERT_ACCESS_DENIED": "the agent refuses the certificate (alert: access denied)",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the agent refuses this version of TLS (alert: protocol version)",
    "UNSUPPORTED_PROTOCOL": "the agent offers only versions of TLS that are too old",
    "NO_SHARED_CIPHER": "the agent offers no cipher that the backend knows",
    "HTTP_REQUEST": PLAIN,
    "HTTPS_PROXY_REQUEST": "the agent takes the backend for a proxy (CONNECT), which it is not",
    "WRONG_VERSION_NUMBER": "what the agent sends is no TLS",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the agent ends the handshake (alert: handshake failure)",
}
"""What OpenSSL's reasons mean, seen from the server (OpenSSL, `include/openssl/sslerr.h`)."""


class Handshakes:
    """The failures of one server, each with its time. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: list[tuple[float, str]] = []

    def failed(self, error: ssl.SSLError) -> None:
        """Note one."""
        reason = error.reason or str(error)
        with self._lock:
            if len(self._failed) < KEPT:
                self._failed.append((self._clock(), WORDS.get(reason, reason.lower().replace("_", " "))))

    def since(self, moment: float) -> tuple[str, ...]:
        """Why handshakes failed after that moment, oldest first."""
        with self._lock:
            return tuple(reason for at, reason in self._failed if at >= moment)

    def watch(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """The same context, whose connections are noted here when they fail."""
        handshakes = self

        class Noted(ssl.SSLObject):
            """One connection. In TLS 1.3 the client's refusal comes after the server's own handshake has ended."""

            def do_handshake(self) -> None:
                noted(super().do_handshake)

            def read(self, *arguments: Any) -> Any:
                return noted(super().read, *arguments)

        def noted(step: Callable[..., Any], *arguments: Any) -> Any:
            try:
                return step(*arguments)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
                raise
            except ssl.SSLError as error:
                handshakes.failed(error)
                raise

        context.sslobject_class = Noted
        return context
