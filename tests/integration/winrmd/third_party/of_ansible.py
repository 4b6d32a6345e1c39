"""ansible-core's `raw` over its connection plug-in winrm, from pip, in an environment of its own."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from tests.integration.winrmd.clients.asking import Answer, Ask, Auth, Refused
from tests.integration.winrmd.third_party.environments import environment_with

PACKAGES = ("ansible-core==2.19.14", "pywinrm==0.5.0")
HOST = "guest"


class Ansible:
    name = "ansible-core raw"
    lacks: Mapping[str, str] = MappingProxyType({"stdin": "raw has none"})
    auth: Auth = "ntlm"

    def __init__(self) -> None:
        self._program: Path | None = None

    def run(self, ask: Ask) -> Answer:
        self._program = self._program or environment_with("ansible-core", PACKAGES) / "ansible"
        with TemporaryDirectory() as directory:
            results = Path(directory)
            variables = results / "variables.json"
            variables.write_text(json.dumps(_variables(ask)))
            done = subprocess.run(
                [
                    *(self._program, "all", "--inventory", f"{HOST},", "--connection", "winrm"),
                    *("--module-name", "raw", "--args", json.dumps({"_raw_params": ask.line})),
                    *("--extra-vars", f"@{variables}", "--tree", results / "tree"),
                    # What it ends of its own accord it ends when the task's time is over.
                    *(("--task-timeout", "4") if ask.terminate_at else ()),
                ],
                capture_output=True,
                timeout=120,
                check=False,
                env={"PATH": os.environ["PATH"], "HOME": directory, "LC_ALL": "C.UTF-8"},
            )
            answer = results / "tree" / HOST
            assert answer.is_file(), (done.stdout + done.stderr).decode(errors="replace")
            return _read(json.loads(answer.read_text(encoding="utf-8")), ask)


def _variables(ask: Ask) -> dict[str, object]:
    return {
        "ansible_host": "127.0.0.1",
        "ansible_port": ask.port,
        "ansible_winrm_scheme": "https" if ask.certificate else "http",
        "ansible_winrm_transport": ask.auth,
        "ansible_winrm_message_encryption": "auto",
        "ansible_winrm_ca_trust_path": ask.certificate,
        "ansible_winrm_operation_timeout_sec": ask.operation_timeout_s,
        "ansible_winrm_read_timeout_sec": 60,
        "ansible_user": ask.user,
        "ansible_password": ask.password,
        "ansible_shell_type": "powershell",
    }


def _read(said: dict[str, object], ask: Ask) -> Answer:
    message = str(said.get("msg", ""))
    if "credentials" in message:
        raise Refused(message)
    if ask.terminate_at is not None:
        assert "timed out" in message.lower() or "timeout" in message.lower(), said
        return Answer(b"")
    if "rc" not in said:
        raise AssertionError(message)
    return Answer(str(said["stdout"]).encode(), str(said["stderr"]).encode(), int(str(said["rc"])))
