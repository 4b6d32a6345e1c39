"""The HTTP adapter: a team's own staging backend, asked over its HTTP interface."""

import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from harness.backend.external.answers import is_lines, read_answer
from harness.backend.external.backend import ExternalBackend
from harness.backend.external.description import from_environment
from harness.backend.external.model import ClientCertificate, EnvironmentValue, HttpCall, HttpDescription
from harness.backend.external.placeholders import fill, fill_body
from harness.backend.external.transport import Unavailable
from harness.model.errors import BackendError, ConfigurationError

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes that may be gone at the next attempt."""


class HttpBackend(ExternalBackend[HttpCall]):
    """A backend described by `kind: http`."""

    def __init__(self, description: HttpDescription, file: Path) -> None:
        transport = HttpTransport(description, file)
        try:
            super().__init__(description, transport, file)
        except ConfigurationError:
            transport.close()
            raise


class HttpTransport:
    """Requests with the file's headers. No redirects: a secret header might go astray."""

    def __init__(self, description: HttpDescription, file: Path) -> None:
        self._url = str(description.url).rstrip("/")
        headers, secrets = {}, set()
        for name, value in description.headers.items():
            if isinstance(value, EnvironmentValue):
                secret = from_environment(value, f"headers.{name}", file)
                secrets.add(secret)
                headers[name] = value.prefix + secret
            else:
                headers[name] = value
        self.secrets = frozenset(secrets)
        try:
            trusted = ssl.create_default_context(
                cafile=str(file.parent / description.ca_file) if description.ca_file else None
            )
        except OSError as error:
            raise ConfigurationError(f"cannot be used: {error}.", file=str(file), key="ca_file") from error
        if description.client_cert:
            _show_at_handshakes(trusted, description.client_cert, file)
        self._client = httpx.Client(headers=headers, verify=trusted)

    def fetch(self, call: HttpCall, values: Mapping[str, Any], timeout_s: float) -> Any:
        """One request. Raises `Unavailable` or `BackendError`."""
        url = self._url + fill(call.path, values, lambda text: quote(text, safe=""))
        filled = {name: fill(value, values) for name, value in call.params.items()}
        params = {name: text for name, text in filled.items() if text or "{page}" not in call.params[name]}
        body = fill_body(call.body, values)
        content = (
            None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
        headers = {} if content is None else {"content-type": "application/json"}
        what = f"{call.method} {url}"
        try:
            answer = self._client.request(
                call.method, url, params=params, content=content, headers=headers, timeout=timeout_s
            )
        except httpx.TimeoutException as error:
            raise Unavailable(f"{what} was not answered within {timeout_s:g} s.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"{what} failed: {error}.") from error
        if answer.status_code in call.absent:
            return None
        if not answer.is_success:
            failure = Unavailable if answer.status_code in PASSING else BackendError
            raise failure(f"{what} was answered with {answer.status_code}: {answer.text[:200]!r}.")
        if not answer.content.strip():
            return None
        try:
            lines = call.lines or is_lines(answer.headers.get("content-type", ""))
            return read_answer(answer.content, lines=lines)
        except ValueError as error:
            raise BackendError(f"{what} was not answered in JSON: {answer.text[:200]!r}.") from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _show_at_handshakes(context: ssl.SSLContext, given: ClientCertificate, file: Path) -> None:
    """Have the client's certificate shown to a server that asks for one. Raises `ConfigurationError`."""
    secret = from_environment(given.password, "client_cert.password", file) if given.password else ""
    try:
        # Without a password of ours OpenSSL would ask at the terminal for one.
        context.load_cert_chain(
            file.parent / given.file, file.parent / given.key if given.key else None, password=lambda: secret
        )
    except OSError as error:
        hint = "file holds the certificate and, where `key` is not given, its private key, as PEM."
        raise ConfigurationError(
            f"cannot be used: {error}.", file=str(file), key="client_cert", hint=hint
        ) from error
