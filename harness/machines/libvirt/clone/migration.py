"""Device state into and out of a file, by QEMU's migration ("QEMU QMP Reference Manual", migration).

With `x-ignore-shared` RAM that lives in a shared file is left out: the stream is under a megabyte and loads
in milliseconds. The file is handed over as an open descriptor, which works for every user and under every
sandbox.
"""

import os
from pathlib import Path

import libvirt

from harness.machines.libvirt.host.qmp import monitor, monitor_with_descriptor
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError

DESCRIPTOR = "bvtstate"


def save_state(domain: libvirt.virDomain, path: Path, deadline: Deadline, *, ignore_shared: bool) -> None:
    """Write a suspended domain's state to `path`. Raises `InfrastructureError`, `DeadlineExceeded`."""
    _set_capability(domain, ignore_shared)
    monitor(domain, "migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    with path.open("wb") as file:
        monitor_with_descriptor(domain, "getfd", file.fileno(), fdname=DESCRIPTOR)
        monitor(domain, "migrate", uri=f"fd:{DESCRIPTOR}")
        _await_completed(domain, deadline, "saving the template's device state")
        os.fsync(file.fileno())


def load_state(
    domain: libvirt.virDomain, descriptor: int, deadline: Deadline, *, ignore_shared: bool
) -> None:
    """Load the state into a domain created with `-incoming defer`; it stays paused. Raises the same.

    `descriptor`: of the open file that holds the state.
    """
    _set_capability(domain, ignore_shared)
    monitor_with_descriptor(domain, "getfd", descriptor, fdname=DESCRIPTOR)
    monitor(domain, "migrate-incoming", uri=f"fd:{DESCRIPTOR}")
    _await_completed(domain, deadline, "loading the template's device state")


def _set_capability(domain: libvirt.virDomain, ignore_shared: bool) -> None:
    capabilities = [{"capability": "x-ignore-shared", "state": ignore_shared}]
    monitor(domain, "migrate-set-capabilities", capabilities=capabilities)


def _await_completed(domain: libvirt.virDomain, deadline: Deadline, what: str) -> None:
    def completed() -> bool:
        answer = monitor(domain, "query-migrate")
        if answer.get("status") in ("failed", "cancelled"):
            raise InfrastructureError(f"{what} failed in QEMU: {answer.get('error-desc', answer['status'])}.")
        return bool(answer.get("status") == "completed")

    deadline.poll(completed, what, interval_s=0.005)
