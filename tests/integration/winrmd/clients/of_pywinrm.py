"""pywinrm."""

from collections.abc import Mapping
from types import MappingProxyType

from winrm.exceptions import InvalidCredentialsError
from winrm.protocol import Protocol

from harness.model.deadline import Deadline
from tests.integration.winrmd.clients.asking import Answer, Ask, Auth, Refused


class Pywinrm:
    name = "pywinrm"
    lacks: Mapping[str, str] = MappingProxyType({})
    auth: Auth = "ntlm"

    def run(self, ask: Ask) -> Answer:
        client = self._protocol(ask)
        try:
            shell = client.open_shell(codepage=65001)
        except InvalidCredentialsError as error:
            raise Refused from error
        command = client.run_command(shell, ask.line)
        if ask.stdin is not None:
            client.send_command_input(shell, command, ask.stdin, end=True)
        if ask.terminate_at is not None:
            Deadline.after(30).poll(ask.terminate_at.exists, "the command's start", interval_s=0.02)
            client.cleanup_command(shell, command)
            client.close_shell(shell)
            return Answer(b"")
        out, err, code = client.get_command_output(shell, command)
        client.cleanup_command(shell, command)
        client.close_shell(shell)
        return Answer(out, err, code)

    def _protocol(self, ask: Ask) -> Protocol:
        return Protocol(
            endpoint=ask.url,
            transport=ask.auth,
            username=ask.user,
            password=ask.password,
            server_cert_validation="validate",
            ca_trust_path=ask.certificate or "legacy_requests",
            operation_timeout_sec=ask.operation_timeout_s,
            read_timeout_sec=60,
            proxy=None,
        )
