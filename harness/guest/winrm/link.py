"""One WinRM connection: pywinrm's protocol and transport, with timeouts per message and errors of our own."""

import contextlib
from typing import Any

import requests
import spnego.exceptions
import urllib3
from requests.adapters import HTTPAdapter
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError, WSManFaultError
from winrm.protocol import Protocol

from harness.model.errors import GuestFault, GuestUnreachable
from harness.model.machine import WinRMAccess

CONNECT_TIMEOUT_S = 5.0
READ_MARGIN_S = 5.0
"""How much longer than the operation's own timeout an answer may take."""


BAD_REQUEST = 400
NOT_SERVED = frozenset({404, 500, 502, 503})
"""HTTP statuses of `http.sys` while the service behind it comes or goes."""


class LinkDown(GuestUnreachable):
    """The connection failed. `sent`: the message may have arrived. `retry`: trying again can help."""

    def __init__(self, message: str, *, sent: bool, retry: bool = True, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.sent, self.retry = sent, retry


class WsmanFault(GuestFault):
    """The guest answered a fault, so it did not do what was asked."""


class HttpFailure(GuestFault):
    """The web server in front of WinRM answered by itself: the service is starting, stopping or not there.

    Whether the message reached WinRM is not known.
    """


class _NamedHost(HTTPAdapter):
    """Checks the certificate against a fixed name: machines are reached through forwarded ports."""

    def __init__(self, server_name: str) -> None:
        self._server_name = server_name
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"assert_hostname": self._server_name, "server_hostname": self._server_name}
        super().init_poolmanager(*args, **kwargs)


class Link:
    """Posts one message at a time. Connects when first used and again after `drop`. Not thread-safe."""

    def __init__(self, access: WinRMAccess) -> None:
        self._access = access
        self._protocol = Protocol(
            endpoint=access.url,
            transport="ntlm" if access.auth == "ntlm" else "basic",
            username=access.username,
            password=access.password.get_secret_value(),
            ca_trust_path=str(access.ca_pem) if access.ca_pem else None,  # type: ignore[arg-type]
            server_cert_validation="validate",
            # Encrypts over HTTP where the method can (NTLM); over HTTPS there is TLS.
            message_encryption="auto",
            proxy=None,
        )
        self._used = False

    def post(self, envelope: str, timeout_s: float) -> bytes:
        """Send one message whose operation timeout is `timeout_s`, and return the answer.

        Raises `LinkDown`, `WsmanFault`, `GuestFault`; for a Receive without news winrm's
        `WinRMOperationTimeoutError`.
        """
        transport = self._protocol.transport
        # requests takes a pair: time to connect, time between two bytes.
        transport.read_timeout_sec = (CONNECT_TIMEOUT_S, timeout_s + READ_MARGIN_S)  # type: ignore[assignment]
        reused = self._used
        try:
            self._connect()
            answer = self._protocol.send_message(envelope)
        except WSManFaultError as error:
            code = error.wsman_fault_code or error.wmierror_code or 0
            raise WsmanFault(f"WinRM fault {code}: {' '.join(error.reason.split())}", code=code) from error
        except InvalidCredentialsError as error:
            self.drop()
            if reused:
                return self.post(envelope, timeout_s)
            raise GuestFault(
                f"The guest at {self._access.url} refused user {self._access.username!r}.",
                code=401,
                hint="Check the machine's credentials.",
            ) from error
        except WinRMTransportError as error:
            encrypted = self._protocol.transport.encryption is not None
            self.drop()
            if reused and encrypted and error.code == BAD_REQUEST:
                # The guest had closed the connection, and the NTLM context to decrypt with went along. What it
                # could not read it did not do, so a new connection may bring the message again.
                return self.post(envelope, timeout_s)
            kind = HttpFailure if error.code in NOT_SERVED else GuestFault
            raise kind(
                f"The guest at {self._access.url} answered HTTP {error.code} without a WinRM fault.",
                code=error.code,
            ) from error
        except requests.exceptions.SSLError as error:
            self.drop()
            raise self._tls_error(error) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self.drop()
            raise LinkDown(
                f"The connection to the guest at {self._access.url} failed: {_innermost(error)}.",
                sent=not _never_connected(error),
            ) from error
        except (WinRMError, spnego.exceptions.SpnegoError, PermissionError, KeyError) as error:
            # PermissionError and KeyError: what requests_ntlm raises for an answer without a challenge.
            self.drop()
            raise GuestFault(
                f"The guest at {self._access.url} broke the authentication protocol: {error}."
            ) from error
        except OSError as error:
            # requests says so when the CA's file is gone, and with it the machine.
            self.drop()
            raise LinkDown(f"The guest at {self._access.url} is gone: {error}.", sent=False) from error
        self._used = True
        return answer

    def drop(self) -> None:
        """Close the connection; the next message makes a new one."""
        self._used = False
        self._protocol.transport.encryption = None
        with contextlib.suppress(OSError):
            self._protocol.transport.close_session()

    def _connect(self) -> None:
        transport = self._protocol.transport
        if transport.session is None:
            session = transport.build_session()
            session.trust_env = False
            if self._access.ca_pem:
                session.mount("https://", _NamedHost(self._access.server_name))

    def _tls_error(self, error: requests.exceptions.SSLError) -> LinkDown:
        untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error) or "doesn't match" in str(error)
        return LinkDown(
            f"TLS with the guest at {self._access.url} failed: {_innermost(error)}.",
            sent=not untrusted,
            retry=not untrusted,
            hint=f"Its certificate must be signed by {self._access.ca_pem} for {self._access.server_name!r}."
            if untrusted
            else "",
        )


def _never_connected(error: Exception) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _innermost(error: BaseException) -> str:
    """The deepest cause's own words; the outer ones repeat it wrapped in object addresses.

    Causes may form a ring (an exception raised again while what came of it is handled): each is looked at once.
    """
    seen, known = error, {id(error)}
    while (inner := seen.__cause__ or seen.__context__) is not None and id(inner) not in known:
        known.add(id(inner))
        seen = inner
    return f"{type(seen).__name__}: {seen}".rstrip(".: ")
