"""Makes one machine: directory, clone, way in, supervisor; waits until Wine has booted and WinRM answers."""

import http.client
import os
import select
import socket
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.machines.intent import IntentFile, Owner
from harness.machines.wine.access import make_access
from harness.machines.wine.clone import CloneMethod, copy_tree, hard_link_tree
from harness.machines.wine.identity import Identity, system_edits, user_edits
from harness.machines.wine.installation import WineInstallation
from harness.machines.wine.order import GO, Order, Places
from harness.machines.wine.processes import server_directory
from harness.machines.wine.registry_text import edit
from harness.machines.wine.template import Template
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.machine import MachineSpec, WinRMAccess

_PACKAGE_PARENT = Path(harness.__file__).parent.parent


@dataclass(frozen=True)
class Means:
    """What this host offers for a machine, proven before."""

    wine: WineInstallation
    template: Template
    clone: CloneMethod
    namespaces: bool
    probe: Path


@dataclass(frozen=True)
class Started:
    """A machine that has booted."""

    order: Order
    access: WinRMAccess
    leash: socket.socket


def start_machine(
    spec: MachineSpec, means: Means, intent: IntentFile, root: Path, deadline: Deadline
) -> Started:
    """Start the machine that `intent` already names. When it raises, the caller removes what it made.

    Raises `InfrastructureError`, `DeadlineExceeded`, `OSError`.
    """
    places = Places(root)
    places.make()
    identity = Identity.new(intent.intent.machine_id)
    if not means.namespaces:
        intent.add(server_directory=str(server_directory(places.prefix)))
    with _bind_listener() as listener:
        port = listener.getsockname()[1]
        leash, supervisor = _spawn(places, listener)
    try:
        intent.add(supervisor=Owner.of(supervisor).model_dump())
        # While the supervisor's interpreter starts, what it will run is laid out.
        _clone(spec, means, places, identity)
        order = _order(spec, means, places, identity, deadline)
        access = make_access(
            places,
            port=port,
            hostname=identity.hostname,
            environment=order.environment,
            probe=means.probe,
            loader=means.wine.loader,
        )
        order.write()
        leash.sendall(GO)
        _await_boot(leash, places, deadline)
        _await_winrm(access, leash, places, deadline)
    except (InfrastructureError, OSError):
        leash.close()
        raise
    return Started(order, access, leash)


def _order(spec: MachineSpec, means: Means, places: Places, identity: Identity, deadline: Deadline) -> Order:
    return Order(
        root=str(places.root),
        template=str(means.template.prefix),
        overlay=means.clone.mounts,
        rootless=os.geteuid() != 0,
        namespaces=means.namespaces,
        hostname=identity.hostname,
        media=str(spec.media.resolve(strict=True)),
        loader=str(means.wine.loader),
        server=str(means.wine.server),
        environment=means.wine.environment(places.prefix, places.home),
        backend=(spec.backend.host, spec.backend.port) if spec.backend else None,
        boot_deadline_s=max(1.0, deadline.remaining_s),
    )


def _clone(spec: MachineSpec, means: Means, places: Places, identity: Identity) -> None:
    """Lay the machine's own files over (or into a copy of) the template."""
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
    (target / "dosdevices" / "d:").symlink_to(places.media)
    system, user = (template / "system.reg").read_bytes(), (template / "user.reg").read_bytes()
    (target / "system.reg").write_bytes(edit(system, system_edits(spec.windows, identity, "d:")))
    (target / "user.reg").write_bytes(edit(user, user_edits(identity)))
    os.mkfifo(target / "power", 0o600)


def _bind_listener() -> socket.socket:
    """A loopback socket, bound by number so that the port is kept while a reboot stops listening."""
    for _ in range(20):
        with socket.socket() as finder:
            finder.bind(("127.0.0.1", 0))
            port = finder.getsockname()[1]
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()  # another process was quicker
        else:
            return listener
    raise InfrastructureError(
        "No free TCP port was found on 127.0.0.1.", hint="Look at the host with: ss -tln"
    )


def _spawn(places: Places, listener: socket.socket) -> tuple[socket.socket, int]:
    """Start the supervisor, which waits for the word to go, in a session of its own: Ctrl-C is not meant for it."""
    ours, theirs = socket.socketpair()
    with theirs, (places.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-S",  # what it would find, PYTHONPATH says: looking again delays every machine
                "-m",
                "harness.machines.wine.supervisor",
                str(places.root),
                str(listener.fileno()),
                str(theirs.fileno()),
            ],
            env={
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join([str(_PACKAGE_PARENT), *filter(None, sys.path)]),
                "LANG": "C.UTF-8",
                "WINEPREFIX": str(places.prefix),  # how whoever cleans up finds every process
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(listener.fileno(), theirs.fileno()),
            start_new_session=True,
        )
    _reap_later(process)
    return ours, process.pid


_CHILDREN: list[subprocess.Popen[bytes]] = []


def _reap_later(process: "subprocess.Popen[bytes]") -> None:
    """Keep the handle, and collect those that have ended, so that no zombie outlives the next machine."""
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]
    _CHILDREN.append(process)


def reap_ended() -> None:
    """Collect supervisors that have ended."""
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]


def _await_boot(leash: socket.socket, places: Places, deadline: Deadline) -> None:
    said = b""
    while b"\nbooted " not in b"\n" + said:
        readable, _, _ = select.select([leash], [], [], deadline.remaining_s)
        if not readable:
            raise DeadlineExceeded("the boot of a Wine machine", deadline.length_s, hint=_last_words(places))
        data = leash.recv(4096)
        said += data
        failed = [line for line in said.decode(errors="replace").splitlines() if line.startswith("failed ")]
        if failed or not data:
            reason = failed[0].removeprefix("failed ") if failed else "its supervisor ended"
            raise InfrastructureError(
                f"A Wine machine did not start: {reason}. {_last_words(places)}".strip()
            )


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
        if status == http.HTTPStatus.UNAUTHORIZED:
            return
        if select.select([leash], [], [], 0)[0] and b"failed " in (said := leash.recv(4096)):
            reason = said.decode(errors="replace").strip()
            raise InfrastructureError(
                f"A Wine machine did not start: {reason}. {_last_words(places)}".strip()
            )
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
