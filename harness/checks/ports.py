"""Where an agent listens, and who can reach it there."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from harness.cell.session import CellSession
from harness.probe.answers.processes import Socket

ON_LOOPBACK = "the agent listens on loopback only"
DECLARE = ". One that is to be open to other hosts stands in the profile's open_ports, with a reason"


def exposed_ports(cell: CellSession, listeners: Iterable[Socket]) -> list[str]:
    """Where it takes what comes from other hosts. What the profile names (`open_ports`) is excused, and not among it."""
    declared, exposed = {each.port: each.reason for each in cell.profile.open_ports}, []
    for socket in listeners:
        if is_loopback(socket.local_address):
            continue
        shown = f"{socket.local_address}:{socket.local_port}"
        if reason := declared.get(socket.local_port):
            cell.excuse(f"it listens on {shown}", reason)
        else:
            exposed.append(shown)
    return exposed


def is_loopback(address: str) -> bool:
    parsed = ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback
