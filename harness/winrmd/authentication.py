"""Who is on the other end of a connection: Basic on each request, NTLM once for the connection (MS-NTHT)."""

import base64
import hmac
import logging
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .config import ServerConfig
from .encryption import Unreadable

if TYPE_CHECKING:
    import spnego

log = logging.getLogger("winrmd")

_NTLM_SIGNATURE = b"NTLMSSP\0"
_STORE = "NTLM_USER_FILE"
_store_lock = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """What a request's Authorization header led to: a user, or the challenges to answer 401 with.

    `wrong`: credentials came and are not right, or are none at all.
    """

    user: str | None = None
    challenges: tuple[str, ...] = ()
    wrong: bool = False
    sealer: "NtlmContext | None" = field(default=None, compare=False)


class NtlmContext:
    """An accepted NTLM context, for sealing messages."""

    def __init__(self, context: "spnego.ContextProxy") -> None:
        self._context = context

    def seal(self, message: bytes) -> tuple[bytes, bytes]:
        """Signature and sealed message."""
        sealed = self._context.wrap_winrm(message)
        return sealed.header, sealed.data

    def unseal(self, signature: bytes, sealed: bytes) -> bytes:
        """The message; raises `Unreadable`."""
        from spnego.exceptions import SpnegoError  # late: only NTLM needs it, and it costs 100 ms

        try:
            return self._context.unwrap_winrm(signature, sealed)
        except SpnegoError as error:
            raise Unreadable("the signature does not fit") from error


def announced() -> tuple[str, str]:
    """The target and the domain that pyspnego's challenges name (MS-NLMP 2.2.1.2, TargetName and TargetInfo)."""
    return socket.gethostname(), "WORKSTATION"


class UserStore:
    """The users in the form that pyspnego reads them: a file, here one in memory, on no disk."""

    def __init__(self, users: Mapping[str, str], machine_name: str) -> None:
        self._file = os.memfd_create("winrm-users", os.MFD_CLOEXEC)
        # A client may name the local machine as the user's domain, or leave it out; some take it from the challenge.
        domains = dict.fromkeys(("", ".", machine_name, *announced()))
        lines = [f"{domain}:{name}:{password}\n" for name, password in users.items() for domain in domains]
        os.write(self._file, "".join(lines).encode())
        self.path = f"/proc/self/fd/{self._file}"

    def close(self) -> None:
        """Forget the users."""
        os.close(self._file)


class Authenticator:
    """Checks credentials for a whole server."""

    def __init__(self, config: ServerConfig) -> None:
        self._users = {name.lower(): (name, password) for name, password in config.users.items()}
        self._domains = {domain.lower() for domain in (".", config.machine_name, *announced())}
        self._store = UserStore(config.users, config.machine_name) if "ntlm" in config.auth else None
        plain_http = config.tls_cert is None
        self.basic = "basic" in config.auth and (not plain_http or config.allow_unencrypted)
        self.ntlm = self._store is not None
        self.offers = (
            *(("Negotiate", "NTLM") if self.ntlm else ()),
            *(('Basic realm="WSMAN"',) if self.basic else ()),
        )

    def close(self) -> None:
        """Forget the users."""
        if self._store is not None:
            self._store.close()

    def check_basic(self, token: str) -> str | None:
        """The user's name as configured, or None."""
        try:
            decoded = base64.b64decode(token, validate=True)
        except ValueError:  # also of text that is not ASCII
            return None
        name, colon, password = _text(decoded).partition(":")
        domain, backslash, local = name.rpartition("\\")
        if backslash and domain.lower() not in self._domains:
            return None
        known, expected = self._users.get(local.lower(), ("", ""))
        right = hmac.compare_digest(expected.encode(), password.encode())
        return known if colon and known and right else None

    def new_context(self, token: bytes) -> "spnego.ContextProxy":
        """A context for the client's first token, raw NTLM or wrapped in SPNEGO."""
        import spnego

        raw = token.startswith(_NTLM_SIGNATURE)
        with self._users_visible():
            return spnego.server(
                protocol="ntlm" if raw else "negotiate",
                options=spnego.NegotiateOptions.use_ntlm if raw else spnego.NegotiateOptions.use_negotiate,
            )

    def step(self, context: "spnego.ContextProxy", token: bytes) -> bytes | None:
        """Advance the context; raises what pyspnego raises for a token that is wrong."""
        with self._users_visible():
            return context.step(token)

    def user_of(self, context: "spnego.ContextProxy") -> str | None:
        """The configured name of the user that the context authenticated."""
        principal = (context.client_principal or "").rpartition("\\")[2]
        return self._users.get(principal.lower(), (None, ""))[0]

    def _users_visible(self) -> "_StoreInEnvironment":
        assert self._store is not None
        return _StoreInEnvironment(self._store.path)


def _text(credentials: bytes) -> str:
    """RFC 7617 leaves the character set open: some clients send UTF-8, python-requests sends Latin-1."""
    try:
        return credentials.decode()
    except UnicodeDecodeError:
        return credentials.decode("latin-1")


class _StoreInEnvironment:
    """pyspnego takes the store's name from the process's environment, and two servers may live in one."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._before: str | None = None

    def __enter__(self) -> None:
        _store_lock.acquire()
        self._before = os.environ.get(_STORE)
        os.environ[_STORE] = self._path

    def __exit__(self, *_: object) -> None:
        if self._before is None:
            del os.environ[_STORE]
        else:
            os.environ[_STORE] = self._before
        _store_lock.release()


class ConnectionIdentity:
    """The authentication of one connection."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._context: spnego.ContextProxy | None = None
        self._user: str | None = None
        self.sealer: NtlmContext | None = None

    def authenticate(self, authorization: str | None) -> Outcome:
        """Who sends this request; without credentials, whoever the connection was authenticated as."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        kind = scheme.lower()
        if not scheme:
            return Outcome(self._user, sealer=self.sealer) if self._user else self._refused()
        if kind == "basic" and self._authenticator.basic:
            user = self._authenticator.check_basic(token.strip())
            return Outcome(user) if user else self._refused(wrong=True)
        if kind in ("negotiate", "ntlm") and self._authenticator.ntlm:
            return self._negotiate(scheme, token.strip())
        return self._refused(wrong=True)

    def _negotiate(self, scheme: str, token: str) -> Outcome:
        try:
            raw = base64.b64decode(token, validate=True)
            if self._context is None or self._user is not None:
                self._user = self.sealer = None
                self._context = self._authenticator.new_context(raw)
            answer = self._authenticator.step(self._context, raw)
            done = self._context.complete
        # pyspnego takes tokens apart with struct, enumerations, slices and assertions, and lets their errors through:
        # whatever a token does to it, the token is wrong.
        except Exception as error:  # noqa: BLE001
            log.info("a token of scheme %s cannot be read: %s", scheme, type(error).__name__)
            self._context = None
            return self._refused(wrong=True)
        said = f"{scheme} {base64.b64encode(answer).decode()}" if answer else scheme
        if not done:
            return Outcome(challenges=(said,))
        self._user = self._authenticator.user_of(self._context)
        if self._user is None:
            self._context = None
            return self._refused(wrong=True)
        self.sealer = NtlmContext(self._context)
        return Outcome(self._user, (said,) if answer else (), sealer=self.sealer)

    def _refused(self, *, wrong: bool = False) -> Outcome:
        return Outcome(challenges=self._authenticator.offers, wrong=wrong)
