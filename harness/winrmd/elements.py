"""Reads what a request about a shell holds. What is missing or wrong is a fault."""

from typing import TYPE_CHECKING

from . import faults, shell_faults
from . import namespaces as ns
from .envelope import Request, parse_duration

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def shell_id_of(request: Request) -> str:
    """The shell that the request selects. Raises `Fault`."""
    shell_id = request.selectors.get("shellid")
    if not shell_id:
        raise shell_faults.selector_missing()
    return shell_id


def child(parent: "Element", name: str) -> "Element":
    """The element of the shell's namespace. Raises `Fault` if it is missing."""
    found = parent.find(f"{{{ns.SHELL}}}{name}")
    if found is None:
        raise faults.malformed(f"the element {name} is missing")
    return found


def text_of(parent: "Element", name: str, *, strip: bool = True) -> str | None:
    """What the element of this name holds; None if it is not there."""
    found = parent.find(f"{{{ns.SHELL}}}{name}")
    if found is None:
        return None
    return (found.text or "").strip() if strip else found.text or ""


def duration_of(parent: "Element", name: str) -> float | None:
    """Seconds; None if the element is not there. Raises `Fault` for what is no duration, or not positive."""
    text = text_of(parent, name)
    if text is None:
        return None
    seconds = parse_duration(text)
    if seconds is None or seconds <= 0:
        raise faults.malformed(f"{name} is not a positive xs:duration")
    return seconds
