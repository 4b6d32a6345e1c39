"""WS-Management messages of the Windows shell: requests built from templates, answers parsed. Pure.

Source: MS-WSMV, section 3.1.4 (shell operations). Templates and one parse per answer, because a command's
round trip is mostly the client's own work when the guest is near.
"""

import base64
import binascii
import html
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from lxml import etree

from harness.guest.command_line import needs_cmd
from harness.model.errors import ConfigurationError, GuestFault

RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD_SHELL = f"{RSP}/cmd"
CREATE = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
DELETE = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
TERMINATE = f"{RSP}/signal/terminate"
DONE = f"{RSP}/CommandState/Done"

MAX_ENVELOPE_BYTES = 512_000
"""What answers may measure; Windows' own default (`MaxEnvelopeSizekb` 500)."""

SEND_CHUNK_BYTES = 96_000
"""Input per Send message: base64 and header stay under 153600 bytes, which every Windows accepts."""

NOTHING: Mapping[str, str] = MappingProxyType({})

SHELL_IDLE_S = 1800
"""After this long without a command the guest removes the shell, so a killed harness leaves none behind."""

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
    ' xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"'
    f' xmlns:rsp="{RSP}"><env:Header>'
    "<a:To>http://windows-host:5985/wsman</a:To>"
    '<a:ReplyTo><a:Address mustUnderstand="true">'
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>"
    f'<w:MaxEnvelopeSize mustUnderstand="true">{MAX_ENVELOPE_BYTES}</w:MaxEnvelopeSize>'
    '<w:Locale mustUnderstand="false" xml:lang="en-US"/>'
    '<p:DataLocale mustUnderstand="false" xml:lang="en-US"/>'
    f'<w:ResourceURI mustUnderstand="true">{CMD_SHELL}</w:ResourceURI>'
)

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


@dataclass(frozen=True)
class Output:
    """One Receive's answer. `exit_code`: None while the command runs, and where WinRM did not say it."""

    stdout: bytes
    stderr: bytes
    done: bool
    exit_code: int | None


def create(timeout_s: float, *, codepage: int = 65001, environment: Mapping[str, str] = NOTHING) -> str:
    """Open a shell, with variables beside the system's. No profile, since a test must not depend on one."""
    options = _options(WINRS_NOPROFILE="TRUE", WINRS_CODEPAGE=str(codepage))
    body = (
        f"<rsp:Shell><rsp:IdleTimeOut>{_duration(SHELL_IDLE_S)}</rsp:IdleTimeOut>"
        "<rsp:InputStreams>stdin</rsp:InputStreams>"
        f"<rsp:OutputStreams>stdout stderr</rsp:OutputStreams>{_variables(environment)}</rsp:Shell>"
    )
    return _message(CREATE, "", options, body, timeout_s)


def command(shell_id: str, command_line: str, timeout_s: float) -> str:
    """Start a command; `cmd` is skipped where the line allows it and the system too (see `command_line.for_winrm`)."""
    skip = "FALSE" if needs_cmd(command_line) else "TRUE"
    options = _options(WINRS_CONSOLEMODE_STDIN="FALSE", WINRS_SKIP_CMD_SHELL=skip)
    body = f"<rsp:CommandLine><rsp:Command>{_text(command_line)}</rsp:Command></rsp:CommandLine>"
    return _message(f"{RSP}/Command", shell_id, options, body, timeout_s)


def receive(shell_id: str, command_id: str, timeout_s: float) -> str:
    """Wait for output or the end; the guest answers a timeout fault after `timeout_s`."""
    body = (
        f'<rsp:Receive><rsp:DesiredStream CommandId="{_text(command_id)}">stdout stderr</rsp:DesiredStream>'
        "</rsp:Receive>"
    )
    return _message(f"{RSP}/Receive", shell_id, "", body, timeout_s)


def send(shell_id: str, command_id: str, data: bytes, timeout_s: float, *, end: bool) -> str:
    """Hand over input; `end` closes it."""
    body = (
        f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{_text(command_id)}" End="{str(end).lower()}">'
        f"{base64.b64encode(data).decode()}</rsp:Stream></rsp:Send>"
    )
    return _message(f"{RSP}/Send", shell_id, "", body, timeout_s)


def terminate(shell_id: str, command_id: str, timeout_s: float) -> str:
    """End a command, or free what a finished one still holds."""
    body = f'<rsp:Signal CommandId="{_text(command_id)}"><rsp:Code>{TERMINATE}</rsp:Code></rsp:Signal>'
    return _message(f"{RSP}/Signal", shell_id, "", body, timeout_s)


