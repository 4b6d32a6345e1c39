"""A command's life for programs that carry messages and know nothing of shells: the bodies are written here."""

import base64
from collections.abc import Callable
from html import escape
from xml.etree import ElementTree

from harness.model.deadline import Deadline
from harness.winrmd import namespaces as ns
from tests.integration.winrmd.clients.asking import Answer, Ask
from tests.unit.winrmd.envelopes import fault_number, text_of

TIMED_OUT = 2150858793
CHUNK = 96_000
"""Bytes of input in one message."""

Post = Callable[[str, str, str | None], bytes]
"""Sends action, body and shell's id; gives the answer's envelope, which may be a fault. Raises `Refused`."""


def run_by_envelopes(ask: Ask, post: Post) -> Answer:
    """Create, Command, Send, Receive until the end, or Signal; Delete."""
    life = _Life(ask, post)
    try:
        return life.run()
    finally:
        life.close()


class _Life:
    def __init__(self, ask: Ask, post: Post) -> None:
        self._ask = ask
        self._sent = post
        self._shell: str | None = None

    def run(self) -> Answer:
        streams = (
            "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams>"
        )
        created = self._post(ns.CREATE, f"<rsp:Shell {_NAMESPACE}>{streams}</rsp:Shell>")
        self._shell = text_of(created, ns.SHELL, "ShellId")
        line = f"<rsp:Command>{escape(self._ask.line)}</rsp:Command>"
        started = self._post(ns.COMMAND, f"<rsp:CommandLine {_NAMESPACE}>{line}</rsp:CommandLine>")
        command = text_of(started, ns.SHELL, "CommandId")
        given = self._ask.stdin or b""
        for first in range(0, len(given), CHUNK):
            self._send(command, given[first : first + CHUNK], end=first + CHUNK >= len(given))
        if self._ask.terminate_at is None:
            return self._receive(command)
        Deadline.after(30).poll(self._ask.terminate_at.exists, "the command's start", interval_s=0.02)
        code = f"<rsp:Code>{ns.SIGNAL_TERMINATE}</rsp:Code>"
        self._post(ns.SIGNAL, f'<rsp:Signal {_NAMESPACE} CommandId="{command}">{code}</rsp:Signal>')
        return Answer(b"")

    def close(self) -> None:
        if self._shell is not None:
            self._post(ns.DELETE, "")

    def _send(self, command: str, data: bytes, *, end: bool) -> None:
        text = base64.b64encode(data).decode()
        ended = str(end).lower()
        stream = f'<rsp:Stream Name="stdin" CommandId="{command}" End="{ended}">{text}</rsp:Stream>'
        self._post(ns.SEND, f"<rsp:Send {_NAMESPACE}>{stream}</rsp:Send>")

    def _receive(self, command: str) -> Answer:
        desired = f'<rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream>'
        streams = {"stdout": b"", "stderr": b""}
        while True:
            body = f"<rsp:Receive {_NAMESPACE}>{desired}</rsp:Receive>"
            answer = self._sent(ns.RECEIVE, body, self._shell)
            if fault_number(answer) == TIMED_OUT:
                continue
            read = ElementTree.fromstring(_no_fault(answer))
            for stream in read.iter(f"{{{ns.SHELL}}}Stream"):
                streams[stream.get("Name", "")] += base64.b64decode(stream.text or "")
            code = read.find(f".//{{{ns.SHELL}}}ExitCode")
            if code is not None:
                return Answer(streams["stdout"], streams["stderr"], int(code.text or ""))

    def _post(self, action: str, body: str) -> bytes:
        return _no_fault(self._sent(action, body, self._shell))


_NAMESPACE = f'xmlns:rsp="{ns.SHELL}"'


def _no_fault(answer: bytes) -> bytes:
    number = fault_number(answer)
    assert number is None, f"fault {number}"
    return answer
