"""Builds the envelopes that go back. Pure string building: an answer costs microseconds."""

import uuid
from collections.abc import Sequence
from html import escape

from . import namespaces as ns
from .fault import Fault

_PREFIXES = (
    f'xml:lang="en-US" xmlns:s="{ns.SOAP}" xmlns:a="{ns.ADDRESSING}" xmlns:x="{ns.TRANSFER}" '
    f'xmlns:w="{ns.WSMAN}" '
    f'xmlns:rsp="{ns.SHELL}" xmlns:p="{ns.WSMAN_MICROSOFT}" xmlns:n="{ns.ENUMERATION}"'
)

_SHELL_PLUGIN = r'provider="Shell cmd plugin" path="%systemroot%\system32\winrscmd.dll"'

ENVELOPE_OVERHEAD = 2048
"""More than everything around the streams of a ReceiveResponse, in bytes."""
STREAM_OVERHEAD = 256
"""More than one Stream element without its content."""


def envelope(action: str, relates_to: str, body: str, operation_id: str | None = None) -> bytes:
    """A response to the message `relates_to` whose body is the XML text `body`."""
    echoed = ""
    if operation_id:
        echoed = f'<p:OperationID s:mustUnderstand="false">{escape(operation_id)}</p:OperationID>'
    related = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f"<s:Envelope {_PREFIXES}><s:Header><a:Action>{escape(action)}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>{echoed}<a:To>{ns.ANONYMOUS}</a:To>{related}"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault_envelope(fault: Fault, relates_to: str, machine: str) -> bytes:
    """The fault as Windows lays it out: code, subcode, reason and a WSManFault with the number."""
    subcode = f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode>" if fault.subcode else ""
    code = "s:MustUnderstand" if not fault.subcode else ("s:Sender" if fault.sender else "s:Receiver")
    detail = f"<w:FaultDetail>{fault.detail}</w:FaultDetail>" if fault.detail else ""
    message = escape(printable(fault.message))
    told = f"<f:ProviderFault {_SHELL_PLUGIN}>{message}</f:ProviderFault>" if fault.by_plugin else message
    body = (
        f"<s:Fault><s:Code><s:Value>{code}</s:Value>{subcode}</s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{message}</s:Text></s:Reason>'
        f'<s:Detail>{detail}<f:WSManFault xmlns:f="{ns.WSMAN_FAULT}" Code="{fault.number}" '
        f'Machine="{escape(machine)}"><f:Message>{told}</f:Message></f:WSManFault></s:Detail></s:Fault>'
    )
    return envelope(ns.FAULT_ACTION, relates_to, body)


def printable(text: str) -> str:
    """The text without characters that XML 1.0 cannot carry."""
    return "".join(
        c if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff" else " " for c in text
    )


def shell_properties(fields: list[tuple[str, str]]) -> str:
    """The rsp:Shell element that Create and Get answer with (MS-WSMV 2.2.4.39)."""
    inner = "".join(f"<rsp:{name}>{escape(value)}</rsp:{name}>" for name, value in fields)
    return f"<rsp:Shell>{inner}</rsp:Shell>"


def resource_created(shell_id: str, resource_uri: str) -> str:
    """The x:ResourceCreated element of a CreateResponse."""
    return (
        f"<x:ResourceCreated><a:Address>{ns.ANONYMOUS}</a:Address><a:ReferenceParameters>"
        f'<w:ResourceURI>{escape(resource_uri)}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">'
        f"{escape(shell_id)}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
    )


def context(number: int | None) -> str:
    """Where an enumeration goes on; None: it is at its end."""
    text = "" if number is None else str(number)
    return f"<n:EnumerationContext>{text}</n:EnumerationContext>"


def received(
    command_id: str, chunks: list[tuple[str, str]], ended: Sequence[str], exit_code: int | None
) -> str:
    """A rsp:ReceiveResponse: base64 chunks in order and, once the command is done, how it ended."""
    command = escape(command_id)
    parts = ["<rsp:ReceiveResponse>"]
    parts += [f'<rsp:Stream Name="{name}" CommandId="{command}">{data}</rsp:Stream>' for name, data in chunks]
    parts += [f'<rsp:Stream Name="{name}" CommandId="{command}" End="true"></rsp:Stream>' for name in ended]
    if exit_code is None:
        parts.append(
            f'<rsp:CommandState CommandId="{command}" State="{ns.STATE_RUNNING}"></rsp:CommandState>'
        )
    else:
        parts.append(
            f'<rsp:CommandState CommandId="{command}" State="{ns.STATE_DONE}">'
            f"<rsp:ExitCode>{exit_code}</rsp:ExitCode></rsp:CommandState>"
        )
    return "".join(parts) + "</rsp:ReceiveResponse>"


def identified(os_version: str) -> bytes:
    """An IdentifyResponse (DSP0226 section 11), in the form of Windows."""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{ns.SOAP}"><s:Header></s:Header><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{ns.IDENTITY}"><wsmid:ProtocolVersion>{ns.WSMAN}'
        "</wsmid:ProtocolVersion><wsmid:ProductVendor>agent-bvt winrmd</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>{escape(os_version)}</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()
