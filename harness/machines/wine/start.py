"""Lays a machine into its berth; waits until Wine has booted and WinRM answers."""

import contextlib
import http.client
import os
import select
import socket
import ssl

from harness.machines.wine.berth import MannedBerth
from harness.machines.wine.clone import CloneMethod, copy_tree, hard_link_tree
from harness.machines.wine.order import GO, Order, Places
from harness.machines.wine.template import MEDIA_DRIVE
from harness.machines.wine_prefix.identity import system_edits, user_edits
from harness.machines.wine_prefix.registry_text import edit
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.machine import MachineSpec, WinRMAccess


def start_machine(spec: MachineSpec, berth: MannedBerth, deadline: Deadline) -> Order:
    """Start a machine in the berth. When it raises, the caller removes berth and machine.

    Raises `InfrastructureError`, `DeadlineExceeded`, `OSError`.
    """
    places = berth.plan.places
    _clone(spec, berth)
    order = Order(
        media=str(spec.media.resolve(strict=True)),
        backend=(spec.backend.host, spec.backend.port) if spec.backend else None,
        boot_deadline_s=max(1.0, deadline.remaining_s),
    )
    order.write(places)
    with contextlib.suppress(ConnectionError):  # its supervisor has ended, which the next line tells
        berth.leash.sendall(GO)
    _await_boot(berth.leash, places, deadline)
    _await_winrm(berth.access, berth.leash, places, deadline)
    return order


def _clone(spec: MachineSpec, berth: MannedBerth) -> None:
    """Lay the machine's own files over (or into a copy of) the template."""
    means, places, identity = berth.means, berth.plan.places, berth.identity
    template = means.template.prefix
    target = places.upper
    if not means.clone.mounts:
        target = places.prefix
        target.rmdir()
        (hard_link_tree if means.clone is CloneMethod.HARD_LINKS else copy_tree)(template, target)
    if not means.namespaces:
        places.media.rmdir()
        copy_tree(spec.media, places.media)  # nothing can write-protect the original, so it is not exposed
    (target / "dosdevices").mkdir(exist_ok=True)
    (target / "dosdevices" / MEDIA_DRIVE).symlink_to(places.media)
    system, user = (template / "system.reg").read_bytes(), (template / "user.reg").read_bytes()
    (target / "system.reg").write_bytes(edit(system, system_edits(spec.windows, identity)))
    (target / "user.reg").write_bytes(edit(user, user_edits(identity)))
    for fifo in ("power", "session"):  # init's, see there
        os.mkfifo(target / fifo, 0o600)


def _await_boot(leash: socket.socket, places: Places, deadline: Deadline) -> None:
    said = b""
    while b"\nbooted " not in b"\n" + said:
        readable, _, _ = select.select([leash], [], [], deadline.remaining_s)
        if not readable:
            raise DeadlineExceeded("the boot of a Wine machine", deadline.length_s, hint=_last_words(places))
        said += _hear(leash, places)


def _hear(leash: socket.socket, places: Places) -> bytes:
    """What init says through its supervisor. Raises `InfrastructureError` if that is the machine's end."""
    try:
        said = leash.recv(4096)
    except ConnectionError:
        said = b""
    failed = [line for line in said.decode(errors="replace").splitlines() if line.startswith("failed ")]
    if failed or not said:
        reason = failed[0].removeprefix("failed ") if failed else "its supervisor ended"
        raise InfrastructureError(f"A Wine machine did not start: {reason}. {_last_words(places)}".strip())
    return said


def _await_winrm(access: WinRMAccess, leash: socket.socket, places: Places, deadline: Deadline) -> None:
    """One unauthenticated request, which the server must refuse: then TLS, HTTP and server work."""
    context = ssl.create_default_context(cafile=str(access.ca_pem))
    while True:
        connection = http.client.HTTPSConnection(
            access.host, access.port, timeout=max(0.05, deadline.cap(2.0)), context=context
        )
        try:
            connection.request("POST", "/wsman", headers={"Content-Length": "0"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        if select.select([leash], [], [], 0)[0]:  # first: what is ending may have answered still
            _hear(leash, places)
        if status == http.HTTPStatus.UNAUTHORIZED:
            return
        if deadline.passed:
            raise DeadlineExceeded(
                "an answer of a Wine machine's WinRM server", deadline.length_s, hint=_last_words(places)
            )


def _last_words(places: Places) -> str:
    for log in ("supervisor.log", "init.log"):
        try:
            text = (places.logs / log).read_text(errors="replace").strip()
        except OSError:
            continue
        if text:
            return f"The end of its {log}: {text[-600:]}"
    return ""
