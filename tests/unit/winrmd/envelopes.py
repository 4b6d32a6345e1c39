"""Builds request envelopes, and reads answers, for the tests."""

from html import escape
from xml.etree import ElementTree

from harness.winrmd import namespaces as ns

MESSAGE_ID = "uuid:0F3B2D5A-0000-4000-8000-000000000001"


def request(
    action: str,
    body: str = "",
    *,
    resource: str = ns.RESOURCE_CMD_SHELL,
    shell_id: str | None = None,
    timeout: str | None = "PT1S",
    max_size: str | None = "153600",
    options: str = "",
    extra: str = "",
) -> bytes:
    """An envelope as the clients send them."""
    selector = (
        f'<w:SelectorSet><w:Selector Name="ShellId">{escape(shell_id or "")}</w:Selector></w:SelectorSet>'
    )
    parts = [
        f"<a:MessageID>{MESSAGE_ID}</a:MessageID><a:Action>{escape(action)}</a:Action>",
        f"<w:ResourceURI>{escape(resource)}</w:ResourceURI>",
        selector if shell_id is not None else "",
        f"<w:OperationTimeout>{timeout}</w:OperationTimeout>" if timeout is not None else "",
        f"<w:MaxEnvelopeSize>{max_size}</w:MaxEnvelopeSize>" if max_size is not None else "",
        f"<w:OptionSet>{options}</w:OptionSet>" if options else "",
        extra,
    ]
    return (
        f'<s:Envelope xmlns:s="{ns.SOAP}" xmlns:a="{ns.ADDRESSING}" xmlns:w="{ns.WSMAN}" xmlns:rsp="{ns.SHELL}" '
        f'xmlns:p="{ns.WSMAN_MICROSOFT}"><s:Header>{"".join(parts)}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def fault_number(envelope: bytes) -> int | None:
    """The WSManFault code of an answer, None if it is no fault; fails if it is not XML at all."""
    found = ElementTree.fromstring(envelope).find(f".//{{{ns.WSMAN_FAULT}}}WSManFault")
    return None if found is None else int(found.get("Code", ""))


def text_of(envelope: bytes, namespace: str, name: str) -> str:
    """The text of the first element of that name; fails if there is none."""
    found = ElementTree.fromstring(envelope).find(f".//{{{namespace}}}{name}")
    assert found is not None, f"no {name} in {envelope.decode()}"
    return found.text or ""
