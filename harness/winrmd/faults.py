"""The faults of the protocol, whatever it carries: SOAP codes, WS-Management subcodes, error numbers of Windows.

Numbers are those of `wsmerror.h` and `winerror.h`; subcodes those of DSP0226 section 14 and MS-WSMV
3.1.4.5.2. Where Windows answers otherwise than the specification (quotas), Windows is followed. The table is
in docs/winrm-server.md.
"""

from .fault import Fault

ERROR_INVALID_PARAMETER = 87
ERROR_INTERNAL_ERROR = 1359
RESOURCE_NOT_FOUND = 0x80338000
INVALID_ACTION = 0x80338001
MUST_UNDERSTAND = 0x80338010
MESSAGE_HEADER_REQUIRED = 0x80338011
OPERATION_TIMED_OUT = 0x80338029
SCHEMA_VALIDATION = 0x80338041
OPTION_INVALID_VALUE = 0x80338053
OPTIONS_NOT_SUPPORTED = 0x80338051
INVALID_ENUMERATION_CONTEXT = 0x8033801B
ENVELOPE_EXCEEDED = 0x80338048
INVALID_TIMEOUT = 0x80338081
ENVELOPE_TOO_SMALL = 0x8033807E
QUOTA_OPERATIONS = 0x803381A6


def malformed(why: str) -> Fault:
    """The envelope is not XML, or not the XML that the operation needs."""
    return Fault("w:SchemaValidationError", SCHEMA_VALIDATION, f"The SOAP request is not valid: {why}.")


def header_required(name: str) -> Fault:
    """A header without which no request can be routed is missing (WS-Addressing 2004/08 section 4)."""
    return Fault(
        "a:MessageInformationHeaderRequired",
        MESSAGE_HEADER_REQUIRED,
        f"The required message information header {name} is not present.",
    )


def not_understood(name: str) -> Fault:
    """A header marked mustUnderstand that this server does not know (SOAP 1.2 section 5.4.6)."""
    return Fault("", MUST_UNDERSTAND, f"The header {name} was not understood but is marked mustUnderstand.")


def action_not_supported(action: str) -> Fault:
    """The resource has no such operation."""
    return Fault(
        "a:ActionNotSupported", INVALID_ACTION, f"The action {action} is not supported by the service."
    )


def resource_not_found(uri: str) -> Fault:
    """Nothing is served under this resource URI."""
    return Fault(
        "a:DestinationUnreachable",
        RESOURCE_NOT_FOUND,
        f"The service cannot find the resource identified by the resource URI {uri} and selectors.",
        detail="InvalidResourceURI",
    )


def timed_out() -> Fault:
    """Nothing happened within the request's OperationTimeout."""
    return Fault(
        "w:TimedOut",
        OPERATION_TIMED_OUT,
        "The WS-Management service cannot complete the operation within the time specified in "
        "OperationTimeout.",
        sender=False,
    )


def too_many_operations(limit: int) -> Fault:
    """Quota MaxConcurrentOperationsPerUser."""
    return Fault(
        "w:InternalError",
        QUOTA_OPERATIONS,
        "The WS-Management service cannot process the request. This user is allowed a maximum number of "
        f"{limit} concurrent operations, which has been exceeded. Close existing operations for this user, "
        "or raise the quota for this user.",
        sender=False,
    )


def envelope_too_small(size: int) -> Fault:
    """The client's MaxEnvelopeSize leaves no room for an answer (DSP0226 R13.1-5: at least 8192 octets)."""
    return Fault(
        "w:EncodingLimit",
        ENVELOPE_TOO_SMALL,
        f"The MaxEnvelopeSize of {size} octets is too small: 8192 is the least.",
        detail="MinimumEnvelopeLimit",
    )


def internal_error() -> Fault:
    """A defect of this server; its log says more."""
    return Fault(
        "w:InternalError",
        ERROR_INTERNAL_ERROR,
        "The service failed at this request; its log says how.",
        sender=False,
    )


def answer_too_large(size: int) -> Fault:
    """What would be the answer does not fit into the client's MaxEnvelopeSize (DSP0226 13.1)."""
    return Fault(
        "w:EncodingLimit",
        ENVELOPE_EXCEEDED,
        f"The response exceeds the maximum envelope size of the request, {size} octets.",
        detail="MaxEnvelopeSizeExceeded",
    )


def context_invalid() -> Fault:
    """Pull with what no Enumerate has given (WS-Enumeration 4.1)."""
    return Fault(
        "n:InvalidEnumerationContext",
        INVALID_ENUMERATION_CONTEXT,
        "The enumeration context is not valid.",
        sender=False,
    )


def option_invalid(name: str, value: str) -> Fault:
    """An option that is known, with a value that is not."""
    return Fault(
        "w:InvalidOptions",
        OPTION_INVALID_VALUE,
        f"The option {name} cannot have the value {value}.",
        detail="InvalidValue",
    )


def option_unknown(name: str) -> Fault:
    """An option that must be complied with and is not known."""
    return Fault(
        "w:InvalidOptions",
        OPTIONS_NOT_SUPPORTED,
        f"The option {name} must be complied with and is not supported.",
        detail="NotSupported",
    )


def timeout_invalid(value: str) -> Fault:
    """An OperationTimeout that is not a duration."""
    return Fault(
        "w:SchemaValidationError",
        INVALID_TIMEOUT,
        f"The OperationTimeout {value} is not a positive xs:duration.",
    )


def parameter_wrong(what: str) -> Fault:
    """A value in the body that makes no sense. Windows does not tell the client which (recorded in pypsrp's tests)."""
    return Fault(
        "w:InvalidParameter",
        ERROR_INVALID_PARAMETER,
        "The parameter is incorrect.",
        detail="InvalidValue",
        by_plugin=True,
        why=what,
    )
