"""A client of a service that no network is between, and what it reads of answers."""

import base64
from xml.etree import ElementTree

from harness.winrmd import namespaces as ns
from harness.winrmd.caller import Caller
from harness.winrmd.config import ServerConfig
from harness.winrmd.operations import Service
from harness.winrmd.shell import ShellTable
from tests.unit.winrmd.envelopes import request, text_of

CALLER = Caller("bvt", "127.0.0.1")
SHELL = "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams></rsp:Shell>"


class Client:
    """Sends envelopes to a service of its own."""

    def __init__(self, config: ServerConfig) -> None:
        self.shells = ShellTable(config.limits)
        self.service = Service(config, self.shells)

    def send(self, data: bytes, caller: Caller = CALLER) -> bytes:
        return self.service.answer(data, caller).body

    def open(self, body: str = SHELL, options: str = "") -> str:
        return text_of(self.send(request(ns.CREATE, body, options=options)), ns.SHELL, "ShellId")

    def command(self, shell_id: str, line: str) -> str:
        body = f"<rsp:CommandLine><rsp:Command>{line}</rsp:Command></rsp:CommandLine>"
        return text_of(self.send(request(ns.COMMAND, body, shell_id=shell_id)), ns.SHELL, "CommandId")

    def receive(self, shell_id: str, command_id: str, **given: str) -> bytes:
        body = f'<rsp:Receive><rsp:DesiredStream CommandId="{command_id}">stdout</rsp:DesiredStream></rsp:Receive>'
        return self.send(request(ns.RECEIVE, body, shell_id=shell_id, **given))


def stream(answer: bytes, name: str) -> bytes:
    found = ElementTree.fromstring(answer).iter(f"{{{ns.SHELL}}}Stream")
    return b"".join(base64.b64decode(each.text or "") for each in found if each.get("Name") == name)


def receive(client: Client, shell: str, command: str, streams: str) -> bytes:
    body = (
        f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">{streams}</rsp:DesiredStream></rsp:Receive>'
    )
    return client.send(request(ns.RECEIVE, body, shell_id=shell, timeout="PT20S"))
