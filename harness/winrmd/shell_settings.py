"""A shell as a client asks for it, and as it is shown."""

from dataclasses import replace
from typing import TYPE_CHECKING

from . import faults
from . import namespaces as ns
from .config import Limits
from .elements import child, duration_of, text_of
from .envelope import Request
from .shell import Shell, ShellSettings

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def settings_of(request: Request, limits: Limits, owner: str, client_ip: str) -> ShellSettings:
    """What Create asks for, within the server's limits. Raises `Fault` for what makes no sense."""
    given = child(request.body, "Shell")
    codepage = request.options.get("winrs_codepage")
    # No longer than five digits: Python refuses to read a number of thousands.
    if codepage is not None and not (
        codepage.isascii() and codepage.isdigit() and len(codepage) <= 5 and int(codepage) <= 65535
    ):
        raise faults.option_invalid("WINRS_CODEPAGE", codepage)
    idle_s = min(duration_of(given, "IdleTimeOut") or limits.idle_timeout_s, limits.max_idle_timeout_s)
    settings = ShellSettings(
        owner=owner,
        client_ip=client_ip,
        working_directory=text_of(given, "WorkingDirectory"),
        environment=_environment(given),
        codepage=int(codepage) if codepage else None,
        name=text_of(given, "Name") or "",
        idle_timeout_s=idle_s,
        lifetime_s=min(duration_of(given, "Lifetime") or limits.shell_lifetime_s, limits.shell_lifetime_s),
    )
    streams = text_of(given, "InputStreams"), text_of(given, "OutputStreams")
    inputs = tuple(streams[0].split()) if streams[0] is not None else settings.input_streams
    outputs = tuple(streams[1].split()) if streams[1] is not None else settings.output_streams
    if not set(inputs) <= {"stdin"} or not set(outputs) <= {"stdout", "stderr"}:
        raise faults.parameter_wrong("a command shell has the streams stdin, stdout and stderr")
    return replace(settings, input_streams=inputs, output_streams=outputs)


def fields_of(shell: Shell, now: float) -> list[tuple[str, str]]:
    """What Get and Enumerate show of a shell. `now`: on the clock of its table."""
    settings = shell.settings
    fields = [
        ("ShellId", shell.shell_id),
        ("Name", settings.name),
        ("ResourceUri", ns.RESOURCE_CMD_SHELL),
        ("Owner", settings.owner),
        ("ClientIP", settings.client_ip),
        ("IdleTimeOut", f"PT{settings.idle_timeout_s:.3f}S"),
        ("InputStreams", " ".join(settings.input_streams)),
        ("OutputStreams", " ".join(settings.output_streams)),
        ("ShellRunTime", f"PT{now - shell.created:.0f}S"),
        ("ShellInactivity", f"PT{max(0.0, now - shell.last_used):.0f}S"),
    ]
    return [(name, value) for name, value in fields if value]


def _environment(given: "Element") -> dict[str, str]:
    variables: dict[str, str] = {}
    for variable in given.iter(f"{{{ns.SHELL}}}Variable"):
        name = variable.get("Name", "")
        if not name or "=" in name or "\0" in name:
            raise faults.parameter_wrong("the name of an environment variable")
        variables[name] = variable.text or ""
    return variables
