"""The faults this server answers with: SOAP codes, WS-Management subcodes and the error numbers of Windows.

Numbers are those of `wsmerror.h` and `winerror.h`; subcodes those of DSP0226 section 14 and MS-WSMV
3.1.4.5.2. Where Windows answers otherwise than the specification (quotas), Windows is followed. The table is
in docs/winrm-server.md.
"""

from . import namespaces as ns

ERROR_INVALID_PARAMETER = 87
ERROR_DIRECTORY = 267
ERROR_OPERATION_ABORTED = 995
ERROR_INTERNAL_ERROR = 1359
RESOURCE_NOT_FOUND = 0x80338000
INVALID_ACTION = 0x80338001
PROVIDER_FAILURE = 0x80338003
MUST_UNDERSTAND = 0x80338010
MESSAGE_HEADER_REQUIRED = 0x80338011
OPERATION_TIMED_OUT = 0x80338029
SCHEMA_VALIDATION = 0x80338041
OPTION_INVALID_VALUE = 0x80338053
OPTIONS_NOT_SUPPORTED = 0x80338051
INVALID_ENUMERATION_CONTEXT = 0x8033801B
ENVELOPE_EXCEEDED = 0x80338048
MISSING_SELECTOR = 0x8033805A
UNEXPECTED_SELECTORS = 0x8033805B
SHELL_ID_EXISTS = 0x80338063
INVALID_TIMEOUT = 0x80338081
ENVELOPE_TOO_SMALL = 0x8033807E
INVALID_INPUT_STREAM = 0x8033818B
QUOTA_LIMIT = 0x8033803F
QUOTA_SHELLS = 0x803381A5
QUOTA_OPERATIONS = 0x803381A6


LONGEST_MESSAGE = 500
"""Characters. A client's own text is repeated in some, and an answer has a size to keep."""


class Fault(Exception):
    """A request that cannot be served, as the client will be told.

    `by_plugin`: laid out as what the plug-in of the command shell says; `why`: for the log alone.
    """

    def __init__(
        self,
        subcode: str,
        number: int,
        message: str,
        *,
        sender: bool = True,
        detail: str | None = None,
        by_plugin: bool = False,
        why: str = "",
    ) -> None:
        super().__init__(message)
        self.subcode = subcode
        self.number = number
        self.message = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
        self.sender = sender
        self.by_plugin = by_plugin
        self.why = why
        self.detail = f"{ns.FAULT_DETAIL}/{detail}" if detail else None

    def without_words(self) -> "Fault":
        """The same fault with its number alone."""
        told = Fault(self.subcode, self.number, f"Error {self.number}.", sender=self.sender)
        told.detail = self.detail
        return told


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


def selector_missing() -> Fault:
    """The operation needs to know which shell."""
    return Fault(
        "w:InvalidSelectors",
        MISSING_SELECTOR,
        "The request did not include the selector ShellId.",
        detail="InsufficientSelectors",
    )


def shell_not_found(shell_id: str) -> Fault:
    """No such shell: never opened, deleted, or expired."""
    return Fault(
        "w:InvalidSelectors",
        UNEXPECTED_SELECTORS,
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not "
        "found on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer "
        "exists on the server. Provide the correct ShellId or create a new shell and retry the operation.",
        detail="UnexpectedSelectors",
    )


def command_not_found(command_id: str) -> Fault:
    """The shell has no such command: never started, or terminated."""
    return Fault(
        "w:InvalidSelectors",
        UNEXPECTED_SELECTORS,
        f"The request for the command with CommandId {command_id} failed because the command was not found "
        "in the shell: the CommandId is incorrect, or the command was terminated.",
        detail="UnexpectedSelectors",
    )


def already_exists(what: str) -> Fault:
    """The identifier that the client proposes is taken."""
    return Fault("w:AlreadyExists", SHELL_ID_EXISTS, f"{what} already exists.")


def timed_out() -> Fault:
    """Nothing happened within the request's OperationTimeout."""
    return Fault(
        "w:TimedOut",
        OPERATION_TIMED_OUT,
        "The WS-Management service cannot complete the operation within the time specified in "
        "OperationTimeout.",
        sender=False,
    )


def aborted() -> Fault:
    """The operation was under way when its command was terminated or its shell deleted."""
    return Fault(
        "w:InternalError",
        ERROR_OPERATION_ABORTED,
        "The I/O operation has been aborted because of either a thread exit or an application request.",
        sender=False,
    )


def too_many_shells(limit: int) -> Fault:
    """Quota MaxShellsPerUser."""
    return Fault(
        "w:InternalError",
        QUOTA_SHELLS,
        "The WS-Management service cannot process the request. This user is allowed a maximum number of "
        f"{limit} concurrent shells, which has been exceeded. Close existing shells or raise the quota for "
        "this user.",
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


def too_many_processes(limit: int) -> Fault:
    """Quota MaxProcessesPerShell (MS-WSMV 3.1.4.11.2)."""
    return Fault(
        "w:QuotaLimit",
        QUOTA_LIMIT,
        "The Windows Remote Shell cannot process the request. The server is already executing the maximum "
        f"number of {limit} processes allowed in one shell. Retry later.",
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


def input_stream_unknown(name: str) -> Fault:
    """Input for a stream that the shell was opened without."""
    return Fault(
        "w:InvalidParameter",
        INVALID_INPUT_STREAM,
        f"The shell has no input stream named {name}.",
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


def not_a_directory(path: str) -> Fault:
    """The shell's working directory cannot be entered."""
    return Fault("w:InternalError", ERROR_DIRECTORY, f"The directory name is invalid: {path}.", sender=False)


def launcher_failed(why: str) -> Fault:
    """The program that runs commands broke, so the command's own outcome is unknown."""
    return Fault(
        "w:InternalError",
        PROVIDER_FAILURE,
        f"The command's outcome is unknown: {why}.",
        sender=False,
    )