def delete(shell_id: str, timeout_s: float) -> str:
    """Close a shell with everything that still runs in it."""
    return _message(DELETE, shell_id, "", "", timeout_s)


def read_shell_id(answer: bytes) -> str:
    """The id in the answer to `create`. Raises `GuestFault` for an answer without one."""
    root = _parse(answer)
    for selector in root.iter("{*}Selector"):
        if selector.get("Name") == "ShellId" and (found := (selector.text or "").strip()):
            return found
    return _required(root, "ShellId")


def read_command_id(answer: bytes) -> str:
    """The id in the answer to `command`. Raises `GuestFault` for an answer without one."""
    return _required(_parse(answer), "CommandId")


def read_output(answer: bytes) -> Output:
    """What a Receive brought. Raises `GuestFault` for an answer that is no Receive answer."""
    root = _parse(answer)
    if next(root.iter(f"{{{RSP}}}ReceiveResponse"), None) is None:
        raise GuestFault("WinRM answered Receive with something else.", hint=_shown(answer))
    streams: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for stream in root.iter(f"{{{RSP}}}Stream"):
        if stream.text and stream.get("Name") in streams:
            try:
                chunk = base64.b64decode("".join(stream.text.split()), validate=True)
            except (binascii.Error, ValueError) as error:
                raise GuestFault(f"WinRM sent output that is not base64: {error}.") from error
            streams[str(stream.get("Name"))].append(chunk)
    state = next(root.iter(f"{{{RSP}}}CommandState"), None)
    done = state is not None and state.get("State") == DONE
    exit_code = None
    # MS-WSMV 2.2.4.9, "CommandState": ExitCode is optional.
    if done and next(root.iter(f"{{{RSP}}}ExitCode"), None) is not None:
        text = _required(root, "ExitCode")
        if not re.fullmatch(r"-?\d{1,10}", text):
            raise GuestFault(f"WinRM sent an exit code that is not a number: {text!r}.")
        exit_code = int(text) & 0xFFFFFFFF
    return Output(b"".join(streams["stdout"]), b"".join(streams["stderr"]), done, exit_code)


def _message(action: str, shell_id: str, options: str, body: str, timeout_s: float) -> str:
    selector = f'<w:Selector Name="ShellId">{_text(shell_id)}</w:Selector>'
    selectors = f"<w:SelectorSet>{selector}</w:SelectorSet>" if shell_id else ""
    return (
        f'{_HEAD}<a:Action mustUnderstand="true">{action}</a:Action>'
        f"<a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>"
        f"<w:OperationTimeout>{_duration(timeout_s)}</w:OperationTimeout>{selectors}{options}"
        f"</env:Header><env:Body>{body}</env:Body></env:Envelope>"
    )


def _variables(environment: Mapping[str, str]) -> str:
    """MS-WSMV 2.2.4.11, "EnvironmentVariable"."""
    inner = "".join(
        f'<rsp:Variable Name="{_text(name)}">{_text(value)}</rsp:Variable>'
        for name, value in environment.items()
    )
    return f"<rsp:Environment>{inner}</rsp:Environment>" if inner else ""


@lru_cache
def _options(**options: str) -> str:
    inner = "".join(f'<w:Option Name="{name}">{value}</w:Option>' for name, value in options.items())
    return f"<w:OptionSet>{inner}</w:OptionSet>"


def _duration(seconds: float) -> str:
    return f"PT{seconds:.3f}S"


def _text(text: str) -> str:
    if _NOT_XML.search(text):
        raise ConfigurationError(f"a command holds a character that XML cannot carry: {text[:200]!r}")
    # A carriage return would be read back as a line feed (XML 1.0, section 2.11).
    return html.escape(text).replace("\r", "&#13;")


def _parse(answer: bytes) -> etree._Element:
    try:
        return etree.fromstring(answer, _PARSER)
    except etree.XMLSyntaxError as error:
        raise GuestFault(f"WinRM answered what is not XML: {error}.", hint=_shown(answer)) from error


def _required(root: etree._Element, name: str) -> str:
    found = next(root.iter(f"{{{RSP}}}{name}"), None)
    if found is None or not (text := (found.text or "").strip()):
        raise GuestFault(f"WinRM's answer has no {name}.")
    return text


def _shown(answer: bytes) -> str:
    return f"It began with {answer[:120]!r}."
