"""What would keep `bvt serve` from speaking TLS with the files of the settings, said before a worker starts."""

import ssl
from collections.abc import Iterator
from pathlib import Path

from harness.documents.problem import Problem
from harness.files import named_file
from harness.model.errors import ConfigurationError
from harness.server.settings import Tls


class _Locked(Exception):
    """The key asks for a passphrase."""


def tls_problems(tls: Tls) -> Iterator[Problem]:
    """The first file that is missing or wrong; nothing if a server can use both."""
    for name, path in (("certificate", tls.certificate), ("key", tls.key)):
        try:
            named_file(path)
        except ConfigurationError as error:
            yield Problem(("tls", name), f"{path}: {error.sentence}", "Name a PEM file.")
            return
    try:
        _load(tls.certificate, tls.key)
    except _Locked:
        hint = "Name one without, which only this server's user may read."
        yield Problem(("tls", "key"), f"{tls.key}: the key is encrypted with a passphrase.", hint)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            yield Problem(("tls", "key"), f"{tls.key}: this is not the key of {tls.certificate}.")
        else:
            message = f"{tls.certificate} and {tls.key} are no certificate and its key."
            yield Problem(("tls",), message, "Name the two PEM files.", at_key=True)


def _load(certificate: Path, key: Path) -> None:
    def locked() -> str:
        raise _Locked  # else OpenSSL would ask on the terminal

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=locked)
