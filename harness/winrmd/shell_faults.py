"""The faults of shells and of their commands, which the plug-in of the command shell answers with on Windows.

Numbers and subcodes as in `faults`.
"""

from .fault import Fault

ERROR_DIRECTORY = 267
ERROR_OPERATION_ABORTED = 995
PROVIDER_FAILURE = 0x80338003
QUOTA_LIMIT = 0x8033803F
MISSING_SELECTOR = 0x8033805A
UNEXPECTED_SELECTORS = 0x8033805B
SHELL_ID_EXISTS = 0x80338063
INVALID_INPUT_STREAM = 0x8033818B
QUOTA_SHELLS = 0x803381A5


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


def too_many_processes(limit: int) -> Fault:
    """Quota MaxProcessesPerShell (MS-WSMV 3.1.4.11.2)."""
    return Fault(
        "w:QuotaLimit",
        QUOTA_LIMIT,
        "The Windows Remote Shell cannot process the request. The server is already executing the maximum "
        f"number of {limit} processes allowed in one shell. Retry later.",
        sender=False,
    )


def input_stream_unknown(name: str) -> Fault:
    """Input for a stream that the shell was opened without."""
    return Fault(
        "w:InvalidParameter",
        INVALID_INPUT_STREAM,
        f"The shell has no input stream named {name}.",
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
