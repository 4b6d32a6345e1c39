"""The state that a clone loads: its template's, with the clone's own hardware UUID and the letter to it."""

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from harness.machines.libvirt.clone.hardware_uuid import FORMS, pages_with
from harness.machines.libvirt.clone.letter import pages_with as written
from harness.machines.libvirt.clone.stored_template import Template
from harness.machines.libvirt.clone.stream import with_pages
from harness.machines.libvirt.options import CloneMethod

CHUNK = 1 << 20
FEEDER_ENDS_S = 5.0


@contextmanager
def own_state(template: Template, uuid: UUID, letter: bytes = b"") -> Iterator[int]:
    """The descriptor of a file to load. `letter`: to a guest that waits for one (RAM templates alone).

    Raises `InfrastructureError`, `OSError`.
    """
    places = template.record.uuid_places
    if template.record.method is CloneMethod.RAM:
        pages = pages_with(uuid, places, template.ram)
        if letter:
            pages |= written(letter, template.record.letter_places)
        with os.fdopen(os.memfd_create("bvt-state"), "w+b") as file:
            file.write(with_pages(template.state.read_bytes(), pages))
            file.flush()
            file.seek(0)
            yield file.fileno()
        return
    reads, writes = os.pipe2(os.O_CLOEXEC)
    feeder = threading.Thread(
        target=_feed, args=(template.state, os.fdopen(writes, "wb"), places, uuid), daemon=True
    )
    feeder.start()
    try:
        yield reads
    finally:
        os.close(reads)  # ends a feeder whose reader has gone
        feeder.join(FEEDER_ENDS_S)


def _feed(state: Path, into: BinaryIO, places: Mapping[int, str], uuid: UUID) -> None:
    """Write the state with another UUID at these places; a reader that is gone ends it, and says itself why."""
    with suppress(OSError), into, state.open("rb") as file:
        for at, form in places.items():
            _copy(file, into, at - file.tell())
            new = FORMS[form](uuid)
            into.write(new)
            file.seek(at + len(new))
        shutil.copyfileobj(file, into, CHUNK)


def _copy(source: BinaryIO, into: BinaryIO, length: int) -> None:
    while length > 0 and (piece := source.read(min(CHUNK, length))):
        into.write(piece)
        length -= len(piece)
