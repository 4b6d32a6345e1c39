"""Shells told one after the other, to their owner alone."""

from xml.etree import ElementTree

import pytest

from harness.winrmd import faults
from harness.winrmd import namespaces as ns
from harness.winrmd.caller import Caller
from tests.unit.winrmd.client import SHELL, Client
from tests.unit.winrmd.envelopes import fault_number, request, text_of


def enumerated(client: Client, body: str, action: str = ns.ENUMERATE, **given: str) -> bytes:
    return client.send(request(action, f'<n:{body} xmlns:n="{ns.ENUMERATION}"/>', **given))


def ids(answer: bytes) -> list[str | None]:
    return [each.text for each in ElementTree.fromstring(answer).iter(f"{{{ns.SHELL}}}ShellId")]


def test_a_user_sees_all_of_its_shells_and_no_others(client: Client) -> None:
    mine = [client.open() for _ in range(12)]
    client.send(request(ns.CREATE, SHELL), Caller("other", "127.0.0.1"))
    at_once = client.send(
        request(
            ns.ENUMERATE,
            f'<n:Enumerate xmlns:n="{ns.ENUMERATION}"><w:OptimizeEnumeration/></n:Enumerate>',
            max_size="153600",
        )
    )
    assert ids(at_once) == mine
    assert b"EndOfSequence" in at_once
    begun = enumerated(client, "Enumerate")
    found, context = ids(begun), text_of(begun, ns.ENUMERATION, "EnumerationContext")
    while context:
        body = f'<n:Pull xmlns:n="{ns.ENUMERATION}"><n:EnumerationContext>{context}</n:EnumerationContext></n:Pull>'
        part = client.send(request(ns.PULL, body, max_size="8192"))
        assert len(part) <= 8192
        found += ids(part)
        context = text_of(part, ns.ENUMERATION, "EnumerationContext")
    assert found == mine


@pytest.mark.parametrize("context", ["", "x", "-1", "9" * 5000])
def test_a_context_that_nobody_gave_is_a_fault(client: Client, context: str) -> None:
    body = (
        f'<n:Pull xmlns:n="{ns.ENUMERATION}"><n:EnumerationContext>{context}</n:EnumerationContext></n:Pull>'
    )
    assert fault_number(client.send(request(ns.PULL, body))) == faults.INVALID_ENUMERATION_CONTEXT
