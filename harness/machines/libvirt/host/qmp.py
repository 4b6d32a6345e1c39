"""QEMU's monitor and the guest agent through libvirt, with errors in the harness's words."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import libvirt
import libvirt_qemu

from harness.machines.libvirt.host.limit import within
from harness.model.base import Frozen
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError

AGENT_TIMEOUT_S = 30
"""An emulated guest on a busy host may need seconds. Of one that is gone libvirt knows after the first silence."""


def monitor(domain: libvirt.virDomain, command: str, **arguments: Any) -> Any:
    """One QMP command; its `return`.

    Raises `InfrastructureError` if refused or not answered in time, `libvirtError` if the domain is gone.
    """
    request = _request(command, arguments)
    text = within(f"QEMU's answer to {command}", lambda: libvirt_qemu.qemuMonitorCommand(domain, request, 0))
    return _answer(command, text)


def monitor_with_descriptor(
    domain: libvirt.virDomain, command: str, descriptor: int, **arguments: Any
) -> Any:
    """The same with an open file handed over (only over a Unix socket)."""
    request = _request(command, arguments)
    text, _ = within(
        f"QEMU's answer to {command}",
        lambda: libvirt_qemu.qemuMonitorCommandWithFiles(domain, request, [descriptor], 0),
    )
    return _answer(command, text)


def human_monitor(domain: libvirt.virDomain, line: str) -> str:
    """Run one HMP command, for what QMP cannot tell."""
    return str(monitor(domain, "human-monitor-command", **{"command-line": line}))


def _request(command: str, arguments: Mapping[str, Any]) -> str:
    return json.dumps({"execute": command, "arguments": dict(arguments)})


def _answer(command: str, text: str) -> Any:
    answer = json.loads(text)
    if "error" in answer:
        raise InfrastructureError(f"QEMU refused {command}: {answer['error'].get('desc', answer['error'])}.")
    return answer.get("return")


class ProgramResult(Frozen):
    """What a program in the guest ended with."""

    exit_code: int
    output: str
    errors: str


def agent(
    domain: libvirt.virDomain, command: str, *, timeout_s: int = AGENT_TIMEOUT_S, **arguments: Any
) -> Any:
    """One guest agent command; raises `libvirtError` if the agent does not answer in time."""
    request = json.dumps({"execute": command, "arguments": arguments})
    return json.loads(libvirt_qemu.qemuAgentCommand(domain, request, timeout_s, 0))["return"]


def agent_alive(domain: libvirt.virDomain, timeout_s: int = 2) -> bool:
    """Whether something inside the guest answers on the second channel."""
    try:
        agent(domain, "guest-ping", timeout_s=timeout_s)
    except libvirt.libvirtError:
        return False
    return True


def qemu_answers(domain: libvirt.virDomain) -> bool:
    """Whether the domain's QEMU itself answers, whatever its guest does. Raises `libvirtError` if it is gone."""
    try:
        monitor(domain, "query-status")
    except DeadlineExceeded:
        return False
    return True


def run_in_guest(
    domain: libvirt.virDomain,
    path: str,
    *arguments: str,
    deadline: Deadline,
    environment: Sequence[str] = (),
) -> ProgramResult:
    """Run a program by the guest agent. Raises `DeadlineExceeded`, or `libvirtError` if the agent is gone."""
    started = agent(
        domain,
        "guest-exec",
        path=path,
        arg=list(arguments),
        env=list(environment),
        **{"capture-output": True},
    )
    result: dict[str, Any] = {}

    def ended() -> bool:
        result.update(agent(domain, "guest-exec-status", pid=started["pid"]))
        return bool(result["exited"])

    # Every question costs the guest a few milliseconds, so a long program is asked after less and less often.
    pause_s = 0.02
    while not ended():
        deadline.require(f"the end of {path} in {domain.name()}")
        time.sleep(deadline.cap(pause_s))
        pause_s = min(0.5, 1.5 * pause_s)
    return ProgramResult(
        exit_code=int(result.get("exitcode", -int(result.get("signal", 1)))),
        output=_decode(result.get("out-data")),
        errors=_decode(result.get("err-data")),
    )


def write_file(domain: libvirt.virDomain, path: str, data: bytes) -> None:
    """Write a file (or FIFO) in the guest, at most 64 KiB: more hangs the agent. Raises `libvirtError`."""
    handle = agent(domain, "guest-file-open", path=path, mode="w")
    try:
        content = base64.b64encode(data).decode()
        request: dict[str, Any] = {"handle": handle, "buf-b64": content}
        agent(domain, "guest-file-write", **request)
    finally:
        agent(domain, "guest-file-close", handle=handle)


def _decode(data: str | None) -> str:
    return base64.b64decode(data or "").decode(errors="replace")
