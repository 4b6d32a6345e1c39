"""Berths: a machine's place on the host, with a supervisor whose init waits for a machine to be laid in.

Making one takes longer than laying out a machine, mostly for an interpreter to start, and depends on nothing
that a machine is asked to be. So the provider keeps one ready.
"""

import os
import select
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.machines.intent import IntentFile, Owner
from harness.machines.wine.access import make_access
from harness.machines.wine.clone import CloneMethod
from harness.machines.wine.installation import WineInstallation
from harness.machines.wine.order import Berth, Places
from harness.machines.wine.processes import server_directory
from harness.machines.wine.template import Template
from harness.machines.wine_prefix.identity import Identity
from harness.model.errors import InfrastructureError
from harness.model.machine import WinRMAccess

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
class MannedBerth:
    """A berth with its supervisor running. `leash`: when it is closed, the supervisor ends."""

    intent: IntentFile
    means: Means
    plan: Berth
    identity: Identity
    access: WinRMAccess
    leash: socket.socket

    @property
    def ready(self) -> bool:
        """False if supervisor or init has ended: then the leash has their last word, or its end."""
        return not select.select([self.leash], [], [], 0)[0]


def open_berth(means: Means, intent: IntentFile, root: Path) -> MannedBerth:
    """Make the directory `root`, which `intent` names, the way in, and start the supervisor.

    When it raises, the caller removes what it made. Raises `InfrastructureError`, `OSError`.
    """
    places = Places(root)
    places.make()
    identity = Identity.new(intent.intent.machine_id)
    if not means.namespaces:
        intent.add(server_directory=str(server_directory(places.prefix)))
    plan = Berth(
        root=str(root),
        intent=str(intent.path),
        template=str(means.template.prefix),
        overlay=means.clone.mounts,
        rootless=os.geteuid() != 0,
        namespaces=means.namespaces,
        hostname=identity.hostname,
        loader=str(means.wine.loader),
        server=str(means.wine.server),
        environment=means.wine.environment(places.prefix, places.home),
        image=str(means.wine.root or ""),
        shown=(str(means.probe),),
    )
    plan.write()
    with _bind_listener() as listener:
        port = listener.getsockname()[1]
        leash, supervisor = _spawn(places, listener)
    try:
        intent.add(supervisor=Owner.of(supervisor).model_dump())
        access = make_access(
            places,
            port=port,
            hostname=identity.hostname,
            environment=plan.environment,
            probe=means.probe,
            wine=means.wine,
        )
    except (InfrastructureError, OSError):
        leash.close()
        raise
    return MannedBerth(intent, means, plan, identity, access, leash)


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
    """Start the supervisor, in a session of its own: Ctrl-C is not meant for it."""
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
    reap_ended()
    _CHILDREN.append(process)


def reap_ended() -> None:
    """Collect supervisors that have ended."""
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]
