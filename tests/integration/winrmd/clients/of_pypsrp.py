"""pypsrp's WinRS shell."""

from collections.abc import Mapping
from types import MappingProxyType

from pypsrp.exceptions import AuthenticationError
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

from harness.model.deadline import Deadline
from tests.integration.winrmd.clients.asking import Answer, Ask, Auth, Refused


class Pypsrp:
    name = "pypsrp"
    lacks: Mapping[str, str] = MappingProxyType({})
    auth: Auth = "ntlm"

    def run(self, ask: Ask) -> Answer:
        with self._wsman(ask) as wsman:
            try:
                with WinRS(wsman, codepage=65001) as shell:
                    return self._run(shell, ask)
            except AuthenticationError as error:
                raise Refused from error

    def _run(self, shell: WinRS, ask: Ask) -> Answer:
        process = Process(shell, ask.line)
        process.begin_invoke()
        if ask.stdin is not None:
            process.send(ask.stdin, end=True)
        if ask.terminate_at is not None:
            Deadline.after(30).poll(ask.terminate_at.exists, "the command's start", interval_s=0.02)
            process.signal(SignalCode.TERMINATE)
            return Answer(b"")
        process.end_invoke()
        process.signal(SignalCode.CTRL_C)
        return Answer(process.stdout, process.stderr, process.rc)

    def _wsman(self, ask: Ask) -> WSMan:
        return WSMan(
            "127.0.0.1",
            port=ask.port,
            username=ask.user,
            password=ask.password,
            ssl=ask.certificate is not None,
            auth=ask.auth,
            cert_validation=ask.certificate or False,  # type: ignore[arg-type]
            no_proxy=True,
            connection_timeout=30,
            operation_timeout=ask.operation_timeout_s,
            read_timeout=60,
        )
