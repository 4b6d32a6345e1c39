"""Reads a WS-Management request. Pure; whatever the bytes are, the outcome is a `Request` or a `Fault`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from . import faults
from . import namespaces as ns

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LEAST_ENVELOPE_SIZE = 8192
LONGEST_TIMEOUT_S = 86400.0

_UNDERSTOOD = frozenset(
    [
        f"{{{ns.ADDRESSING}}}{name}"
        for name in ("To", "ReplyTo", "FaultTo", "From", "MessageID", "Action", "RelatesTo")
    ]
    + [
        f"{{{ns.WSMAN}}}{name}"
        for name in (
            "ResourceURI",
            "SelectorSet",
            "OptionSet",
            "MaxEnvelopeSize",
            "OperationTimeout",
            "Locale",
        )
    ]
    + [
        f"{{{ns.WSMAN_MICROSOFT}}}{name}"
        for name in ("DataLocale", "SessionId", "OperationID", "SequenceId", "ActivityId", "CompressionType")
    ]
)
_DURATION = re.compile(
    r"P(?:(?P<years>\d{1,6})Y)?(?:(?P<months>\d{1,6})M)?(?:(?P<days>\d{1,9})D)?(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,12}(?:\.\d{1,9})?)S)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Request:
    """One request, taken apart. Option and selector names are in lower case: Windows ignores their case."""

    action: str
    message_id: str
    resource_uri: str
    body: "Element"
    operation_id: str | None = None
    operation_timeout_s: float | None = None
    max_envelope_size: int | None = None
    selectors: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    obligatory_options: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Identify:
    """A wsmid:Identify request, which has no addressing headers (DSP0226 section 11)."""


def parse_duration(text: str) -> float | None:
    """Seconds of an xs:duration, or None if it is not one. A year has 365 days, a month 30: the shell asks not which."""
    matched = _DURATION.fullmatch(text.strip())
    if matched is None or not any(matched.groups()):
        return None
    years, months, days, hours, minutes, seconds = (float(part or 0) for part in matched.groups())
    days += years * 365 + months * 30
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


def message_id_of(data: bytes) -> str:
    """The MessageID of an envelope that is refused, so that the fault can be related to it; may be empty."""
    try:
        found = fromstring(data, forbid_dtd=True).find(f"{{{ns.SOAP}}}Header/{{{ns.ADDRESSING}}}MessageID")
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return ""
    return "" if found is None else (found.text or "").strip()


def parse_request(data: bytes) -> Request | Identify:
    """Take the envelope apart; raises `Fault` for anything that is not a request this server can route."""
    header, body = _envelope(data)
    if body.find(f"{{{ns.IDENTITY}}}Identify") is not None:
        return Identify()
    if header is None:
        raise faults.header_required("Action")
    found = {child.tag: child for child in header}
    for child in header:
        if child.tag not in _UNDERSTOOD and child.get(f"{{{ns.SOAP}}}mustUnderstand", "").lower() in (
            "true",
            "1",
        ):
            raise faults.not_understood(child.tag)
    options, obligatory = _options(found.get(f"{{{ns.WSMAN}}}OptionSet"))
    return Request(
        action=_required(found, ns.ADDRESSING, "Action"),
        message_id=_required(found, ns.ADDRESSING, "MessageID"),
        resource_uri=_text(found.get(f"{{{ns.WSMAN}}}ResourceURI")) or "",
        operation_id=_text(found.get(f"{{{ns.WSMAN_MICROSOFT}}}OperationID")),
        operation_timeout_s=_timeout(_text(found.get(f"{{{ns.WSMAN}}}OperationTimeout"))),
        max_envelope_size=_envelope_size(_text(found.get(f"{{{ns.WSMAN}}}MaxEnvelopeSize"))),
        selectors=_named(found.get(f"{{{ns.WSMAN}}}SelectorSet"), "Selector"),
        options=options,
        obligatory_options=obligatory,
        body=body,
    )


def _envelope(data: bytes) -> tuple["Element | None", "Element"]:
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise faults.malformed("it has a document type or entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise faults.malformed(f"it is not XML ({error})") from error
    if root.tag != f"{{{ns.SOAP}}}Envelope":
        raise faults.malformed("its root is not a SOAP 1.2 Envelope")
    body = root.find(f"{{{ns.SOAP}}}Body")
    if body is None:
        raise faults.malformed("it has no Body")
    return root.find(f"{{{ns.SOAP}}}Header"), body


def _text(element: "Element | None") -> str | None:
    return None if element is None else (element.text or "").strip()


def _required(found: Mapping[str, "Element"], namespace: str, name: str) -> str:
    value = _text(found.get(f"{{{namespace}}}{name}"))
    if not value:
        raise faults.header_required(name)
    return value


def _timeout(text: str | None) -> float | None:
    if text is None:
        return None
    seconds = parse_duration(text)
    if seconds is None or seconds <= 0:
        raise faults.timeout_invalid(text)
    return min(seconds, LONGEST_TIMEOUT_S)


def _envelope_size(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise faults.malformed(f"MaxEnvelopeSize is {text[:40]!r}")
    size = int(text)
    if size < LEAST_ENVELOPE_SIZE:
        raise faults.envelope_too_small(size)
    return size


def _named(parent: "Element | None", name: str) -> dict[str, str]:
    if parent is None:
        return {}
    return {
        child.get("Name", "").lower(): (child.text or "").strip()
        for child in parent.iter(f"{{{ns.WSMAN}}}{name}")
    }


def _options(parent: "Element | None") -> tuple[dict[str, str], frozenset[str]]:
    if parent is None:
        return {}, frozenset()
    obligatory = {
        child.get("Name", "").lower()
        for child in parent.iter(f"{{{ns.WSMAN}}}Option")
        if child.get("MustComply", "").lower() in ("true", "1")
    }
    return _named(parent, "Option"), frozenset(obligatory)
