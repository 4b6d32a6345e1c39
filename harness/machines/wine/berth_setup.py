"""What a berth's first process sets up: its own view of the host, then what the order of its machine names."""

import contextlib
import os
import socket
from pathlib import Path

from harness.machines.wine import calls, namespaces, root_view
from harness.machines.wine.order import (
    GUEST_ADDRESS,
    GUEST_PORT,
    NEIGHBOUR_ADDRESS,
    NEIGHBOUR_PORT,
    Berth,
    Order,
)


def own_view(berth: Berth) -> None:
    """Give the berth its own processes, network and name, and take write access to the host away."""
    places = berth.places
    socket.sethostname(berth.hostname)
    namespaces.mount(
        "proc", Path("/proc"), "proc", namespaces.MS_NOSUID | namespaces.MS_NODEV | namespaces.MS_NOEXEC
    )
    namespaces.loopback_up(GUEST_ADDRESS, NEIGHBOUR_ADDRESS)
    namespaces.answer_for_all()
    namespaces.bind(places.root, places.root)
    own = [places.root]
    if berth.view is None:
        sockets = Path(f"/tmp/.wine-{os.getuid()}")  # noqa: S108 - wineserver's fixed place
        sockets.mkdir(mode=0o700, exist_ok=True)
        namespaces.bind(places.server, sockets)
        own.append(sockets)
    # The candidate may run as root here: the host's files are not its to change.
    namespaces.set_read_only(Path("/"), True, recursive=True)
    for path in own:
        namespaces.set_read_only(path, False)
    if berth.view is not None:
        root_view.assemble(berth.view, Path(berth.image), shown=map(Path, berth.shown))
        root_view.show(places.home, berth.view)


def lay_in(berth: Berth, order: Order) -> None:
    """Mount what the order names: the media drive, and the clone over its template."""
    places = berth.places
    namespaces.bind(Path(order.media), places.media, read_only=True)
    if berth.overlay:
        options = namespaces.overlay_options(
            Path(berth.template), places.upper, places.work, rootless=berth.rootless
        )
        namespaces.mount("overlay", places.prefix, "overlay", data=options)
    if berth.view is not None:
        root_view.show(places.prefix, berth.view)
        root_view.show(places.media, berth.view, read_only=True, source=Path(order.media))


def hand_out(wire: socket.socket) -> None:
    """Give the supervisor what listens in this network: for the backend, for the neighbour, and for whom it calls."""
    backend = _listener(GUEST_ADDRESS, GUEST_PORT)
    neighbour = _listener(NEIGHBOUR_ADDRESS, NEIGHBOUR_PORT)
    heard = calls.listening()
    with backend, neighbour, heard or contextlib.nullcontext():
        handed = [each.fileno() for each in (backend, neighbour, heard) if each is not None]
        socket.send_fds(wire, [b"listeners\n"], handed)


def _listener(address: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, port))
    listening.listen(512)
    return listening
