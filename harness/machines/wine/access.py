"""Makes the way into a machine: certificate, password, and the configuration of its WinRM server."""

import json
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from harness.machines.certificate import self_signed
from harness.machines.wine.installation import WineInstallation
from harness.machines.wine.order import Places, windows_path
from harness.model.machine import WinRMAccess
from harness.winrmd.wine_locale import UTF8_CODEPAGE, utf8_environment

USERNAME = "bvt"


def make_access(
    places: Places,
    *,
    port: int,
    hostname: str,
    environment: dict[str, str],
    probe: Path,
    wine: WineInstallation,
) -> WinRMAccess:
    """Write certificate, key and server configuration into the machine's directory. Raises `OSError`."""
    password = secrets.token_urlsafe(18)
    _write_certificate(places, hostname)
    results = places.home / "results"
    results.mkdir(mode=0o700)
    executed = [str(wine.loader), windows_path(probe), "exec", "--result", "{result}"]
    configuration = {
        "users": {USERNAME: password},
        "launcher": [*executed, "--", "{command}"],
        "launcher_ahead": [*executed, "--ahead"],
        "result_dir": str(results),
        "result_dir_guest": windows_path(results),
        "tls_cert": str(places.certificate),
        "tls_key": str(places.key),
        "environment": environment,
        "codepage_environment": {UTF8_CODEPAGE: utf8_environment(places.locales, wine.root)},
        "drives": {"C:": str(places.prefix / "drive_c"), "D:": str(places.media)},
        "working_directory": str(places.prefix / "drive_c"),
        "machine_name": hostname,
        "log_path": str(places.logs / "winrm.log"),
        "root": str(places.view) if wine.root else None,
    }
    _write_private(places.winrm_config, json.dumps(configuration).encode())
    return WinRMAccess(
        host="127.0.0.1",
        port=port,
        username=USERNAME,
        password=SecretStr(password),
        ca_pem=places.certificate,
        server_name="localhost",
    )


def _write_certificate(places: Places, hostname: str) -> None:
    certificate, key = self_signed(hostname)
    _write_private(places.certificate, certificate)
    _write_private(places.key, key)


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
