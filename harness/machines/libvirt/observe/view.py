"""A machine's screen and serial console, for people: found by the machine's intent, whoever runs it."""

from pathlib import Path

import libvirt
from lxml import etree

from harness.machines.capabilities import View
from harness.machines.intent import Intent
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.observe.evidence import screenshot
from harness.model.errors import MachineLost
from harness.model.machine import HostPort


def view_of(host: Host, intent: Intent) -> View:
    """Where screen and serial console are. Raises `MachineLost`, `HostUnreachable`."""
    domain = host.domain(intent.machine_id)
    if domain is None:
        raise MachineLost(f"The domain {intent.machine_id} no longer exists on {host.uri}.")
    return View(
        screen=vnc_address(domain.XMLDesc(0)),
        serial=Path(str(intent.resources.get("directory", ""))) / "serial.log",
        host=host.uri,
    )


def vnc_address(xml: str) -> HostPort | None:
    """Where VNC listens, from the running domain's XML (libvirt: "Graphical framebuffers"); None without it."""
    graphics = etree.fromstring(xml.encode()).find("devices/graphics[@type='vnc']")
    if graphics is None or not graphics.get("port", "").isdigit():
        return None
    listen = graphics.find("listen")
    address = (listen.get("address") if listen is not None else None) or graphics.get("listen") or "127.0.0.1"
    return HostPort(host=address, port=int(graphics.get("port", "")))


def screenshot_of(host: Host, intent: Intent) -> bytes:
    """The screen as PNG. Raises `MachineLost`, `HostUnreachable`."""
    try:
        return screenshot(host, intent.machine_id)
    except (ValueError, libvirt.libvirtError) as error:
        raise MachineLost(f"{intent.machine_id} has no screen to show: {error}.") from error
