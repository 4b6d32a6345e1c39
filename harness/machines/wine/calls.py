"""Notes whom programs of a machine call, however short that is: the first packet by TCP, and each one by UDP, shows it.

The machine's network is its loopback interface, and every address is there (`namespaces.answer_for_all`), so that a
call to anybody is seen and refused at once. What a machine says to itself (127.0.0.0/8), and by UDP to all (multicast,
broadcast), is left out. Standard library only, as of all that a supervisor imports.
"""

import asyncio
import contextlib
import ctypes
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

_ETH_P_IP = 0x0800
_SO_ATTACH_FILTER = 26
_SNAPPED_BYTES = 64
_UDP = 17
BY_UDP = "/udp"
"""How a place ends that was called by UDP."""
RESOLVERS = Path("/etc/resolv.conf")
MOST_PLACES = 1000
"""So many are noted, each once."""

# Packets of IPv4, seen from their IP header on: of TCP the first of a connection (SYN without ACK), of UDP each; none
# to 127.0.0.0/8, and none of UDP to 224.0.0.0 and above. The codes are those of bpf(4): load, jump, return; each with
# how far it jumps if so, and if not.
_FILTER = (
    (0x28, 0, 0, 6),  # the fragment's offset
    (0x45, 12, 0, 0x1FFF),  # not the first
    (0x30, 0, 0, 16),  # where it goes, its first byte
    (0x15, 10, 0, 127),
    (0x30, 0, 0, 9),  # the protocol
    (0x15, 5, 0, _UDP),
    (0x15, 0, 7, 6),  # TCP
    (0xB1, 0, 0, 0),  # how long the header is
    (0x50, 0, 0, 13),  # the flags
    (0x54, 0, 0, 0x12),
    (0x15, 2, 3, 0x02),
    (0x30, 0, 0, 16),
    (0x35, 1, 0, 224),
    (0x06, 0, 0, _SNAPPED_BYTES),
    (0x06, 0, 0, 0),
)


def listening() -> socket.socket | None:
    """A socket that sees the calls of the network that this process is in; None where the kernel gives none."""
    try:
        return _seeing()
    except OSError:
        return None


def _seeing() -> socket.socket:
    """Raises `OSError`."""
    code = b"".join(struct.pack("HBBI", *each) for each in _FILTER)
    held = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(_FILTER), ctypes.addressof(held))  # struct sock_fprog
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    try:
        heard.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        heard.bind(("lo", _ETH_P_IP))
        heard.setblocking(False)
    except OSError:
        heard.close()
        raise
    return heard


def note_calls(heard: socket.socket, noted: Path) -> None:
    """Write each place that is called into this file, once, as a line: when, in seconds since the epoch, and where."""
    known = set(_resolvers(RESOLVERS))

    def came() -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                place = called_by(heard.recv(_SNAPPED_BYTES))
                if place is not None and place not in known and len(known) < MOST_PLACES:
                    known.add(place)
                    with noted.open("a") as file:
                        file.write(f"{time.time():.3f} {place}\n")

    asyncio.get_running_loop().add_reader(heard, came)


def _resolvers(named_in: Path) -> Iterator[str]:
    """Whom the system asks for names: every program does, and none chose it."""
    with contextlib.suppress(OSError):
        for line in named_in.read_text(errors="replace").splitlines():
            word, _, address = line.strip().partition(" ")
            if word == "nameserver":
                yield f"{address.strip()}:53{BY_UDP}"


def called_by(packet: bytes) -> str | None:
    """`ADDRESS:PORT` to which a packet goes that begins with its IP header, of UDP with `/udp`; None if it is cut off.

    Pure.
    """
    header = (packet[0] & 15) * 4 if packet else 0
    if header < 20 or len(packet) < header + 4:
        return None
    (port,) = struct.unpack_from("!H", packet, header + 2)
    return f"{socket.inet_ntoa(packet[16:20])}:{port}{BY_UDP if packet[9] == _UDP else ''}"


def read_calls(noted: Path) -> tuple[str, ...]:
    """Whom the machine's programs called, as `ADDRESS:PORT` or `ADDRESS:PORT/udp`, in their order. Nobody is none."""
    try:
        lines = noted.read_text().splitlines()
    except OSError:
        return ()
    return tuple(place for _, _, place in (line.partition(" ") for line in lines) if place)
