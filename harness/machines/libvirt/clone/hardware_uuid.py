"""A clone's own hardware UUID in RAM that is its template's.

The firmware put the template's UUID into its tables (SMBIOS, type 1), and the guest's system copied it when it booted.
All these places are found when the template is frozen, and every clone has its own UUID there before it runs. After a
reboot the firmware writes it anew, from the clone's definition.
"""

import mmap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from uuid import UUID

from harness.machines.libvirt.clone.stream import PAGE
from harness.model.errors import InfrastructureError

FORMS: Mapping[str, Callable[[UUID], bytes]] = {
    "smbios": lambda uuid: uuid.bytes_le,
    "network": lambda uuid: uuid.bytes,
    "text": lambda uuid: str(uuid).encode(),
    "TEXT": lambda uuid: str(uuid).upper().encode(),
    "wide text": lambda uuid: str(uuid).encode("utf-16-le"),
    "WIDE TEXT": lambda uuid: str(uuid).upper().encode("utf-16-le"),
}
"""How systems keep a UUID in memory. SMBIOS has its first three fields in little-endian order (DSP0134, 7.2.1)."""
MOST_PLACES = 256
"""More would be no copies of a table any more."""


def places_of(uuid: UUID, memory: Path) -> dict[int, str]:
    """Every place in a template's RAM where its UUID stands, and in which form. Raises `InfrastructureError`, `OSError`.

    Raises too if it is nowhere: then its guest has another firmware than is known here.
    """
    found: dict[int, str] = {}
    with memory.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ram:
        for form, write in FORMS.items():
            found |= dict.fromkeys(_every(ram, write(uuid)), form)
    if not found:
        raise InfrastructureError(f"The template's hardware UUID {uuid} is nowhere in its RAM.")
    if len(found) > MOST_PLACES:
        raise InfrastructureError(f"The template's hardware UUID stands in {len(found)} places of its RAM.")
    return dict(sorted(found.items()))


def _every(ram: mmap.mmap, wanted: bytes) -> Iterator[int]:
    at = ram.find(wanted)
    while at >= 0:
        yield at
        at = ram.find(wanted, at + 1)


def pages_with(uuid: UUID, places: Mapping[int, str], memory: Path) -> dict[int, bytes]:
    """The pages of a template's RAM that hold its UUID, with another one instead. Raises `OSError`."""
    pages: dict[int, bytearray] = {}
    with memory.open("rb") as file:
        for at, form in places.items():
            new = FORMS[form](uuid)
            for offset in _pages_of(at, len(new)):
                if offset not in pages:
                    file.seek(offset)
                    pages[offset] = bytearray(file.read(PAGE))
            for index, byte in enumerate(new, start=at):
                pages[index - index % PAGE][index % PAGE] = byte
    return {offset: bytes(content) for offset, content in pages.items()}


def _pages_of(at: int, length: int) -> Iterable[int]:
    return range(at - at % PAGE, at + length, PAGE)
