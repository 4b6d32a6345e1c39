"""wsman of openwsman's wsmancli, where it is installed: Debian has it not, and it takes minutes to build."""

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from harness.winrmd import namespaces as ns
from tests.integration.winrmd.clients.asking import Answer, Ask, Auth, Refused
from tests.integration.winrmd.clients.by_envelopes import run_by_envelopes

PROGRAM = shutil.which("wsman")
_VERBS = {ns.CREATE: "create", ns.DELETE: "delete"}


class Openwsman:
    name = "openwsman"
    lacks: Mapping[str, str] = MappingProxyType({"NTLM sealed, HTTP": "it cannot seal messages"})
    auth: Auth = "ntlm"

    def run(self, ask: Ask) -> Answer:
        asked = dataclasses.replace(ask, line=_without_entities(ask.line))
        with TemporaryDirectory() as directory:
            return run_by_envelopes(
                asked, lambda action, body, shell: _post(ask, Path(directory), action, body, shell)
            )


def _without_entities(line: str) -> str:
    """The same for sh, with no character that XML has an entity for: wsman sends an element with one of them empty."""
    encoded = "".join(f"\\0{ord(c):03o}" if c in "&<>'\\" else c for c in line)
    return f"eval \"$(printf '%b' '{encoded}')\""


def _post(ask: Ask, directory: Path, action: str, body: str, shell: str | None) -> bytes:
    given, configuration = directory / "body.xml", directory / "wsman.conf"
    given.write_text(body, encoding="utf-8")
    # Its libcurl makes NTLM's UTF-16 of bytes, as in of_curl.py.
    password = ask.password.encode("latin-1")
    configuration.write_bytes(
        f"[client]\nusername={ask.user}\npassword=".encode() + password + b"\nagent=wsman\n"
    )
    selector = f"?ShellId={shell}" if shell else ""
    verb = (_VERBS[action],) if action in _VERBS else ("invoke", "--method", action)
    done = subprocess.run(
        [
            *(PROGRAM or "wsman", *verb, ns.RESOURCE_CMD_SHELL + selector, "--hostname", "127.0.0.1"),
            *("--port", str(ask.port), "--auth", ask.auth, "--non-interactive"),
            *("--config-file", str(configuration), "--username", ask.user, b"--password=" + password),
            *("--operation-timeout", str(ask.operation_timeout_s * 1000), "--max-envelope-size", "512000"),
            *(("--input", str(given)) if body else ()),
            *(("--https", "--cacert", ask.certificate) if ask.certificate else ()),
        ],
        capture_output=True,
        timeout=90,
        check=False,
        env={**os.environ, "no_proxy": "*"},
    )
    said = done.stdout + done.stderr
    if b"401" in said and b"<s:Envelope" not in said:
        raise Refused
    begin, end = said.find(b"<?xml"), said.find(b"</s:Envelope>")
    assert begin >= 0, said.decode(errors="replace")
    return said[begin : end + len(b"</s:Envelope>")]
