"""pywinrm, which was not written here, as the one way into a machine."""

from winrm.protocol import Protocol

from harness.model.machine import WinRMAccess


class Client:
    """One shell on a machine."""

    def __init__(self, access: WinRMAccess) -> None:
        self.protocol = Protocol(
            endpoint=access.url,
            transport="ntlm",
            username=access.username,
            password=access.password.get_secret_value(),
            ca_trust_path=str(access.ca_pem),
            read_timeout_sec=40,
            operation_timeout_sec=20,
        )
        self.shell: str = self.protocol.open_shell(codepage=65001)

    def run(self, command: str) -> tuple[int, str]:
        """Exit code and output (both streams) of a command line."""
        out, err, code = self.protocol.get_command_output(self.shell, self.start(command))
        return code, (out + err).decode(errors="replace")

    def start(self, command: str) -> str:
        """Start a command and do not wait for it."""
        started: str = self.protocol.run_command(self.shell, command)
        return started
